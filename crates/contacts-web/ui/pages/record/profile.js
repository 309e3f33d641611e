// The profile: inputs that look like text until they are touched. Each saves itself.

import { ask } from "../../core/api.js";
import { fill, h, newId } from "../../core/dom.js";
import { ago } from "../../core/format.js";
import { icon } from "../../core/icon.js";
import { denied, session } from "../../core/session.js";
import { called } from "../../core/actors.js";
import { input, leads, worded } from "../../widgets/field.js";
import { offerUndo, stored } from "./undo.js";

/** @import { Child } from "../../core/dom.js" */
/** @import { State } from "../../widgets/autosave.js" */
/** @import { Kind } from "../../widgets/field.js" */
/** @import { Opened } from "./opened.js" */

/**
 * @param {Opened} opened
 * @param {Kind} kind
 */
export function row(opened, kind) {
  const { saver } = opened;
  const { key, label } = kind;
  const id = newId();
  const status = h("div", { role: "status", id: `${id}-status` });
  const { control, read, show, half, picks } = input(kind, { id, "aria-describedby": status.id, placeholder: "Add", class: "bare" });
  const aside = h("span", {});
  let seen = "";
  let quiet = 0;
  /** What was stored when the field was entered. @type {ReturnType<typeof stored> | null} */
  let before = null;
  /** The text that can be undone already. */
  let offered = "";

  /** @param {State} state */
  function shown(state) {
    const now = saver.stored(key);
    // A field that is being edited keeps its text; an untouched one follows what is stored.
    const untouched = control.value.trim() === seen.trim() && now !== seen;
    if (document.activeElement !== control || untouched) show(saver.text(key));
    seen = now;
    control.classList.toggle("filled", control.value !== "");
    fill(aside, leads(kind, now));
    clearTimeout(quiet);
    if (state.is === "saved") quiet = setTimeout(() => saver.state(key).is === "saved" && fill(status), 4000);
    control.setAttribute("aria-invalid", String(state.is === "refused"));
    status.className = `saved ${state.is}`;
    fill(status, messageOf(opened, kind, state));
    if (state.is !== "saved" || !before || now === offered) return;
    offered = now;
    if (now !== before.texts[key]) offerUndo(opened, `${label} was ${now ? "changed" : "cleared"}.`, before);
  }

  /** Puts back what is stored, unless what was typed is already being saved. */
  function cancel() {
    if (saver.state(key).is !== "saving") saver.drop(key);
    show(saver.text(key));
  }

  function begin() {
    before = stored(opened, [key]);
    offered = saver.stored(key);
  }

  control.addEventListener("focus", begin);
  control.addEventListener("input", () => {
    if (!before) begin();
    const text = read();
    // A saved address stays with the contact (R48), so one that is still being typed is not saved.
    if (text !== null) saver.type(key, text, half() || kind.type === "email");
    if (picks) saver.flush(key);
  });
  control.addEventListener("blur", () => {
    saver.flush(key);
    if (read() === null) fill(status, h("span", { class: "wrong" }, `${label} is incomplete and was not saved.`));
    else show(saver.text(key));
  });
  control.addEventListener("keydown", (event) => {
    const { key: pressed, isComposing } = /** @type {KeyboardEvent} */ (event);
    if (pressed === "Enter" && control instanceof HTMLInputElement) saver.flush(key);
    // The Escape of an input method discards its characters only.
    if (pressed === "Escape" && !isComposing) cancel();
  });
  saver.watch(key, shown);
  void session.then(() => denied("write") && lock(control));
  return h("div", { class: "property" }, h("label", { htmlFor: id }, label), h("div", { class: "value" }, control, aside), status);
}

/**
 * Lets the value be read and copied only.
 *
 * @param {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} control
 */
function lock(control) {
  control.removeAttribute("placeholder");
  if (control instanceof HTMLSelectElement) control.disabled = true;
  else control.readOnly = true;
}

/**
 * @param {Opened} opened
 * @param {Kind} kind
 * @param {State} state
 * @returns {Child[]}
 */
function messageOf(opened, kind, { is, why, reason, taken }) {
  const { saver } = opened;
  const { key, label } = kind;
  const does = (/** @type {string} */ text, /** @type {() => void} */ run) => h("button", { type: "button", class: "link", onclick: run }, text);
  if (is === "saving") return ["Saving…"];
  if (is === "saved") return [icon("check"), "Saved"];
  if (is === "failed") return [h("span", { class: "wrong" }, `Not saved. ${why}`), does("Retry", () => saver.retry(key))];
  if (is === "restored") return ["This change was not saved.", does("Save", () => saver.keep(key)), does("Discard", () => saver.drop(key))];
  if (is === "changed") {
    const who = h("span", {}, changedBy("someone else", kind, saver.stored(key)));
    void whoChanged(opened, key).then((name) => name && fill(who, changedBy(name, kind, saver.stored(key))));
    return [who, does("Keep mine", () => saver.keep(key)), does("Use theirs", () => saver.drop(key))];
  }
  if (is !== "refused") return [];
  const wrong = h("span", { class: "wrong" }, reason ? `${label} ${reason}.` : why);
  if (!taken) return [wrong];
  const other = h("a", { href: `/contacts/${taken}` }, "Open it");
  // The value itself was refused, not the contact: merging helps.
  return [wrong, other, !!reason && !denied("merge") && does("Merge", () => void opened.merge(taken).then((merged) => merged && saver.retry(key)))];
}

/**
 * @param {string} who
 * @param {Kind} kind
 * @param {string} text
 */
const changedBy = (who, kind, text) => (text ? `Changed by ${who} to “${worded(kind, text)}”.` : `Cleared by ${who}.`);

/**
 * Who made the last change of a field, according to the activity.
 *
 * @param {Opened} opened
 * @param {string} key
 */
async function whoChanged({ contact, signal }, key) {
  const { items } = await ask("get", "/v1/contacts/{id}/activity", { path: { id: contact.id }, query: { limit: 20 }, signal }).catch(() => ({ items: [] }));
  const found = items.find((item) => "changes" in item && item.changes.some(({ field }) => field === key));
  return found && `${await called(found.actor, true)}, ${ago(found.at)},`;
}
