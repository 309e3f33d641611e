// Steps of a new source: connector, data and field mapping.

import { ask, askAll } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { count } from "../../core/format.js";
import { choices, chosen } from "../../widgets/form.js";
import { fieldsForm } from "./fields-form.js";
import { nested } from "./settings-form.js";
import { streamForm } from "./stream-form.js";

/** @import { Flow, Step } from "./define.js" */

/** The description of each protocol. @type {Record<string, string>} */
const PROTOCOLS = {
  http: "A JSON or CSV list that is read over HTTPS.",
  airbyte: "An Airbyte connector.",
  singer: "A Singer tap.",
};

/** @type {Step} */
export const CONNECTOR = {
  title: "Connector",
  summary: ({ connector }) => connector,
  async open(flow) {
    const { items } = await askAll("/v1/connectors", { signal: flow.signal });
    const hint = h("p", { class: "hint" }, "Need another system? Ask your administrator to add a connector.");
    if (items.length === 0) return h("div", { class: "stack" }, h("p", {}, "No connectors yet."), hint);
    const first = items.some(({ name }) => name === flow.draft.connector) ? flow.draft.connector : items[0]?.name ?? "";
    const fieldset = choices("Connector", items.map(({ name, protocol }) => [name, name, PROTOCOLS[protocol] ?? protocol]), first);
    return form(flow, [fieldset, hint], () => {
      const connector = chosen(fieldset);
      if (connector !== flow.draft.connector) {
        flow.change({ connector, settings: {}, secret: false, stream: "", cursor: "", mapped: { targets: {}, id: "", overwrite: "own" } });
        Object.assign(flow.known, { setup: null, streams: null, sample: null });
        flow.known.secrets.clear();
      }
      return true;
    });
  },
};

/** @type {Step} */
export const STREAM = {
  title: "Data",
  summary: ({ stream, mode, cursor }) => [stream, mode === "full" ? "everything, each time" : `only changes${cursor ? `, by ${cursor}` : ""}`].filter(Boolean).join(" · "),
  async open(flow) {
    const { draft, known, signal } = flow;
    known.streams ??= (await ask("post", "/v1/connectors/{name}/discover", { path: { name: draft.connector }, body: { settings: await settings(flow) }, signal })).items;
    if (known.streams.length === 0) return h("p", { class: "muted" }, "The system has no data to read. Check the connection settings.");
    const part = streamForm(known.streams, draft, (chosen) => flow.change(chosen.stream === draft.stream ? chosen : { ...chosen, mapped: { targets: {}, id: "", overwrite: draft.mapped.overwrite } }));
    return form(flow, [part.element], () => {
      flow.change(part.read());
      return true;
    });
  },
};

/** @type {Step} */
export const FIELDS = {
  title: "Field mapping",
  summary: ({ mapped }) => count(Object.values(mapped.targets).filter(Boolean).length, "field"),
  async open(flow) {
    const { draft, known, signal } = flow;
    if (known.sampled !== draft.stream) known.sample = null;
    const [sample, { items: fields }] = await Promise.all([
      known.sample ?? settings(flow).then((settings) => ask("post", "/v1/connectors/{name}/sample", { path: { name: draft.connector }, body: { settings, stream: draft.stream }, signal })),
      askAll("/v1/fields", { signal }),
    ]);
    Object.assign(known, { sample, sampled: draft.stream });
    const shown = fields.filter(({ archived }) => !archived);
    const part = fieldsForm(sample, draft.mapped, shown, (mapped) => flow.change({ mapped }));
    return form(flow, [part.element], () => {
      flow.change({ mapped: part.read() });
      return part.fits();
    });
  },
};

/**
 * The settings for a request to a connector.
 *
 * @param {Flow} flow
 */
export async function settings({ draft, known, signal }) {
  known.setup ??= await ask("get", "/v1/connectors/{name}", { path: { name: draft.connector }, signal });
  return nested(known.setup, draft.settings, known.secrets);
}

/**
 * The form of a step: its button continues, unless `leave` returns false.
 *
 * @param {Flow} flow
 * @param {import("../../core/dom.js").Child[]} children
 * @param {() => boolean | Promise<boolean>} leave
 */
export function form(flow, children, leave) {
  const button = h("button", { class: "primary" }, "Continue");
  return h("form", { class: "stack", autocomplete: "off", onsubmit: async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      if (await leave()) flow.next();
    } finally {
      button.disabled = false;
    }
  } }, children, h("div", { class: "row" }, button));
}
