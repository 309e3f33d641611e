// Numbers that may be estimates.

import { number } from "./format.js";

/**
 * The number of matching contacts: `41,032`, or `about 41,000` when it is an estimate.
 *
 * @param {{ value: number, exact: boolean }} count
 */
export const estimate = ({ value, exact }) => (exact ? number(value) : `about ${number(Number(value.toPrecision(2)))}`);
