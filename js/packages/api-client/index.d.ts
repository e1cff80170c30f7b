import type { Operations } from "./operations.js";

export type * from "./operations.js";

/** What the server refused, or that it did not answer (status 0). */
export class ApiError extends Error {
  constructor(status: number, code: string, message: string, details?: Record<string, any>);
  status: number;
  code: string;
  details: Record<string, any>;
}

/** What a call is given, whatever its operation. */
export interface Given {
  path?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** What an operation has to be given. */
export type Request<K extends keyof Operations> = Operations[K]["request"] & Pick<Given, "headers" | "signal">;

/** What an operation answers. */
export type Answer<K extends keyof Operations> = Operations[K]["answer"];

/** A row of a list. */
export type Row<K extends keyof Operations> = Answer<K> extends { data: (infer T)[] } ? T : never;

/** Calls an operation. */
export type Call = <K extends keyof Operations>(
  operation: K,
  ...given: Record<string, never> extends Request<K> ? [given?: Request<K>] : [given: Request<K>]
) => Promise<Answer<K>>;

/**
 * A way to call the server: its address (that of the page when absent), a token (a browser of a member has a cookie instead), and
 * headers of every call.
 */
export function client(options: { base?: string; token?: string; headers?: () => Record<string, string>; fetch?: typeof fetch }): Call;

/** The error of an answer that is none of success. */
export function refused(response: Response, answer: any): ApiError;

/** Where a call goes, below `/api/v1`. */
export function address(template: string, path?: Record<string, string>, query?: Record<string, unknown>): string;
