/** The server API: the only thing this dashboard talks to, and only on its own origin. */
import { space } from "./session.js";

export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {Record<string, any>} [details] what programs may go by */
  constructor(status, code, message, details = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/**
 * @param {string} path below `/api/v1/`
 * @param {{ method?: string, body?: unknown, signal?: AbortSignal }} [options]
 * @returns {Promise<any>}
 */
export async function api(path, { method = "GET", body, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = { accept: "application/json", ...picked() };
  if (body !== undefined) headers["content-type"] = "application/json";
  let response;
  try {
    response = await fetch(`/api/v1/${path}`, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "unreachable", "The server does not answer. Is headwater still running?");
  }
  if (response.status === 204) return undefined;
  const answer = await response.json().catch(() => undefined);
  if (!response.ok) throw refused(response, answer);
  return answer;
}

/** A file of the server API. @param {string} path @param {AbortSignal} signal @returns {Promise<Blob>} */
export async function file(path, signal) {
  const response = await fetch(`/api/v1/${path}`, { headers: picked(), signal });
  if (!response.ok) throw refused(response, await response.json().catch(() => undefined));
  return response.blob();
}

/** @returns {Record<string, string>} */
function picked() {
  const id = space();
  return id ? { "headwater-space": id } : {};
}

/** @param {Response} response @param {any} answer */
function refused(response, answer) {
  const error = answer?.error ?? {};
  const id = response.headers.get("x-request-id");
  const message = error.message ?? `The server answered ${response.status}.`;
  return new ApiError(response.status, error.code ?? "error", id && response.status >= 500 ? `${message} (request ${id})` : message, error.details);
}

/**
 * A list from its beginning, over as many pages as it takes, up to `most` rows.
 *
 * @param {string} path @param {AbortSignal} signal @param {number} [most]
 * @returns {Promise<{ data: any[], complete: boolean }>}
 */
export async function all(path, signal, most = 500) {
  /** @type {any[]} */
  const data = [];
  let cursor;
  do {
    const page = await api(withQuery(path, { limit: 500, cursor }), { signal });
    data.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor && data.length < most);
  return { data, complete: !cursor };
}

/** What went wrong, in words. @param {unknown} error */
export function words(error) {
  return error instanceof Error ? error.message : String(error);
}

/** @param {string} path @param {Record<string, string | number | null | undefined>} query */
export function withQuery(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

/**
 * Follows server-sent events. `fetch` rather than `EventSource`, so that the picked space travels in a header. Comes back by itself after a broken connection.
 *
 * @param {string} path
 * @param {{ signal: AbortSignal, message: (data: any) => void, state: (state: "connecting" | "open" | "broken") => void }} options
 */
export async function follow(path, { signal, message, state }) {
  let wait = 500;
  while (!signal.aborted) {
    state("connecting");
    try {
      const response = await fetch(`/api/v1/${path}`, { headers: { accept: "text/event-stream", ...picked() }, signal });
      if (response.status === 401 || response.status === 403) return state("broken");
      if (response.ok && response.body) {
        state("open");
        wait = 500;
        await readEvents(response.body, message);
      }
    } catch {
      // Broken off: tried again below.
    }
    if (signal.aborted) return;
    state("broken");
    await new Promise((done) => setTimeout(done, wait));
    wait = Math.min(wait * 2, 10_000);
  }
}

/** @param {ReadableStream<Uint8Array>} body @param {(data: any) => void} message */
async function readEvents(body, message) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += decoder.decode(value, { stream: true }).replaceAll("\r\n", "\n");
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = block
        .split("\n")
        .filter((line) => line.startsWith("data:"))
        .map((line) => line.slice(5).trimStart())
        .join("\n");
      if (data) read(data, message);
    }
  }
}

/** @param {string} data @param {(data: any) => void} message */
function read(data, message) {
  try {
    message(JSON.parse(data));
  } catch {
    // One line that is not JSON must not end the stream.
  }
}
