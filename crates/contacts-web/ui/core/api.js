// A typed client of the API.

/** @import { paths, components } from "../api.js" */

/** @typedef {components["schemas"]} Schemas */
/** @typedef {"get" | "post" | "put" | "patch" | "delete"} Method */

/**
 * @template O
 * @typedef {O extends { parameters: infer P } ? P : never} Parameters
 */
/**
 * The path parameters, query and body of an operation.
 *
 * @template O
 * @typedef {(Parameters<O> extends { path: infer P } ? { path: P } : {})
 *   & (Parameters<O> extends { query?: infer Q } ? { query?: Q | URLSearchParams } : {})
 *   & (O extends { requestBody: { content: infer C } } ? { body: C[keyof C] } : {})
 *   & { signal?: AbortSignal, headers?: Record<string, string>, keepalive?: boolean }} Request
 */
/**
 * @template O
 * @typedef {O extends { responses: infer R }
 *   ? { [S in keyof R]: S extends 200 | 201 | 202
 *     ? R[S] extends { content: { "application/json": infer B } } ? B : undefined
 *     : S extends 204 ? undefined : never }[keyof R]
 *   : never} Answer
 */

/** Instead of what the API tells programs. @type {Record<string, string>} */
const FOR_PEOPLE = { scope_missing: "your role does not allow this", unauthenticated: "you are signed out" };

/** An error response of the API; `message` is a sentence for people. */
export class Problem extends Error {
  /** @param {Omit<Partial<Schemas["Problem"]>, "code"> & { code?: Schemas["ProblemCode"] | "unloaded" }} view */
  constructor(view) {
    super(FOR_PEOPLE[view.code ?? ""] ?? view.detail ?? "the server cannot be reached");
    this.status = view.status ?? 0;
    /** @type {Schemas["ProblemCode"] | "unloaded" | "offline"} */
    this.code = view.code ?? "offline";
    this.errors = view.errors ?? [];
    /** The contact as it is now, when the code is `stale`. */
    this.current = /** @type {Schemas["Contact"] | null} */ (view.current ?? null);
    this.contact = view.contact_id ?? null;
    this.count = view.count ?? null;
  }

  /** Whether the same request may succeed later. */
  get passes() {
    return [0, 401, 408, 429].includes(this.status) || this.status >= 500;
  }
}

/**
 * Sends a request to the API.
 *
 * @template {keyof paths} P
 * @template {Method & keyof paths[P]} M
 * @param {M} method
 * @param {P} path with its `{names}`
 * @param {Request<paths[P][M]>} request
 * @returns {Promise<Answer<paths[P][M]>>}
 */
export async function ask(method, path, request) {
  const { path: names = {}, query, body, headers, signal, keepalive } =
    /** @type {{ path?: Record<string, string>, query?: object, body?: unknown, headers?: Record<string, string>, signal?: AbortSignal, keepalive?: boolean }} */ (request);
  const file = body instanceof Blob;
  const response = await reach(link(path, names, query), {
    method: method.toUpperCase(),
    headers: { ...(body !== undefined && { "content-type": file ? "application/octet-stream" : "application/json" }), ...headers },
    body: body === undefined ? null : file ? body : JSON.stringify(body),
    signal: signal ?? null,
    keepalive: keepalive ?? false,
    // A change of one contact must not change the contact that it was merged into.
    redirect: method === "get" ? "follow" : "manual",
  });
  if (response.type === "opaqueredirect") throw new Problem({ status: 308, code: "merged", detail: "this contact was merged into another" });
  if (response.ok) return /** @type {Answer<paths[P][M]>} */ (response.status === 204 ? undefined : await response.json());
  const problem = new Problem(await response.json().catch(() => ({ status: response.status, detail: "the server reported an error" })));
  const event = { 401: "signedout", 403: "denied" }[problem.status];
  if (event) dispatchEvent(new CustomEvent(event));
  throw problem;
}

/**
 * Requests all pages of a list.
 *
 * @template {keyof paths} P
 * @param {P} path with its `{names}`
 * @param {Request<paths[P]["get"]>} request
 * @returns {Promise<Answer<paths[P]["get"]>>} the last page, with the items of all pages
 */
export async function askAll(path, request) {
  const { query: filter, ...rest } = /** @type {{ query?: object }} */ (request);
  /** @type {unknown[]} */
  const items = [];
  for (let cursor = null; ;) {
    /** @type {unknown} */
    const paged = { ...rest, query: { ...filter, limit: 200, ...(cursor && { cursor }) } };
    const page = await ask("get", path, /** @type {Request<paths[P]["get"]>} */ (paged));
    const { items: some, next } = /** @type {{ items: unknown[], next: string | null }} */ (page);
    items.push(...some);
    if (next === null) return { ...page, items };
    cursor = next;
  }
}

/**
 * The URL of a resource of the API, such as a file to download.
 *
 * @param {keyof paths} path
 * @param {Record<string, string>} [names]
 * @param {object} [query]
 */
export function link(path, names = {}, query) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(names[name] ?? ""));
  const search = query instanceof URLSearchParams ? query : searchOf(query ?? {});
  return search.size ? `${filled}?${search}` : filled;
}

/** @param {object} query */
function searchOf(query) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== undefined && one !== null) search.append(name, one);
  }
  return search;
}

/**
 * @param {string} url
 * @param {RequestInit} init
 */
async function reach(url, init) {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Problem({});
  }
}

/**
 * Whether the request was aborted by its caller.
 *
 * @param {unknown} error
 */
export const aborted = (error) => error instanceof DOMException && error.name === "AbortError";

/**
 * The message of an error as a sentence.
 *
 * @param {unknown} error
 */
export function sentence(error) {
  const text = error instanceof Error ? error.message : String(error);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
