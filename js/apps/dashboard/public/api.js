/** The server API: the only thing this dashboard talks to, and only on its own origin. */
import { address, ApiError, client, refused } from "./api-client.js";
import { space } from "./session.js";
import { t } from "./words.js";

/** @typedef {import("@headwater/api-client").Operations} Operations */

export { ApiError };

/** Calls an operation by its name, with types: `GET /audiences/{id}`. */
export const call = client({ headers: picked });

/** A file of the server API. @param {string} path @param {AbortSignal} signal @returns {Promise<Blob>} */
export async function file(path, signal) {
  const response = await fetch(`/api/v1/${path}`, { headers: picked(), signal });
  if (!response.ok) throw refused(response, await response.json().catch(() => undefined));
  return response.blob();
}

/** The space in which one works, of a member who may work in several. @returns {Record<string, string>} */
function picked() {
  const id = space();
  return id ? { "headwater-space": id } : {};
}

/**
 * A list from its beginning, over as many pages as it takes, up to `most` rows, with types.
 *
 * @template {keyof Operations} K
 * @param {K} operation @param {import("@headwater/api-client").Request<K>} given @param {number} [most]
 * @returns {Promise<{ data: import("@headwater/api-client").Row<K>[], complete: boolean }>}
 */
export async function rows(operation, given, most = 500) {
  const data = [];
  /** @type {import("@headwater/api-client").Given} */
  const asked = given;
  let cursor;
  do {
    const page = /** @type {any} */ (await call(operation, /** @type {any} */ ({ ...asked, query: { ...asked.query, limit: 500, cursor } })));
    data.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor && data.length < most);
  return { data, complete: !cursor };
}

/** What went wrong, in words. @param {unknown} error */
export function words(error) {
  if (error instanceof ApiError && error.code === "unreachable") return t("api.unreachable");
  if (error instanceof ApiError && error.code === "error") return t("api.answered", { status: error.status });
  return error instanceof Error ? error.message : String(error);
}

/** A path with what is given of its query. @type {(path: string, query: Record<string, string | number | null | undefined>) => string} */
export const withQuery = (path, query) => address(path, {}, query);

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
