// The selected contacts: single ones, or all matching ones with exceptions.

import { nameOf } from "./columns.js";

/** @import { Listed } from "./rows.js" */

export class Picked {
  constructor() {
    this.everyone = false;
    /** Names by id of the selected contacts or, when all are selected, of the exceptions. @type {Map<string, string>} */
    this.ids = new Map();
    /** The index at which a range starts. */
    this.anchor = -1;
  }

  /** @param {{ id: string }} contact */
  has({ id }) {
    return this.ids.has(id) !== this.everyone;
  }

  /**
   * @param {Listed} contact
   * @param {boolean} picked
   */
  set(contact, picked) {
    if (picked !== this.everyone) this.ids.set(contact.id, nameOf(contact));
    else this.ids.delete(contact.id);
  }

  /** @param {boolean} everyone */
  all(everyone) {
    this.everyone = everyone;
    this.ids.clear();
    this.anchor = -1;
  }

  get isEmpty() {
    return !this.everyone && this.ids.size === 0;
  }

  /**
   * Number of selected contacts, given the number of matching ones.
   *
   * @param {number} total
   */
  size(total) {
    return this.everyone ? Math.max(0, total - this.ids.size) : this.ids.size;
  }
}
