// An input for tags, with suggestions. What is typed becomes a tag on Enter, a comma, on leaving the
// input, and when the form is sent.

import { ask } from "../core/api.js";
import { debounce, fill, h, newId } from "../core/dom.js";
import { number } from "../core/format.js";
import { styles } from "../core/styles.js";
import { chip } from "./chip.js";
import { place } from "./popover.js";

await styles("./tags.css", import.meta.url);

/**
 * @typedef {object} TagBox
 * @property {string} label
 * @property {string[]} [tags] the present tags
 * @property {(tags: string[]) => Promise<unknown> | unknown} add tags that are not present
 * @property {(tag: string) => Promise<unknown> | unknown} remove
 * @property {boolean} [existing] whether only existing tags are suggested
 * @property {(prefix: string) => Promise<{ name: string, contacts: number }[]>} [suggest] returns
 *   suggestions; without it, the organisation's tags
 */

/** @param {string} prefix */
const known = async (prefix) => (await ask("get", "/v1/tags", { query: { prefix, limit: 8 } })).items;

/**
 * @param {TagBox} box
 * @returns {{ element: HTMLElement, show: (tags: string[]) => void, commit: () => void }} `commit`
 *   adds what is typed, before a form is sent
 */
export function tagBox({ label, tags = [], add, remove, existing = false, suggest = known }) {
  const list = h("div", { role: "listbox", id: newId(), class: "menu", popover: "manual", "aria-label": `${label}: suggestions` });
  const input = h("input", {
    role: "combobox", autocomplete: "off", "aria-label": label, "aria-expanded": "false", "aria-controls": list.id,
    "aria-autocomplete": "list", placeholder: "Add a tag", class: "bare", data: { needs: "write" },
  });
  const chips = h("span", { class: "chips" });
  const element = h("div", { class: "tag-box chips" }, chips, input, list);
  /** @type {string[]} */
  let offered = [];
  let chosen = -1;

  /** @param {string[]} shown */
  function show(shown) {
    tags = shown;
    fill(chips, shown.map((tag) => chip(tag, () => {
      show(tags.filter((other) => other !== tag));
      void remove(tag);
      input.focus();
    })));
  }

  function close() {
    offered = [];
    chosen = -1;
    list.hidePopover();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  /** @param {...string} texts each becomes a tag */
  function take(...texts) {
    input.value = "";
    close();
    const fresh = texts.map((text) => text.trim().replace(/\s+/g, " ")).filter((tag, at, all) =>
      tag && ![...tags, ...all.slice(0, at)].some((other) => other.localeCompare(tag, undefined, { sensitivity: "accent" }) === 0));
    if (!fresh.length) return;
    show([...tags, ...fresh]);
    void add(fresh);
  }

  async function offer() {
    const typed = input.value.trim();
    const found = await suggest(typed).catch(() => []);
    if (document.activeElement !== input || typed !== input.value.trim()) return;
    const fresh = found.filter(({ name }) => !tags.includes(name));
    const isNew = !existing && typed && !found.some(({ name }) => name.toLowerCase() === typed.toLowerCase()) && !tags.includes(typed);
    offered = [...fresh.map(({ name }) => name), ...(isNew ? [typed] : [])];
    // A suggestion counts only after it was moved to, however fast it arrives.
    chosen = -1;
    if (!offered.length) return close();
    const options = fresh.map(({ name, contacts }, at) => option(at, name, h("small", {}, number(contacts))));
    if (isNew) options.push(option(fresh.length, `Create “${typed}”`));
    fill(list, options);
    list.showPopover();
    place(list, input);
    input.setAttribute("aria-expanded", "true");
    point();
  }

  /**
   * @param {number} at
   * @param {...import("../core/dom.js").Child} children
   */
  const option = (at, ...children) =>
    h("div", { role: "option", id: `${list.id}-${at}`, class: "option", onmousedown: (/** @type {MouseEvent} */ event) => (event.preventDefault(), take(offered[at] ?? "")) }, ...children);

  function point() {
    for (const [at, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(at === chosen));
    const id = chosen < 0 ? "" : `${list.id}-${chosen}`;
    if (id) input.setAttribute("aria-activedescendant", id);
    else input.removeAttribute("aria-activedescendant");
  }

  const later = debounce(() => void offer(), 100);
  input.addEventListener("input", () => {
    const whole = input.value.split(",");
    const rest = whole.pop() ?? "";
    if (whole.length) {
      take(...whole);
      input.value = rest.trimStart();
    }
    later();
  });
  input.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    // Cells of a spreadsheet: an input would join its lines.
    if (!/[\n\t]/.test(text.trim())) return;
    event.preventDefault();
    take(...`${input.value},${text}`.split(/[\r\n\t,]+/));
  });
  input.addEventListener("focus", () => later());
  input.addEventListener("blur", () => take(input.value));
  input.addEventListener("keydown", (event) => {
    // The keys of an input method choose its characters.
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && offered.length) {
      chosen = (chosen + step + offered.length) % offered.length;
      point();
      event.preventDefault();
    } else if (event.key === "Enter" && (input.value.trim() || chosen >= 0)) {
      event.preventDefault();
      take(chosen >= 0 ? offered[chosen] ?? "" : input.value);
    } else if (event.key === "Escape" && (offered.length || input.value)) {
      event.stopPropagation();
      event.preventDefault();
      input.value = "";
      close();
    } else if (event.key === "Backspace" && !event.repeat && !input.value && tags.length) {
      // A held key empties the input, but does not remove tags.
      const last = tags.at(-1) ?? "";
      show(tags.slice(0, -1));
      void remove(last);
    }
  });
  show(tags);
  return { element, show, commit: () => take(input.value) };
}
