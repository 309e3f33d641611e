// Groups of conditions: the parameter `group` of a filter (R62), such as `any(tags_any=vip,not(mailed=true))`.

/**
 * A group, or the parameters that belong together as one condition.
 *
 * @typedef {{ connective: "all" | "any" | "not", members: Member[] }} Group
 * @typedef {Group | URLSearchParams} Member
 */

/**
 * Whether each value of a parameter is a condition of its own, and all of them must match.
 *
 * @param {string} name
 */
export const isRepeatable = (name) => /^(campaign(_none)?$|field\.)/.test(name);

/**
 * What a parameter belongs to, when it is part of a condition that has several; else undefined.
 *
 * @param {string} name
 */
const splitKinds = (name) => /^(source|delivery)$|^(\w+)_(?:from|until|last|in)$/.exec(name)?.slice(1).find(Boolean);

/** @param {string} value */
const quoted = (value) => (/[,()"]|^\s|\s$/.test(value) ? `"${value.replace(/["\\]/g, "\\$&")}"` : value);

/**
 * The text of conditions that belong together.
 *
 * @param {URLSearchParams} conditions
 */
export function textOf(conditions) {
  const parts = [...conditions].map(([name, value]) => `${name}=${quoted(value)}`);
  return parts.length === 1 ? parts.join("") : `all(${parts.join(",")})`;
}

/**
 * The conditions of a filter, those that belong together as one, and the rest of the filter.
 *
 * @param {URLSearchParams} filter
 * @param {string[]} others names of the parameters that are the rest
 */
export function unitsOf(filter, others = ["q", "group"]) {
  const rest = new URLSearchParams();
  /** @type {Map<string, URLSearchParams>} */
  const units = new Map();
  for (const [at, [name, value]] of [...filter].entries()) {
    if (others.includes(name)) rest.append(name, value);
    else {
      const key = splitKinds(name) ?? (isRepeatable(name) ? `${name} ${at}` : name);
      const unit = units.get(key) ?? new URLSearchParams();
      unit.append(name, value);
      units.set(key, unit);
    }
  }
  return { rest, units: [...units.values()] };
}

/**
 * Parses a group. The server has refused what is no group.
 *
 * @param {string} text
 * @returns {Group}
 */
export function parsed(text) {
  let at = 0;
  const space = () => { while (text[at] === " ") at += 1; };

  function value() {
    if (text[at] !== '"') {
      const [plain = ""] = /^[^,()"]*/.exec(text.slice(at)) ?? [];
      at += plain.length;
      return plain.trimEnd();
    }
    const [whole = '"', inner = ""] = /^"((?:[^"\\]|\\.)*)"?/s.exec(text.slice(at)) ?? [];
    at += whole.length;
    return inner.replace(/\\(.)/gs, "$1");
  }

  /** @returns {Member} */
  function member() {
    space();
    const [name = ""] = /^[^=(,)]*/.exec(text.slice(at)) ?? [];
    at += name.length + 1;
    if (text[at - 1] === "(") return group(/** @type {Group["connective"]} */ (name.trim()));
    space();
    return new URLSearchParams([[name.trim(), value()]]);
  }

  /**
   * @param {Group["connective"]} connective
   * @returns {Member}
   */
  function group(connective) {
    const members = [member()];
    for (space(); text[at] === ","; space()) {
      at += 1;
      members.push(member());
    }
    at += 1;
    const conditions = members.filter((one) => one instanceof URLSearchParams);
    // Conditions in an `all`, and in a `not` beside each other, belong together.
    if (connective !== "any" && members.length > 0 && conditions.length === members.length) {
      const together = new URLSearchParams(conditions.flatMap((one) => [...one]));
      return connective === "all" ? together : { connective, members: [together] };
    }
    return { connective, members };
  }

  const whole = member();
  return whole instanceof URLSearchParams ? { connective: "all", members: [whole] } : whole;
}
