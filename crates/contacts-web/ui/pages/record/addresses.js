// The other email addresses of the contact, under the primary one (R48). Each change is saved
// immediately.

import { Problem, ask, sentence } from "../../core/api.js";
import { fill, h, newId } from "../../core/dom.js";
import { icon } from "../../core/icon.js";
import { read, write } from "../../widgets/drafts.js";
import { toast } from "../../widgets/toast.js";
import { announceChange } from "./saver.js";

/** @import { Schemas } from "../../core/api.js" */
/** @import { Child } from "../../core/dom.js" */
/** @import { Opened } from "./opened.js" */

/** Time in ms for which the status says that a change was saved. */
const SAVED_SHOWN_MS = 4000;

export class Addresses {
  /** Addresses that are being removed. @type {Set<string>} */
  #removing = new Set();
  /** Changes are sent one after the other, so that the last response is the newest. */
  #turn = Promise.resolve();
  #waiting = 0;
  /** The text of the input that was sent last; it is sent again only on request. */
  #sent = "";

  /** @param {Opened} opened */
  constructor(opened) {
    this.opened = opened;
    this.id = opened.contact.id;
    this.draft = `address ${this.id}`;
    this.status = h("div", { role: "status", id: newId(), class: "saved" });
    this.list = h("ul", { "aria-label": "Other email addresses", tabIndex: -1 });
    this.input = h("input", {
      id: newId(), class: "bare", data: { needs: "write" }, inputMode: "email", autocomplete: "off", spellcheck: false, placeholder: "Add", "aria-describedby": this.status.id,
      value: read(this.draft) ?? "", oninput: () => this.#typed(),
      onblur: (/** @type {FocusEvent} */ { relatedTarget }) => this.status.contains(/** @type {Node | null} */ (relatedTarget)) || this.#commit(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => event.isComposing || this.#press(event.key),
    });
    this.element = h("div", { class: "property" },
      h("label", { htmlFor: this.input.id }, "Other emails", h("span", { class: "hidden", data: { needs: "write" } }, " (add an address)")), h("div", { class: "addresses" }, this.list, this.input), this.status);
    if (this.input.value) this.#say("restored", "This address was not saved.", does("Save", () => this.#commit()), does("Discard", () => this.#empty()));
  }

  /** @param {Schemas["Contact"]} contact */
  show({ email, other_emails: others }) {
    // The first address is entered as the primary one.
    this.element.hidden = !email;
    const label = this.list.contains(document.activeElement) ? document.activeElement?.getAttribute("aria-label") : null;
    const items = others.filter((other) => !this.#removing.has(other)).map((other) => this.#item(other));
    fill(this.list, items);
    this.list.hidden = !items.length;
    if (label) [...this.list.querySelectorAll("button")].find((button) => button.getAttribute("aria-label") === label)?.focus();
  }

  /** @param {string} email */
  #item(email) {
    return h("li", {}, h("span", {}, email), h("span", { class: "acts" },
      h("button", { type: "button", class: "link", data: { needs: "write" }, "aria-label": `Make primary: ${email}`, onclick: () => void promote(this.opened, email, this.#leave(email)) }, "Make primary"),
      h("button", { type: "button", class: "only", data: { needs: "write" }, "aria-label": `Remove ${email}`, title: "Remove", onclick: () => void this.#remove(email, this.#leave(email)) }, icon("close"))));
  }

  /**
   * Returns what moves the focus to the item that follows an address, after it has left the list.
   *
   * @param {string} email
   */
  #leave(email) {
    const { list, input } = this;
    const at = [...list.children].findIndex((child) => child.firstChild?.textContent === email);
    return () => {
      if (document.activeElement !== document.body && !list.contains(document.activeElement)) return;
      const next = list.children[Math.min(at, list.children.length - 1)];
      (next?.querySelector("button") ?? input).focus();
    };
  }

  /**
   * @param {string} is the class of the status
   * @param {...(Child | Child[])} children
   */
  #say(is, ...children) {
    this.status.className = `saved ${is}`;
    fill(this.status, ...children);
  }

  /**
   * Sends a change after those before.
   *
   * @param {() => Promise<void>} send
   * @param {(error: unknown) => void} failed
   */
  #change(send, failed) {
    this.#waiting += 1;
    this.#say("saving", "Saving…");
    this.#turn = this.#turn.then(send).then(() => {
      this.#waiting -= 1;
      if (this.#waiting) return;
      this.#say("saved", icon("check"), "Saved");
      setTimeout(() => !this.#waiting && this.status.className === "saved saved" && this.#say(""), SAVED_SHOWN_MS);
    }, (error) => {
      this.#waiting -= 1;
      failed(error);
    });
    return this.#turn;
  }

  /** Adds an address. @param {string} email */
  add(email) {
    return this.#change(async () => {
      announceChange(await ask("post", "/v1/contacts/{id}/addresses", { path: { id: this.id }, body: { email }, keepalive: true }));
      if (this.input.value.trim() === email) this.#empty();
    }, (error) => this.#refuse(email, error));
  }

  /**
   * @param {string} email
   * @param {() => void} focusNext
   */
  #remove(email, focusNext) {
    const { id, opened } = this;
    this.#removing.add(email);
    this.show(opened.contact);
    focusNext();
    return this.#change(async () => {
      await ask("delete", "/v1/contacts/{id}/addresses/{email}", { path: { id, email }, keepalive: true }).catch(ignoreMissing);
      announceChange(await ask("get", "/v1/contacts/{id}", { path: { id } }));
      this.#removing.delete(email);
      toast(`${email} was removed.`, { label: "Undo", run: () => void this.add(email) });
    }, (error) => {
      this.#removing.delete(email);
      this.show(opened.contact);
      this.#say("failed", wrong(`${email} was not removed. ${sentence(error)}`), does("Retry", () => void this.#remove(email, () => this.input.focus())));
    });
  }

  /**
   * Shows why an address was not added. What was typed stays.
   *
   * @param {string} email
   * @param {unknown} error
   */
  #refuse(email, error) {
    const problem = error instanceof Problem ? error : null;
    const other = problem?.contact;
    this.input.setAttribute("aria-invalid", String(this.input.value.trim() === email));
    if (other) {
      const merge = async () => (await this.opened.merge(other)) && this.#empty();
      return this.#say("refused", wrong(`${email} is already used by another contact.`), h("a", { href: `/contacts/${other}` }, "Open it"), does("Merge", () => void merge()));
    }
    if (!problem || problem.passes) return this.#say("failed", wrong(`${email} was not added. ${sentence(error)}`), does("Retry", () => void this.add(email)));
    const reason = problem.errors[0]?.reason;
    this.#say("refused", wrong(reason ? `${email} ${reason}.` : sentence(error)));
  }

  /** Adds what is typed. */
  #commit() {
    const email = this.input.value.trim();
    if (!email || email === this.#sent) return;
    this.#sent = email;
    const { contact } = this.opened;
    const isKnown = [contact.email, ...contact.other_emails].some((other) => other?.toLowerCase() === email.toLowerCase());
    if (isKnown) this.#say("refused", wrong("This contact already has this address."));
    else void this.add(email);
  }

  /** @param {string} key */
  #press(key) {
    if (key === "Escape") this.#empty();
    if (key !== "Enter") return;
    this.#sent = "";
    this.#commit();
  }

  /** Clears the input. */
  #empty() {
    this.input.value = "";
    this.#typed();
    this.#say("");
  }

  #typed() {
    const { value } = this.input;
    this.#sent = "";
    this.input.removeAttribute("aria-invalid");
    this.input.classList.toggle("filled", value !== "");
    write(this.draft, value.trim() ? value : null);
    if (!this.#waiting) this.#say("");
  }
}

/**
 * Makes a further address the primary one. The autosave of the field shows whether it was saved.
 *
 * @param {Opened} opened
 * @param {string} email
 * @param {() => void} [focusNext]
 */
async function promote(opened, email, focusNext) {
  const { saver } = opened;
  const previous = opened.contact.email;
  saver.type("email", email);
  saver.flush("email");
  await saver.rest();
  if (opened.contact.email !== email) return;
  focusNext?.();
  toast(`${email} is now the primary address.`, previous ? { label: "Undo", run: () => void promote(opened, previous) } : undefined);
}

/**
 * An address that is gone already counts as removed.
 *
 * @param {unknown} error
 */
function ignoreMissing(error) {
  if (!(error instanceof Problem) || error.status !== 404) throw error;
}

/** @param {string} text */
const wrong = (text) => h("span", { class: "wrong" }, text);

/**
 * @param {string} text
 * @param {() => void} run
 */
const does = (text, run) => h("button", { type: "button", class: "link", onclick: run }, text);
