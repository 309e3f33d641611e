// The conditions of a filter as a tree of groups (R62), to be moved between groups.

import { isRepeatable, parsed, textOf, unitsOf } from "./groups.js";

/** @import { Member } from "./groups.js" */

/**
 * A group whose members must all match, of which one must, or none may.
 *
 * @typedef {{ way: "all" | "any" | "none", members: Node[] }} Branch
 * @typedef {Branch | URLSearchParams} Node
 */

/** @param {Node} node @returns {node is Branch} */
export const isBranch = (node) => !(node instanceof URLSearchParams);

/**
 * The tree of a filter, and its search, which stays beside it.
 *
 * @param {URLSearchParams} filter
 * @returns {{ tree: Branch, rest: URLSearchParams }}
 */
export function treeOf(filter) {
  const { rest, units } = unitsOf(filter);
  const groups = rest.getAll("group").map((text) => nodeOf(parsed(text)));
  rest.delete("group");
  const members = [...units, ...groups];
  const [only] = members;
  const tree = members.length === 1 && only && isBranch(only) ? only : { way: /** @type {const} */ ("all"), members };
  return { tree, rest };
}

/**
 * @param {Member} member
 * @returns {Node}
 */
function nodeOf(member) {
  if (member instanceof URLSearchParams) {
    const { units } = unitsOf(member, []);
    return units.length === 1 && units[0] ? units[0] : { way: "all", members: units };
  }
  const members = member.members.map(nodeOf);
  const [only] = members;
  if (member.connective !== "not") return members.length === 1 && only ? only : { way: member.connective, members };
  if (members.length === 1 && only && isBranch(only) && only.way === "any") return { way: "none", members: only.members };
  return { way: "none", members: members.length > 1 ? [{ way: "all", members }] : members };
}

/**
 * The filter of a tree. Groups without members are left out.
 *
 * @param {Branch} tree
 * @param {URLSearchParams} rest
 */
export function filterOfTree(tree, rest) {
  const filter = new URLSearchParams(rest);
  const root = trimmed(tree);
  if (!root) return filter;
  const members = isBranch(root) && root.way === "all" ? apart(root.members) : [root];
  for (const member of members) {
    if (isBranch(member)) filter.append("group", written(member));
    else for (const [name, value] of member) filter.append(name, value);
  }
  filter.sort();
  return filter;
}

/**
 * A node without empty groups, and without groups of one that change nothing.
 *
 * @param {Node} node
 * @returns {Node | null}
 */
function trimmed(node) {
  if (!isBranch(node)) return node;
  const members = node.members.map(trimmed).filter((one) => one !== null);
  const [only] = members;
  if (!only) return null;
  return members.length === 1 && node.way !== "none" ? only : { way: node.way, members };
}

/**
 * Members that must all match. Two values of one parameter would mean either of them, so a second one
 * gets a group of its own.
 *
 * @param {Node[]} members
 * @returns {Node[]}
 */
function apart(members) {
  const seen = new Set();
  return members.map((member) => {
    if (isBranch(member)) return member;
    const names = [...member.keys()].filter((name) => !isRepeatable(name));
    const isTwice = names.some((name) => seen.has(name));
    for (const name of names) seen.add(name);
    return isTwice ? { way: /** @type {const} */ ("any"), members: [member] } : member;
  });
}

/**
 * @param {Node} node
 * @returns {string}
 */
function written(node) {
  if (!isBranch(node)) return textOf(node);
  const members = node.way === "all" ? apart(node.members) : node.members;
  const inner = members.map(written).join(",");
  if (node.way !== "none") return `${node.way}(${inner})`;
  return members.length === 1 ? `not(${inner})` : `not(any(${inner}))`;
}
