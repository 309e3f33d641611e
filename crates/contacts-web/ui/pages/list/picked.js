// The selected contacts: single ones, or all matching ones with exceptions.

export class Picked {
  constructor() {
    this.everyone = false;
    /** Selected ids or, when all are selected, the exceptions. @type {Set<string>} */
    this.ids = new Set();
    /** The index at which a range starts. */
    this.anchor = -1;
  }

  /** @param {{ id: string }} contact */
  has({ id }) {
    return this.ids.has(id) !== this.everyone;
  }

  /**
   * @param {{ id: string }} contact
   * @param {boolean} picked
   */
  set({ id }, picked) {
    if (picked !== this.everyone) this.ids.add(id);
    else this.ids.delete(id);
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
