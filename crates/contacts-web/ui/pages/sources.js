// The list of connected sources with their state and next run.

import { askAll, sentence } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { ago, moment } from "../core/format.js";
import { icon } from "../core/icon.js";
import { styles } from "../core/styles.js";
import { helpLink } from "../widgets/help.js";
import { sheet } from "../widgets/sheet.js";
import { scheduleWords } from "./source/schedule.js";
import { nextRun, open as isOpen, sourceState, status, resultOf } from "./source/words.js";

/** @import { Schemas } from "../core/api.js" */
/** @import { Context, Page } from "../core/router.js" */

/** Interval in ms of reloading while a source runs, and while none does. */
const SOON = 2_000;
const IDLE = 20_000;
const TITLES = ["Name", "Status", "Last run", "Next run"];

/**
 * @param {Context} context
 * @returns {Promise<Page>}
 */
export async function open({ signal }) {
  const [{ items }] = await Promise.all([askAll("/v1/sources", { signal }), styles("./source.css", import.meta.url)]);
  const rows = h("tbody");
  const table = sheet("Connected sources", TITLES, rows);
  const nothing = empty();
  let timer = 0;
  let shown = "";

  /** @param {Schemas["ConnectedSource"][]} items */
  function show(items) {
    const now = JSON.stringify(items);
    // Redraw only after a change, so that the focus is not lost.
    if (now !== shown) {
      const at = [...rows.querySelectorAll("a")].findIndex((link) => link === document.activeElement);
      fill(rows, items.map(rowOf));
      if (at >= 0) rows.querySelectorAll("a")[at]?.focus();
    }
    shown = now;
    table.hidden = items.length === 0;
    nothing.hidden = items.length > 0;
    clearTimeout(timer);
    timer = setTimeout(look, items.some(({ last_run: run }) => run && isOpen(run)) ? SOON : IDLE, items);
  }
  /** @param {Schemas["ConnectedSource"][]} before */
  async function look(before) {
    const items = document.hidden ? before : await askAll("/v1/sources", { signal }).then(({ items }) => items, () => before);
    if (!signal.aborted) show(items);
  }
  signal.addEventListener("abort", () => clearTimeout(timer));
  show(items);
  return {
    title: "Sources",
    element: h("div", { class: "page sources-page" },
      h("div", { class: "head" }, h("h1", {}, "Sources"), helpLink("sources", "Connected sources"), h("a", { href: "/sources/new", class: "button primary" }, icon("add"), "Add a source")),
      table, nothing),
  };
}

const empty = () =>
  h("div", { class: "empty" }, h("h2", {}, "No connected sources yet"),
    h("p", {}, "Connect your CRM, shop or database to add people on a schedule. By default, values entered here are never overwritten."),
    h("div", { class: "row" }, h("a", { href: "/sources/new", class: "button primary" }, icon("add"), "Add a source")));

/** @param {Schemas["ConnectedSource"]} source */
function rowOf(source) {
  const { id, name, connector, stream, problem, last_run: run, schedule } = source;
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: `/sources/${id}`, class: "clip", title: name }, name), h("small", { class: "clip" }, `${connector} · ${stream}`)),
    h("td", {}, status(sourceState(source)), problem && h("p", { class: "wrong clip-lines", title: problem }, sentence(new Error(problem)))),
    h("td", {}, run ? [h("time", { dateTime: run.created_at, title: moment(run.created_at) }, ago(run.created_at)), h("small", {}, resultOf(run))] : h("span", { class: "muted" }, "Never")),
    h("td", {}, nextRun(source), schedule && h("small", {}, scheduleWords(schedule))));
}
