// The messages of the browser's form validation, in the language of the page instead of the browser's.

addEventListener("invalid", ({ target }) => {
  const control = /** @type {HTMLInputElement} */ (target);
  control.setCustomValidity(reason(control));
}, true);

/** A custom message is in force until it is removed. */
for (const type of ["input", "change"]) {
  addEventListener(type, ({ target }) => {
    const { form } = /** @type {HTMLInputElement} */ (target);
    for (const control of form?.elements ?? []) /** @type {HTMLInputElement} */ (control).setCustomValidity?.("");
  }, true);
}

/**
 * @param {HTMLInputElement} control
 * @returns {string} what is wrong, and what to do
 */
function reason({ validity, type, title, min, max, maxLength }) {
  if (validity.valueMissing) return type === "radio" ? "Choose one of these." : type === "checkbox" ? "Tick this box." : "Fill in this field.";
  if (validity.patternMismatch && title) return title;
  if (validity.typeMismatch) return type === "url" ? "Enter a complete web address, such as https://example.org." : "Enter a complete email address.";
  if (validity.tooLong) return `Use at most ${maxLength} characters.`;
  if (validity.rangeUnderflow) return `Enter ${min} or more.`;
  if (validity.rangeOverflow) return `Enter ${max} or less.`;
  return validity.badInput ? "Enter a complete value." : "This value cannot be used.";
}

export {};
