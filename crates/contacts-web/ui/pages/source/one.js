// The page of a connected source: state, setup and runs.

import { ask, askAll, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { go } from "../../core/router.js";
import { dialog } from "../../widgets/dialog.js";
import { menu } from "../../widgets/popover.js";
import { toast } from "../../widgets/toast.js";
import { facts } from "./facts.js";
import { runs } from "./runs.js";
import { showCheckResult } from "./settings-form.js";
import { nextRun, open as isOpen, sourceState, status } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Context, Page } from "../../core/router.js" */

/** Interval in ms of loading a source that may start to run on its schedule. */
const LOOK = 15_000;

/**
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open({ part: id, signal }) {
  const path = { id };
  let [source, { items: fields }] = await Promise.all([ask("get", "/v1/sources/{id}", { path, signal }), askAll("/v1/fields", { signal })]);
  /** @type {import("./facts.js").Names} */
  const names = { fields, settings: [] };
  const head = h("header", { class: "import-head" });
  const result = h("div", { role: "status", class: "said" });
  const about = h("section", { class: "panel" });
  const history = runs(id, signal, () => void look());
  const commands = commandsOf();

  /** @param {Schemas["ConnectedSource"]} next */
  function show(next) {
    source = next;
    document.title = `${source.name} · Informly`;
    const busy = source.last_run && isOpen(source.last_run);
    fill(head,
      h("a", { href: "/sources", class: "back" }, icon("back"), "Sources"),
      h("div", { class: "head" }, h("h1", { title: source.name }, source.name), status(sourceState(source))),
      h("p", { class: "facts muted" }, h("span", {}, source.connector), h("span", {}, source.stream), h("span", {}, "Next run: ", nextRun(source))),
      !busy && source.problem && h("p", { class: "note bad" }, icon("warning"), h("span", {}, `The last run failed: ${sentence(new Error(source.problem))} Records imported before that are kept.`)));
    commands.update();
    fill(about, h("h2", {}, "Setup"), facts(source, names, show));
    if (source.last_run) history.follow(source.last_run);
  }
  async function look() {
    const next = await ask("get", "/v1/sources/{id}", { path, signal }).catch(() => null);
    if (next && !signal.aborted) show(next);
  }
  const timer = setInterval(() => {
    // A redraw would take the focus from a button.
    if (!document.hidden && !about.contains(document.activeElement)) void look();
  }, LOOK);
  signal.addEventListener("abort", () => clearInterval(timer));

  function commandsOf() {
    const run = h("button", { type: "button", class: "primary", onclick: () => void startRun(false) }, icon("bolt"), "Run now");
    const pause = h("button", { type: "button", onclick: () => act(async () => show(await ask("patch", "/v1/sources/{id}", { path, body: { paused: !source.paused } }))) });
    const test = h("button", { type: "button", onclick: () => void check() }, "Test the connection");
    const more = h("button", { type: "button", class: "only quiet", "aria-label": "More" }, icon("more"));
    const element = h("div", { class: "row commands" }, run, pause, test,
      h("a", { href: `/?source=connected:${id}`, class: "button" }, icon("people"), "Show contacts"), h("span", {}, more));
    menu(more, () => [
      h("button", { type: "button", onclick: () => void startRun(true) }, "Read everything again"),
      h("hr"),
      h("button", { type: "button", class: "danger", onclick: () => void remove(source) }, "Delete the source"),
    ]);
    async function check() {
      test.disabled = true;
      fill(result, h("span", { class: "status busy" }, "Connecting…"));
      try {
        showCheckResult(result, await ask("post", "/v1/sources/{id}/check", { path, signal }));
      } catch (error) {
        if (!signal.aborted) showCheckResult(result, { succeeded: false, problem: sentence(error) });
      }
      test.disabled = false;
    }
    return {
      element,
      update() {
        run.disabled = Boolean(source.last_run && isOpen(source.last_run));
        pause.textContent = source.paused ? "Resume" : "Pause";
      },
    };
  }

  /** @param {boolean} fromStart */
  const startRun = (fromStart) => act(async () => {
    fill(result);
    await ask("post", "/v1/sources/{id}/runs", { path, body: { from_start: fromStart } });
    await look();
  });

  show(source);
  // A connector may take a while to return the names of its settings.
  ask("get", "/v1/connectors/{name}", { path: { name: source.connector }, signal }).then(({ settings }) => {
    names.settings = settings;
    if (!about.contains(document.activeElement)) show(source);
  }, () => undefined);
  return {
    title: source.name,
    element: h("div", { class: "page import source one" }, head, commands.element, result, history.live,
      h("div", { class: "stack" }, about, history.element)),
  };
}

/** @param {() => Promise<unknown>} does */
async function act(does) {
  try {
    await does();
  } catch (error) {
    toast(sentence(error));
  }
}

/** @param {Schemas["ConnectedSource"]} source */
const remove = ({ id, name }) => dialog({
  title: `Delete ${name}?`,
  body: h("ul", { class: "bullets" },
    h("li", {}, "It stops running. Its settings, secrets and history are permanently deleted."),
    h("li", {}, "Contacts that it added are kept.")),
  action: "Delete the source",
  danger: true,
  async run() {
    await ask("delete", "/v1/sources/{id}", { path: { id } });
    toast(`${name} was deleted.`);
    go("/sources", { replace: true });
  },
});
