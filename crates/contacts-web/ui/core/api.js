// The API, typed by its own description.

/** @import { paths, components } from "../api.js" */

/** @typedef {components["schemas"]} Schemas */
/** @typedef {"get" | "post" | "put" | "patch" | "delete"} Method */

/**
 * @template O
 * @typedef {O extends { parameters: infer P } ? P : never} Parameters
 */
/**
 * What a request takes: what is in the path and the query, and the body.
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

/** An answer that is not what was asked for, with a sentence for people in `message`. */
export class Problem extends Error {
  /** @param {Partial<Schemas["Problem"]>} view */
  constructor(view) {
    super(view.detail ?? "the server cannot be reached");
    this.status = view.status ?? 0;
    this.code = view.code ?? "offline";
    this.errors = view.errors ?? [];
    this.current = view.current ?? null;
    this.contact = view.contact_id ?? null;
    this.count = view.count ?? null;
  }

  /** Whether the same request may succeed a while later. */
  get passes() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/**
 * Asks the API.
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
    headers: { ...(body !== undefined && !file && { "content-type": "application/json" }), ...headers },
    body: body === undefined ? null : file ? body : JSON.stringify(body),
    signal: signal ?? null,
    keepalive: keepalive ?? false,
    // What is to change one contact must not change the one that it was merged into.
    redirect: method === "get" ? "follow" : "manual",
  });
  if (response.type === "opaqueredirect") throw new Problem({ status: 308, code: "merged", detail: "this contact was merged into another" });
  if (response.ok) return /** @type {Answer<paths[P][M]>} */ (response.status === 204 ? undefined : await response.json());
  const problem = new Problem(await response.json().catch(() => ({ status: response.status, detail: "the server failed" })));
  if (problem.status === 401) dispatchEvent(new CustomEvent("signedout"));
  throw problem;
}

/**
 * The address of what the API has, such as a file to download.
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
 * Whether the request was given up by who asked.
 *
 * @param {unknown} error
 */
export const aborted = (error) => error instanceof DOMException && error.name === "AbortError";

/**
 * What to tell of an error: a sentence.
 *
 * @param {unknown} error
 */
export function sentence(error) {
  const text = error instanceof Error ? error.message : String(error);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
