// Possible duplicates in words.

/** Reasons why two contacts may be the same person. */
export const WHY = {
  captured: "the same chat visitor gave both addresses",
  phone: "the same phone number",
  name_and_domain: "the same name and email domain",
  name: "the same name",
  similar_name: "a similar name",
};

/** @typedef {keyof typeof WHY} Reason */

/**
 * The reasons as a part of a sentence.
 *
 * @param {Reason[]} reasons
 */
export const because = (reasons) => reasons.map((reason) => WHY[reason]).join(", ");

/** The strengths, with the class of their status. */
export const STRENGTHS = { strong: ["Strong", "good"], medium: ["Medium", "warn"], weak: ["Weak", ""] };
