// Keys that act without a control.

/**
 * Whether a key is pressed alone, and not typed into a control.
 *
 * @param {KeyboardEvent} event
 */
export const isShortcut = ({ target, ctrlKey, metaKey, altKey }) =>
  !ctrlKey && !metaKey && !altKey && !(target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea, select"));
