// What is to be done with a file: each change is saved as it is made.

import { ask, sentence } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { targetName } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */

/** A request that outlives its page may not be larger. */
const KEEPALIVE = 60_000;

/**
 * @param {Schemas["Import"]} job
 * @param {AbortSignal} signal
 * @param {() => void} changed called when the plan or what is saved of it changes
 */
export function planOf({ id, plan: first }, signal, changed) {
  const plan = { columns: first?.columns ?? [], policy: first?.policy ?? "overwrite", tags: first?.tags ?? [] };
  const state = h("span", { class: "muted", role: "status" });
  /** What is not saved yet. @type {Schemas["PlanPatch"]} */
  let dirty = {};
  /** @type {Promise<void> | null} */
  let saving = null;

  async function send() {
    while (Object.keys(dirty).length > 0) {
      const body = dirty;
      dirty = {};
      say("Saving…");
      try {
        await ask("patch", "/v1/imports/{id}", { path: { id }, body, keepalive: JSON.stringify(body).length < KEEPALIVE });
      } catch (error) {
        // What was changed meanwhile is newer.
        dirty = { ...body, ...dirty };
        say(`Not saved: ${sentence(error)}`, "wrong", h("button", { type: "button", class: "link", onclick: () => void save() }, "Retry"));
        return;
      }
    }
    say("Saved");
  }

  /**
   * @param {string} text
   * @param {string} [tone]
   * @param {HTMLElement} [act]
   */
  function say(text, tone = "muted", act) {
    state.className = tone;
    state.replaceChildren(text, ...(act ? [" ", act] : []));
    changed();
  }

  function save() {
    saving ??= send().finally(() => (saving = null));
    return saving;
  }

  addEventListener("online", () => void save(), { signal });
  return {
    plan,
    state,
    /** @param {Schemas["PlanPatch"]} patch */
    change(patch) {
      Object.assign(plan, patch);
      Object.assign(dirty, patch);
      changed();
      void save();
    },
    /** Waits until everything is saved; false when something could not be. */
    async settled() {
      await save();
      return Object.keys(dirty).length === 0;
    },
  };
}

/**
 * Why a plan cannot be started, in words; nothing when it can.
 *
 * @param {(string | null)[]} columns
 * @param {number} rows
 * @param {Schemas["Field"][]} fields
 */
export function obstacle(columns, rows, fields) {
  if (rows === 0) return "The file has a header, but no rows below it.";
  const hasName = columns.some((target) => target === "name" || target === "first_name" || target === "last_name");
  const hasEmail = columns.includes("email");
  if (!hasName && !hasEmail) return "Choose the columns that hold the name and the email address.";
  if (!hasName) return "Choose the column that holds the name.";
  if (!hasEmail) return "Choose the column that holds the email address.";
  const twice = columns.find((target, at) => target && target !== "tags" && columns.indexOf(target) !== at);
  return twice ? `Two columns go to ${targetName(twice, fields)}: choose one of them.` : "";
}
