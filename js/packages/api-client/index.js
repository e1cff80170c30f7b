/**
 * Calls of the server API by the names that its description gives them: `GET /audiences/{id}`. What each takes and
 * answers is in `operations.d.ts`, which is made from `spec/openapi.json`.
 */

/** What the server refused, or that it did not answer (status 0). */
export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {Record<string, any>} [details] what programs may go by */
  constructor(status, code, message, details = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** Where a call goes. @param {string} template @param {Record<string, string>} [path] @param {Record<string, unknown>} [query] */
export function address(template, path = {}, query = {}) {
  const filled = template.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name] ?? ""));
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${filled}?${text}` : filled;
}

/** @type {typeof import("@headwater/api-client").client} */
export const client = ({ base = "", token, headers: always, fetch = globalThis.fetch.bind(globalThis) }) => async (operation, ...rest) => {
  const { path, query, body, headers: more, signal } = /** @type {import("@headwater/api-client").Given} */ (rest[0] ?? {});
  const [method, template] = /** @type {[string, string]} */ (operation.split(" "));
  /** @type {Record<string, string>} */
  const headers = { accept: "application/json", ...always?.(), ...more };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  let response;
  try {
    response = await fetch(`${base}/api/v1${address(template, path, query)}`, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "unreachable", "The server does not answer. Is headwater still running?");
  }
  if (response.status === 204) return undefined;
  const answer = await response.json().catch(() => undefined);
  if (!response.ok) throw refused(response, answer);
  return answer;
};

/** The error of an answer that is none of success. @param {Response} response @param {any} answer */
export function refused(response, answer) {
  const error = answer?.error ?? {};
  const id = response.headers.get("x-request-id");
  const message = error.message ?? `The server answered ${response.status}.`;
  return new ApiError(response.status, error.code ?? "error", id && response.status >= 500 ? `${message} (request ${id})` : message, error.details);
}
