// The dialog that arranges the conditions of a filter in groups (R62).

import { ask } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { estimate } from "../../core/estimate.js";
import { icon } from "../../core/icon.js";
import { styles } from "../../core/styles.js";
import { dialog } from "../../widgets/dialog.js";
import { helpLink } from "../../widgets/help.js";
import { menu } from "../../widgets/popover.js";
import { filterOfTree, isBranch, treeOf } from "./conditions.js";
import { asked } from "./query.js";
import { sentenceOfConditions } from "./words.js";

await styles("./builder.css", import.meta.url);

/** @import { List } from "../list.js" */
/** @import { Branch, Node } from "./conditions.js" */

/** @type {[Branch["way"], string][]} */
const WAYS = [["all", "All of these"], ["any", "Any of these"], ["none", "None of these"]];
/** @type {Record<Branch["way"], string>} */
const SHORT = { all: "All of", any: "Any of", none: "None of" };

/**
 * Arranges the conditions of the list.
 *
 * @param {List} list
 */
export async function arrange(list) {
  await list.learned;
  const builder = new Builder(list);
  await builder.draw();
  await dialog({
    title: "Arrange conditions", action: "Apply", wide: true,
    body: [h("div", { class: "row" }, h("p", { class: "muted grow" }, "Conditions are added with the filters above the list, and put into groups here."), helpLink("filters", "Filters and groups")), builder.element, builder.count],
    run: () => list.turn({ filter: builder.filter() }),
  });
  builder.closed.abort();
}

class Builder {
  /** @param {List} list */
  constructor(list) {
    this.fields = list.fields;
    const { tree, rest } = treeOf(list.filter);
    this.tree = tree;
    this.rest = rest;
    this.element = h("div", {});
    this.count = h("p", { class: "muted matching", role: "status" });
    this.closed = new AbortController();
    this.counting = new AbortController();
  }

  filter() {
    return filterOfTree(this.tree, this.rest);
  }

  /** Shows the tree, and counts who matches. */
  async draw() {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.getAttribute("aria-label");
    fill(this.element, await this.branch(this.tree, null));
    if (focused) this.element.querySelector(/** @type {"button"} */ (`[aria-label="${CSS.escape(focused)}"]`))?.focus();
    void this.countMatching();
  }

  async countMatching() {
    this.counting.abort();
    this.counting = new AbortController();
    const signal = AbortSignal.any([this.counting.signal, this.closed.signal]);
    try {
      const query = asked(this.filter());
      query.set("limit", "1");
      const { count } = await ask("get", "/v1/contacts", { query, signal });
      this.count.textContent = count ? `${estimate(count).replace(/^a/, "A")} ${count.value === 1 ? "person matches" : "people match"}.` : "";
    } catch (error) {
      // A filter that cannot be counted is refused when it is applied.
      if (!signal.aborted) this.count.textContent = "";
    }
  }

  /**
   * @param {Branch} branch
   * @param {Branch | null} parent
   * @returns {Promise<HTMLElement>}
   */
  async branch(branch, parent) {
    const way = h("select", { "aria-label": parent ? "How this group matches" : "How the conditions match", onchange: () => {
      branch.way = /** @type {Branch["way"]} */ (way.value);
      void this.draw();
    } }, WAYS.map(([value, text]) => h("option", { value, selected: value === branch.way }, text)));
    const head = h("div", { class: "row" }, way);
    if (parent) head.append(...(await this.buttons(branch, parent)));
    const items = await Promise.all(branch.members.map(async (member) => h("li", {}, isBranch(member) ? await this.branch(member, branch) : await this.condition(member, branch))));
    return h("div", { class: "branch", role: "group", "aria-label": SHORT[branch.way] }, head, h("ul", {}, items));
  }

  /**
   * @param {URLSearchParams} condition
   * @param {Branch} parent
   */
  async condition(condition, parent) {
    return h("div", { class: "condition" }, h("span", {}, await this.words(condition)), await this.buttons(condition, parent));
  }

  /**
   * What can be done with a member of a group.
   *
   * @param {Node} member
   * @param {Branch} parent
   */
  async buttons(member, parent) {
    const words = await this.words(member);
    const move = h("button", { type: "button", class: "link", "aria-label": `Move ${words}` }, "Move", icon("chevron"));
    const place = h("span", {}, move);
    const siblings = parent.members.filter((other) => other !== member && isBranch(other));
    const into = await Promise.all(siblings.map(async (group) => [group, await this.words(group)]));
    const outer = this.parentOf(parent);
    menu(move, () => [
      ...into.map(([group, text]) => this.command(`Into “${text}”`, () => this.moveInto(member, parent, /** @type {Branch} */ (group)))),
      this.command("Into a new group", () => this.moveInto(member, parent, null)),
      outer && this.command("Out of this group", () => this.moveInto(member, parent, outer)),
      isBranch(member) && this.command("Dissolve this group", () => parent.members.splice(parent.members.indexOf(member), 1, ...member.members)),
    ]);
    const remove = h("button", { type: "button", class: "only", "aria-label": `Remove ${words}`, onclick: () => this.change(() => parent.members.splice(parent.members.indexOf(member), 1)) }, icon("close"));
    return [place, remove];
  }

  /**
   * @param {string} text
   * @param {() => unknown} change
   */
  command(text, change) {
    return h("button", { type: "button", onclick: () => this.change(change) }, text);
  }

  /** @param {() => unknown} change */
  change(change) {
    change();
    void this.draw();
  }

  /**
   * Moves a member into another group, or into a new one in its place.
   *
   * @param {Node} member
   * @param {Branch} from
   * @param {Branch | null} to
   */
  moveInto(member, from, to) {
    const at = from.members.indexOf(member);
    if (to) from.members.splice(at, 1);
    else from.members.splice(at, 1, { way: from.way === "any" ? "all" : "any", members: [member] });
    to?.members.push(member);
  }

  /**
   * @param {Branch} branch
   * @param {Branch} [within]
   * @returns {Branch | null}
   */
  parentOf(branch, within = this.tree) {
    if (within.members.includes(branch)) return within;
    return within.members.filter(isBranch).map((inner) => this.parentOf(branch, inner)).find((found) => found !== null) ?? null;
  }

  /**
   * @param {Node} node
   * @returns {Promise<string>}
   */
  async words(node) {
    if (!isBranch(node)) return sentenceOfConditions(node, this.fields);
    const inner = await Promise.all(node.members.map((member) => this.words(member)));
    return `${SHORT[node.way]}: ${inner.join(", ")}`;
  }
}
