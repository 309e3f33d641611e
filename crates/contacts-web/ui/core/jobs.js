/** @param {HTMLElement} place */
export const watch = (place) => void place;
