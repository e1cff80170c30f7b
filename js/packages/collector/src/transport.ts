import { attempt } from "./guard.ts";

/** A request that takes longer is given up and tried again. */
const PATIENCE = 30_000;

type Reply = any;

/**
 * One POST: text without headers of its own, so that no preflight happens. The body is read to the
 * end even when nobody wants it, because the browser counts an unread one against later requests.
 * Without `stop`, the request outlives the page. `done` gets status 0 without an answer, the wait that `Retry-After` asks for, and the JSON.
 */
export const post = (url: string, body: string, stop: AbortSignal | undefined, done: (status: number, wait: number, reply?: Reply) => void): void => {
  const abort = new AbortController();
  const giveUp = (): void => abort.abort();
  const patience = setTimeout(giveUp, PATIENCE);
  stop?.addEventListener("abort", giveUp);
  const send = async (): Promise<[number, number, Reply]> => {
    const response = await fetch(url, { method: "POST", body, credentials: "include", keepalive: !stop, signal: abort.signal });
    const asked = response.headers.get("Retry-After") || "";
    const wait = +asked * 1000 || Date.parse(asked) - Date.now() || 0;
    const text = await response.text();
    return [response.status, wait, attempt(() => JSON.parse(text))];
  };
  send()
    .catch((): [number, number] => [0, 0])
    .then((answer) => {
      clearTimeout(patience);
      stop?.removeEventListener("abort", giveUp);
      attempt(() => done(...(answer as [number, number, Reply])));
    });
};
