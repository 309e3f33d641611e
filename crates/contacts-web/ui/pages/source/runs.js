// The runs of a source: one that is under way, live, and those before it.

import { aborted, ask, link, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { ago, count, moment, number } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { called } from "../../core/session.js";
import { failure } from "../../widgets/failure.js";
import { paged } from "../../widgets/paged.js";
import { toast } from "../../widgets/toast.js";
import { open, reasons, runState, skipped, status, told, took, unchanged } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */
/** @typedef {Schemas["Run"]} Run */

/**
 * @param {string} id of the source
 * @param {AbortSignal} signal
 * @param {() => void} ended called when a run came to its end
 */
export function runs(id, signal, ended) {
  const live = h("div", { class: "live" });
  const says = h("p", { class: "hidden", role: "status" });
  const into = h("ul", { class: "runs" });
  const nothing = h("p", { class: "muted", hidden: true }, "It has not run yet.");
  /** @type {{ id: string, stream: EventSource } | null} */
  let followed = null;
  let newest = "";
  const list = paged({
    load: (/** @type {string | undefined} */ before) => ask("get", "/v1/sources/{id}/runs", { path: { id }, query: { ...(before && { before }), limit: 20 }, signal }),
    into,
    row: (/** @type {Run} */ run) => h("li", { hidden: open(run) }, rowOf(run, signal)),
    loaded: () => (nothing.hidden = [...into.children].some((row) => !(/** @type {HTMLElement} */ (row).hidden))),
  });

  /** Shows a run that may be under way. @param {Run} run */
  function follow(run) {
    const state = `${run.id} ${open(run)}`;
    if (state !== newest) void list.reload();
    newest = state;
    if (!open(run)) return leave();
    if (followed?.id === run.id) return;
    leave();
    const shown = panel(run);
    fill(live, shown.element);
    says.textContent = "A run has begun.";
    const stream = new EventSource(link("/v1/sources/{id}/runs/{run_id}/events", { id, run_id: run.id }));
    followed = { id: run.id, stream };
    stream.addEventListener("progress", (event) => {
      const now = /** @type {Run} */ (JSON.parse(event.data));
      shown.update(now);
      if (open(now)) return;
      stream.close();
      says.textContent = `The run is over: ${runState(now)[1].toLowerCase()}, ${told(now)}.`;
      ended();
    });
  }
  function leave() {
    followed?.stream.close();
    followed = null;
    fill(live);
  }
  signal.addEventListener("abort", leave);
  void list.reload();
  return { live: h("div", {}, live, says), element: h("section", { class: "panel" }, h("h2", {}, "Runs"), into, nothing, list.more), follow };
}

/** @param {Run} first */
function panel(first) {
  const word = h("strong", { class: "percent" });
  const numbers = h("dl", { class: "tally" });
  const stop = h("button", { type: "button", onclick: async () => {
    stop.disabled = true;
    try {
      await ask("post", "/v1/sources/{id}/runs/{run_id}/cancel", { path: { id: first.source_id, run_id: first.id } });
      stop.textContent = "Cancelling…";
    } catch (error) {
      stop.disabled = false;
      toast(sentence(error));
    }
  } }, "Cancel the run");
  /** @param {Run} run */
  function update(run) {
    word.textContent = `${runState(run)[1]}…`;
    fill(numbers, [["Added", run.summary.added], ["Updated", run.summary.updated], ["Unchanged", unchanged(run)], ["Skipped", skipped(run)]]
      .map(([name, value]) => h("div", { class: "panel" }, h("dt", {}, name ?? ""), h("dd", {}, number(Number(value))))));
  }
  update(first);
  return {
    update,
    element: h("section", { class: "panel progress", "aria-label": "Run under way" },
      h("div", { class: "row" }, word, h("span", { class: "grow" }), stop), h("progress", { "aria-label": "Progress" }), numbers,
      h("p", { class: "muted" }, "It goes on when you leave this page. What is taken stays, also when you cancel.")),
  };
}

/**
 * @param {Run} run
 * @param {AbortSignal} signal
 */
function rowOf(run, signal) {
  const body = h("div", { class: "run-body" });
  const details = h("details", {},
    h("summary", {}, status(runState(run)), h("time", { dateTime: run.created_at, title: moment(run.created_at) }, ago(run.created_at)),
      h("span", { class: "told" }, told(run)), h("span", { class: "muted" }, took(run)), icon("chevron")),
    body);
  details.addEventListener("toggle", () => details.open && void show());

  async function show() {
    fill(body, h("div", { class: "ghost", role: "status", "aria-label": "Loading" }));
    try {
      const { log } = await ask("get", "/v1/sources/{id}/runs/{run_id}", { path: { id: run.source_id, run_id: run.id }, signal });
      fill(body, about(run), h("h3", {}, "What the connector said"),
        log.length ? h("pre", { class: "log mono", tabIndex: 0, role: "region", "aria-label": "Log" }, log.join("\n")) : h("p", { class: "muted" }, "Nothing."));
    } catch (error) {
      if (!aborted(error)) fill(body, failure(sentence(error), () => void show()));
    }
  }
  return details;
}

/** @param {Run} run */
function about(run) {
  const by = h("span", {}, run.asked_by ? "…" : "Its schedule");
  if (run.asked_by) void called(run.asked_by).then((name) => (by.textContent = name));
  const why = reasons(run);
  return [
    run.problem && h("p", { class: "wrong" }, sentence(new Error(run.problem))),
    h("dl", { class: "about-run" },
      h("div", {}, h("dt", {}, "Asked for by"), h("dd", {}, by)),
      h("div", {}, h("dt", {}, "Begun"), h("dd", {}, moment(run.started_at ?? run.created_at))),
      why.length > 0 && h("div", {}, h("dt", {}, "Skipped"), why.map((one) => h("dd", {}, one))),
      run.summary.warnings > 0 && h("div", {}, h("dt", {}, "Warnings"), h("dd", {}, `${count(run.summary.warnings, "value")} left out of records that were taken`)),
      run.vanished > 0 && h("div", {}, h("dt", {}, "Vanished"), h("dd", {}, count(run.vanished, "contact")))),
  ];
}
