// The plan of an import. Each change is saved immediately.

import { ask, sentence } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { takesSeveral, targetName } from "./words.js";

/** @import { Schemas } from "../../core/api.js" */

/** The largest body in bytes of a request that outlives its page. */
const KEEPALIVE = 60_000;

/**
 * @param {Schemas["Import"]} job
 * @param {AbortSignal} signal
 * @param {() => void} changed called when the plan or its saved state changes
 */
export function planOf({ id, plan: first, warnings }, signal, changed) {
  const plan = { columns: first?.columns ?? [], policy: first?.policy ?? "overwrite", tags: first?.tags ?? [], domains: first?.domains ?? {}, formats: first?.formats ?? [], rules: first?.rules ?? [] };
  const state = h("span", { class: "muted", role: "status" });
  /** Unsaved changes. @type {Schemas["PlanPatch"]} */
  let dirty = {};
  /** @type {Promise<void> | null} */
  let saving = null;

  async function send() {
    while (Object.keys(dirty).length > 0) {
      const body = dirty;
      dirty = {};
      say("Saving…");
      try {
        ({ warnings } = await ask("patch", "/v1/imports/{id}", { path: { id }, body, keepalive: JSON.stringify(body).length < KEEPALIVE }));
      } catch (error) {
        // Changes made meanwhile are newer.
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
    /** Warnings about the plan that was saved last. */
    warnings: () => warnings,
    /** @param {Schemas["PlanPatch"]} patch */
    change(patch) {
      Object.assign(plan, patch);
      Object.assign(dirty, patch);
      changed();
      void save();
    },
    /** Waits until everything is saved; returns false when that failed. */
    async settled() {
      await save();
      return Object.keys(dirty).length === 0;
    },
  };
}

/**
 * The reason why a plan cannot be started; empty when it can.
 *
 * @param {(string | null)[]} columns
 * @param {number} rows
 * @param {Schemas["Field"][]} fields
 * @param {Schemas["Policy"]} policy
 */
export function obstacle(columns, rows, fields, policy) {
  if (rows === 0) return "The file has a header but no rows.";
  const hasName = columns.some((target) => target === "name" || target === "first_name" || target === "last_name");
  const hasEmail = columns.includes("email");
  const hasId = columns.includes("id") || columns.includes("external_id");
  const why = policy === "update_only" || policy === "opt_out" ? (hasEmail || hasId ? "" : "Choose which column contains the email address or the ID.") : missing(hasName, hasEmail);
  if (why) return why;
  const twice = columns.find((target, at) => target && !takesSeveral(target) && columns.indexOf(target) !== at);
  return twice ? `Two columns are imported as ${targetName(twice, fields)}: choose one of them.` : "";
}

/**
 * The reason why rows cannot add contacts; empty when they can.
 *
 * @param {boolean} hasName
 * @param {boolean} hasEmail
 */
function missing(hasName, hasEmail) {
  if (!hasName && !hasEmail) return "Choose which columns contain the name and the email address.";
  if (!hasName) return "Choose which column contains the name.";
  return hasEmail ? "" : "Choose which column contains the email address.";
}
