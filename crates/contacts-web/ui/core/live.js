// Changes of contacts by other people and programs, as they happen: the change feed as a stream of
// events. Pages listen to the event `live`.

import { last as list } from "../pages/list/last.js";
import { link } from "./api.js";
import { feedStart } from "./session.js";

/**
 * @typedef {object} Live
 * @property {"created" | "updated" | "merged" | "deleted" | "lost"} type `lost` when changes may have been missed
 * @property {Set<string>} ids the changed contacts
 */

const TYPES = /** @type {const} */ (["created", "updated", "merged", "deleted"]);
/** Delay in ms before the stream is opened again after the server has refused it. */
const PAUSE = 10_000;

/** @type {EventSource | null} */
let stream = null;
let isFollowing = false;
/** The cursor of the last event. */
let last = "";

/** Follows the feed while the page is visible. A hidden page keeps no connection. */
export async function follow() {
  last = (await feedStart)?.next ?? "";
  if (!isFollowing) {
    document.addEventListener("visibilitychange", turn);
    addEventListener("signedout", () => end());
  }
  isFollowing = true;
  turn();
}

function turn() {
  if (document.hidden) return end();
  if (stream) return;
  const opened = (stream = new EventSource(link("/v1/events/stream", {}, last ? { cursor: last } : {})));
  for (const type of TYPES) {
    opened.addEventListener(`contacts.${type}`, (event) => {
      const { data, lastEventId } = /** @type {MessageEvent<string>} */ (event);
      last = lastEventId;
      void tell({ type, ids: new Set(JSON.parse(data).contact_ids) });
    });
  }
  opened.onopen = () => (document.documentElement.dataset["live"] = "");
  opened.onerror = () => {
    delete document.documentElement.dataset["live"];
    // The browser connects again by itself, unless the server has refused the stream.
    if (opened.readyState !== EventSource.CLOSED || stream !== opened) return;
    end();
    last = "";
    setTimeout(() => {
      turn();
      void tell({ type: "lost", ids: new Set() });
    }, PAUSE);
  };
}

function end() {
  stream?.close();
  stream = null;
}

/** @param {Live} detail */
async function tell(detail) {
  dispatchEvent(new CustomEvent("live", { detail }));
  if (list) (await import("../pages/list/live.js")).showLive(list, detail);
}
