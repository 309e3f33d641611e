// Who is picked: some people, or everyone on the filter but some.

export class Picked {
  constructor() {
    this.everyone = false;
    /** Who is picked; of everyone, who is not. @type {Set<string>} */
    this.ids = new Set();
    /** Where a range begins. */
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
   * How many, when so many are on the filter.
   *
   * @param {number} total
   */
  size(total) {
    return this.everyone ? Math.max(0, total - this.ids.size) : this.ids.size;
  }
}
