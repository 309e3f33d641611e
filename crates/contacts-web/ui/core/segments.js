/** @param {HTMLElement} place */
export const segments = async (place) => void place;
