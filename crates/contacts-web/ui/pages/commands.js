// The command menu: pages, segments, actions and contacts by their names (Ctrl+K).

import { aborted, ask, askAll } from "../core/api.js";
import { debounce, fill, h, newId } from "../core/dom.js";
import { icon } from "../core/icon.js";
import { go } from "../core/router.js";
import { denied } from "../core/session.js";
import { styles } from "../core/styles.js";
import { pathOfSegment } from "./list/segment.js";

await styles("./commands.css", import.meta.url);

/** @import { IconName } from "../core/icon.js" */
/** @import { Schemas } from "../core/api.js" */

/**
 * @typedef {object} Command
 * @property {string} name
 * @property {string} [under] text beside the name, such as the address of a contact
 * @property {string} [words] further words by which it is found
 * @property {IconName} icon
 * @property {Schemas["Scope"]} [needs] the scope that it needs
 * @property {() => void} run
 */

/** Number of contacts that are listed. */
const MAX_CONTACTS = 8;
/** Delay in ms between the last key and the search for contacts. */
const PAUSE = 120;

/** @type {Command[]} */
const PAGES = [
  { name: "Contacts", icon: "people", run: () => go("/") },
  { name: "Possible duplicates", words: "merge review", icon: "merge", run: () => go("/duplicates") },
  { name: "Imports", words: "csv files", icon: "file", run: () => go("/imports") },
  { name: "Sources", words: "connectors sync", icon: "link", needs: "admin", run: () => go("/sources") },
  { name: "Organisation", words: "settings role region", icon: "gear", run: () => go("/settings") },
  { name: "Custom fields", words: "settings", icon: "gear", run: () => go("/settings/fields") },
  { name: "Tags", words: "settings labels", icon: "tag", run: () => go("/settings/tags") },
  { name: "Segments", words: "settings saved filters views", icon: "segment", run: () => go("/settings/segments") },
  { name: "Campaigns", words: "settings mail", icon: "mail", run: () => go("/settings/campaigns") },
  { name: "Chat widgets", words: "settings", icon: "talk", run: () => go("/settings/widgets") },
  { name: "Users", words: "settings invite roles people team", icon: "people", needs: "admin", run: () => go("/settings/users") },
  { name: "API keys", words: "settings tokens", icon: "gear", needs: "admin", run: () => go("/settings/keys") },
  { name: "Webhooks", words: "settings", icon: "bolt", needs: "admin", run: () => go("/settings/webhooks") },
  { name: "Audit trail", words: "settings log history", icon: "file", needs: "admin", run: () => go("/settings/audit") },
  { name: "Help", words: "guide explain", icon: "note", run: () => go("/help") },
  { name: "Sessions", words: "settings sign out browsers", icon: "user", run: () => go("/settings/sessions") },
];

/** @type {Command[]} */
const ACTIONS = [
  { name: "New contact", words: "add create person", icon: "add", needs: "write", run: () => go("/new") },
  { name: "Import a file", words: "upload csv excel", icon: "upload", needs: "import", run: () => go("/import") },
  { name: "Keyboard shortcuts", words: "help keys", icon: "form", run: () => void import("./list/keys.js").then(({ help }) => help()) },
];

/** @param {string} text */
const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/**
 * Whether each word of a query begins a word of a command.
 *
 * @param {Command} command
 * @param {string} query
 */
function matches({ name, words = "" }, query) {
  const text = ` ${folded(`${name} ${words}`)}`;
  return folded(query).split(/\s+/).filter(Boolean).every((word) => text.includes(` ${word}`));
}

/** Opens the menu, unless a dialog asks for something. A second call closes it. */
export function open() {
  const shown = document.querySelector(/** @type {"dialog"} */ ("dialog[open]"));
  if (!shown) new Menu();
  else if (shown.classList.contains("commands")) shown.close();
}

class Menu {
  constructor() {
    this.closed = new AbortController();
    /** @type {AbortController | null} */
    this.asking = null;
    /** @type {Command[]} */
    this.segments = [];
    /** @type {Command[]} */
    this.contacts = [];
    /** @type {{ element: HTMLElement, command: Command }[]} */
    this.options = [];
    this.at = 0;
    /** Whether the contacts are those of an earlier query, and whether Enter waits for the others. */
    this.isStale = false;
    this.enters = false;
    this.list = h("div", { role: "listbox", id: newId(), "aria-label": "Results" });
    this.input = h("input", {
      type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": this.list.id, "aria-autocomplete": "list", "aria-label": "Search pages, segments, actions and contacts",
      placeholder: "Search everything", autocomplete: "off", spellcheck: false, autofocus: true, oninput: () => this.typed(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
    });
    this.status = h("p", { class: "hidden", role: "status" });
    this.element = h("dialog", { class: "commands", "aria-label": "Command menu", onclick: (/** @type {MouseEvent} */ event) => event.target === this.element && this.element.close() },
      h("div", { class: "commands-search" }, icon("search"), this.input, h("kbd", {}, "Esc")), this.list, this.status);
    this.element.addEventListener("close", () => {
      this.closed.abort();
      this.asking?.abort();
      this.element.remove();
    });
    document.body.append(this.element);
    this.element.showModal();
    this.search = debounce(() => void this.find(), PAUSE);
    this.draw();
    void this.learn();
  }

  async learn() {
    const { items } = await askAll("/v1/segments", { signal: this.closed.signal }).catch(() => ({ items: [] }));
    this.segments = items.map((segment) => ({ name: segment.name, icon: /** @type {const} */ ("segment"), run: () => go(pathOfSegment(segment)) }));
    if (!this.closed.signal.aborted) this.draw();
  }

  typed() {
    this.isStale = true;
    this.enters = false;
    this.asking?.abort();
    this.draw();
    this.move(-this.at);
    this.search();
  }

  /** Searches the contacts. Those of an earlier query stay until the new ones are there. */
  async find() {
    const q = this.input.value.trim();
    const { signal } = (this.asking = new AbortController());
    try {
      const found = q ? (await ask("get", "/v1/contacts", { query: { q, limit: MAX_CONTACTS, count: "none" }, signal })).items : [];
      // Typing may have gone on since the answer arrived.
      if (signal.aborted) return;
      this.contacts = found.map(({ id, name, email, phone }) => ({
        name: name || email || phone || "No name", under: name ? email ?? "" : "", icon: /** @type {const} */ ("user"), run: () => go(`/contacts/${id}`),
      }));
    } catch (error) {
      if (aborted(error)) return;
      // Without contacts, pages and segments can still be opened.
      this.contacts = [];
    }
    this.isStale = false;
    this.draw();
    if (this.enters) this.enter();
  }

  /** Lists what matches. The selected command stays selected when results appear before it. */
  draw() {
    const query = this.input.value.trim();
    const selected = this.options[this.at]?.command;
    const allowed = (/** @type {Command} */ command) => !command.needs || !denied(command.needs);
    const found = (/** @type {Command[]} */ commands) => commands.filter((command) => allowed(command) && matches(command, query));
    /** @type {[string, Command[]][]} */
    const groups = [["Actions", found(ACTIONS)], ["Segments", found(this.segments)], ["Pages", found(PAGES)], ["Contacts", query ? this.contacts : []]];
    this.options = [];
    fill(this.list, groups.filter(([, commands]) => commands.length > 0).map(([title, commands]) => {
      const heading = h("div", { class: "commands-title", id: newId(), role: "presentation" }, title);
      return h("div", { role: "group", "aria-labelledby": heading.id }, heading, commands.map((command) => this.option(command)));
    }));
    if (this.options.length === 0) fill(this.list, h("p", { class: "commands-none" }, this.isStale ? "Searching…" : "Nothing found."));
    this.status.textContent = this.isStale ? "Searching…" : this.options.length === 1 ? "1 result" : `${this.options.length} results`;
    const index = this.options.findIndex(({ command }) => command === selected);
    this.move(index < 0 ? 0 : index - this.at);
  }

  /** @param {Command} command */
  option(command) {
    const index = this.options.length;
    const element = h("div", { role: "option", id: newId(), "aria-selected": "false", onclick: () => this.run(command), onpointermove: () => this.at !== index && this.move(index - this.at) },
      icon(command.icon), h("span", { class: "clip" }, command.name), command.under ? h("small", { class: "clip" }, command.under) : null);
    this.options.push({ element, command });
    return element;
  }

  /** @param {number} step */
  move(step) {
    const { length } = this.options;
    this.at = length ? (this.at + step + length) % length : 0;
    for (const [index, { element }] of this.options.entries()) element.setAttribute("aria-selected", String(index === this.at));
    const active = this.options[this.at]?.element;
    if (active) this.input.setAttribute("aria-activedescendant", active.id);
    else this.input.removeAttribute("aria-activedescendant");
    if (step) active?.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.move(step);
    else if (event.key === "Enter") this.enter();
    else return;
    event.preventDefault();
  }

  /** Runs the selected command. Waits for the results when the list still shows contacts of an earlier query. */
  enter() {
    const command = this.options[this.at]?.command;
    this.enters = this.isStale && (!command || this.contacts.includes(command));
    if (command && !this.enters) this.run(command);
  }

  /** @param {Command} command */
  run(command) {
    this.element.close();
    command.run();
  }
}
