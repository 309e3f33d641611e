// The filter panels. Every choice is applied immediately and stored in the URL.

import { ask, askAll } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { day, number } from "../../core/format.js";
import { styles } from "../../core/styles.js";
import { spanFields } from "./span.js";
import { changed } from "./query.js";
import { listIn } from "./values.js";
import { SOURCES, shownName } from "./words.js";

export { more } from "./more.js";

await Promise.all([styles("../../widgets/segmented.css", import.meta.url), styles("./filters.css", import.meta.url)]);

/** @import { List } from "../list.js" */

/**
 * The source filter (R16): kinds, single imports, widgets and connected sources, and the time.
 *
 * @param {List} list
 */
export async function source(list) {
  const [{ items: imports }, { items: widgets }, { items: connected }] = await Promise.all([
    ask("get", "/v1/imports", { query: { limit: 20 } }),
    askAll("/v1/widgets", {}),
    // A key that only reads contacts may not list them.
    askAll("/v1/sources", {}).catch(() => ({ items: [] })),
  ]);
  /** @type {Record<string, { id: string, name: string, under: string }[]>} */
  const details = {
    chat: widgets.map(({ id, name, last_at: at }) => ({ id, name: shownName({ id, name }), under: day(at) })),
    csv_import: imports.filter(({ state }) => !["uploading", "analysing", "ready", "unusable"].includes(state)).map(({ id, file_name: name, created_at: at }) => ({ id, name, under: day(at) })),
    connected: connected.map(({ id, name, stream: under }) => ({ id, name, under })),
  };
  const box = (/** @type {string} */ value, /** @type {string} */ text, under = "") => {
    const input = h("input", { type: "checkbox", checked: list.filter.getAll("source").includes(value), onchange: () => {
      const others = list.filter.getAll("source").filter((one) => one !== value);
      list.turn({ filter: changed(list.filter, { source: input.checked ? [...others, value] : others }) });
    } });
    return h("label", { class: under || value.includes(":") ? "choice inner" : "choice" }, input, h("span", { class: "clip" }, text), h("small", {}, under));
  };
  return h("div", { class: "filters" },
    h("fieldset", {}, h("legend", {}, "Added from"),
      Object.entries(SOURCES).flatMap(([kind, text]) => [
        box(kind, text),
        ...(details[kind] ?? []).map(({ id, name, under }) => box(`${kind}:${id}`, name, under)),
      ])),
    h("fieldset", {}, h("legend", {}, "Added"), spanFields(list, "source")));
}

/** The filter parameters for tags. @type {[string, string][]} */
const WAYS = [["tags_any", "Any of"], ["tags_all", "All of"], ["tags_none", "None of"]];

/**
 * The tag filter, with the number of contacts of each tag (R20).
 *
 * @param {List} list
 */
export async function tags(list) {
  let way = WAYS.find(([name]) => list.filter.has(name))?.[0] ?? "tags_any";
  const found = h("div", { class: "found" });
  const search = h("input", { type: "search", placeholder: "Find a tag", "aria-label": "Find a tag", oninput: () => void show() });
  const ways = h("div", { class: "segmented", role: "radiogroup", "aria-label": "Match" }, WAYS.map(([name, text]) =>
    h("label", {}, h("input", { type: "radio", name: "way", class: "hidden", checked: name === way, onchange: () => { way = name; void show(); } }), h("span", {}, text))));

  let turn = 0;

  async function show() {
    const mine = (turn += 1);
    const { items } = await ask("get", "/v1/tags", { query: { prefix: search.value.trim(), limit: 50 } });
    // The answer for an earlier text may arrive later.
    if (mine !== turn) return;
    const on = listIn(list.filter, way);
    const others = search.value ? [] : on.filter((tag) => !items.some(({ name }) => name === tag)).map((name) => ({ name, contacts: null }));
    if (!items.length && !others.length) return fill(found, h("p", { class: "muted" }, search.value ? "No matching tags" : "No tags yet"));
    fill(found, [...others, ...items].map(({ name, contacts }) => {
      const input = h("input", { type: "checkbox", checked: on.includes(name), onchange: () => {
        const next = listIn(list.filter, way).filter((tag) => tag !== name);
        list.turn({ filter: changed(list.filter, { [way]: (input.checked ? [...next, name] : next).join(",") }) });
      } });
      return h("label", { class: "choice" }, input, h("span", { class: "clip" }, name), h("small", {}, contacts === null ? "" : number(contacts)));
    }));
  }

  await show();
  return h("div", { class: "filters" }, ways, search, found);
}
