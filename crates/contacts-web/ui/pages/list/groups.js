// Groups of conditions: the parameter `group` of a filter (R62), such as `any(tags_any=vip,not(mailed=true))`.

/**
 * A group, or the parameters that belong together as one condition.
 *
 * @typedef {{ connective: "all" | "any" | "not", members: Member[] }} Group
 * @typedef {Group | URLSearchParams} Member
 */

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
function textOf(conditions) {
  const parts = [...conditions].map(([name, value]) => `${name}=${quoted(value)}`);
  return parts.length === 1 ? parts.join("") : `all(${parts.join(",")})`;
}

/**
 * Puts the conditions of a filter into a group; the search and other groups stay beside it.
 *
 * @param {URLSearchParams} filter
 * @param {"any" | "none"} way whether any of them must match, or none may match
 */
export function combined(filter, way) {
  const { rest, units } = unitsOf(filter);
  const members = units.map(textOf);
  const any = members.length > 1 ? `any(${members.join(",")})` : members.join("");
  rest.append("group", way === "none" ? `not(${any})` : any);
  rest.sort();
  return rest;
}

/**
 * The conditions of a filter, those that belong together as one, and the rest of the filter.
 *
 * @param {URLSearchParams} filter
 */
export function unitsOf(filter) {
  const rest = new URLSearchParams();
  /** @type {Map<string, URLSearchParams>} */
  const units = new Map();
  for (const [at, [name, value]] of [...filter].entries()) {
    if (name === "q" || name === "group") rest.append(name, value);
    else {
      const key = splitKinds(name) ?? `${name} ${at}`;
      const unit = units.get(key) ?? new URLSearchParams();
      unit.append(name, value);
      units.set(key, unit);
    }
  }
  return { rest, units: [...units.values()] };
}

/**
 * The conditions of a group that has one level, as a filter; null when it has more.
 *
 * @param {string} text
 */
export function dissolved(text) {
  const group = parsed(text);
  const inner = group.connective === "not" && group.members.length === 1 && !(group.members[0] instanceof URLSearchParams) ? group.members[0] : group;
  const filter = new URLSearchParams();
  for (const member of /** @type {Group} */ (inner).members) {
    const conditions = member instanceof URLSearchParams ? member : null;
    if (!conditions) return null;
    for (const [name, value] of conditions) filter.append(name, value);
  }
  return filter;
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
