// The runs of a source: the current one, live, and the earlier ones.

import { aborted, ask, link, sentence } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { ago, count, moment, number } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { called } from "../../core/actors.js";
import { failure } from "../../widgets/failure.js";
import { paged } from "../../widgets/paged.js";
import { toast } from "../../widgets/toast.js";
import { open, reasons, runState, skipped, status, resultOf, took, unchanged } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */
/** @typedef {Schemas["SyncRun"]} Run */

/**
 * @param {string} id the source
 * @param {AbortSignal} signal
 * @param {() => void} ended called when a run has ended
 */
export function runs(id, signal, ended) {
  const live = h("div", { class: "live" });
  const announcement = h("p", { class: "hidden", role: "status" });
  const into = h("ul", { class: "runs" });
  const nothing = h("p", { class: "muted", hidden: true }, "No runs yet.");
  /** @type {{ id: string, stream: EventSource } | null} */
  let followed = null;
  let newest = "";
  const list = paged({
    load: (/** @type {string | undefined} */ cursor) => ask("get", "/v1/sources/{id}/runs", { path: { id }, query: { ...(cursor && { cursor }), limit: 20 }, signal }),
    into,
    row: (/** @type {Run} */ run) => h("li", { hidden: open(run) }, rowOf(run, signal)),
    loaded: () => (nothing.hidden = [...into.children].some((row) => !(/** @type {HTMLElement} */ (row).hidden))),
  });

  /** Shows a run live, unless it has ended. @param {Run} run */
  function follow(run) {
    const state = `${run.id} ${open(run)}`;
    if (state !== newest) void list.reload();
    newest = state;
    if (!open(run)) return leave();
    if (followed?.id === run.id) return;
    leave();
    const shown = panel(run);
    fill(live, shown.element);
    announcement.textContent = "A run has started.";
    const stream = new EventSource(link("/v1/runs/{id}/events", { id: run.id }));
    followed = { id: run.id, stream };
    // An event says how far the run is; the counts of records are read from the run itself.
    stream.addEventListener("progress", () => void renew());
    async function renew() {
      const now = await ask("get", "/v1/sources/{id}/runs/{run_id}", { path: { id, run_id: run.id }, signal }).catch(() => null);
      if (!now || followed?.stream !== stream) return;
      shown.update(now);
      if (open(now)) return;
      leave();
      announcement.textContent = `The run has ended: ${runState(now)[1].toLowerCase()}, ${resultOf(now)}.`;
      ended();
    }
  }
  function leave() {
    followed?.stream.close();
    followed = null;
    fill(live);
  }
  signal.addEventListener("abort", leave);
  void list.reload();
  return { live: h("div", {}, live, announcement), element: h("section", { class: "panel" }, h("h2", {}, "Runs"), into, nothing, list.more), follow };
}

/** @param {Run} first */
function panel(first) {
  const word = h("strong", { class: "percent" });
  const numbers = h("dl", { class: "tally" });
  const stop = h("button", { type: "button", onclick: async () => {
    stop.disabled = true;
    try {
      await ask("post", "/v1/runs/{id}/cancel", { path: { id: first.id } });
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
    element: h("section", { class: "panel progress", "aria-label": "Current run" },
      h("div", { class: "row" }, word, h("span", { class: "grow" }), stop), h("progress", { "aria-label": "Progress" }), numbers,
      h("p", { class: "muted" }, "The run continues when you leave this page. If you cancel it, contacts added so far are kept.")),
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
      h("span", { class: "told" }, resultOf(run)), h("span", { class: "muted" }, took(run)), icon("chevron")),
    body);
  details.addEventListener("toggle", () => details.open && void show());

  async function show() {
    fill(body, h("div", { class: "ghost", role: "status", "aria-label": "Loading" }));
    try {
      const { log } = await ask("get", "/v1/sources/{id}/runs/{run_id}", { path: { id: run.source_id, run_id: run.id }, signal });
      fill(body, about(run), h("h3", {}, "Connector log"),
        log.length ? h("pre", { class: "log mono", tabIndex: 0, role: "region", "aria-label": "Log" }, log.join("\n")) : h("p", { class: "muted" }, "Empty."));
    } catch (error) {
      if (!aborted(error)) fill(body, failure(sentence(error), () => void show()));
    }
  }
  return details;
}

/** @param {Run} run */
function about(run) {
  const by = h("span", {}, "…");
  void called(run.actor).then((name) => (by.textContent = name));
  const why = reasons(run);
  return [
    run.problem && h("p", { class: "wrong" }, sentence(new Error(run.problem))),
    h("dl", { class: "about-run" },
      h("div", {}, h("dt", {}, "Started by"), h("dd", {}, by)),
      h("div", {}, h("dt", {}, "Started"), h("dd", {}, moment(run.started_at ?? run.created_at))),
      why.length > 0 && h("div", {}, h("dt", {}, "Skipped"), why.map((one) => h("dd", {}, one))),
      run.summary.warnings > 0 && h("div", {}, h("dt", {}, "Warnings"), h("dd", {}, `${count(run.summary.warnings, "value")} ignored in imported records`)),
      run.vanished > 0 && h("div", {}, h("dt", {}, "Removed at the source"), h("dd", {}, count(run.vanished, "contact")))),
  ];
}
