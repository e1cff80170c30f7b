import type { CapturedEvent, Headwater } from "../index.d.ts";
import { attempt, listen } from "./guard.ts";

/** What the edge says of counting where the visitor is. */
interface Settings {
  from: "refusal" | "start";
  events: string[];
  pages: string[];
}
type Early = unknown[][] & { edge?: { writeKey?: string; collectPurpose?: string; counting?: Settings } };

/** How long names are gathered for one request. */
const GATHER = 1_000;

// The edge puts this before the loader where a space counts visitors who do not agree. It sends names that the policy lists,
// each once for this page, and keeps nothing.
attempt(() => {
  const early = window.headwater as unknown as Early | undefined;
  const { writeKey, collectPurpose = "", counting } = (Array.isArray(early) && early.edge) || {};
  const script = document.currentScript as HTMLScriptElement | null;
  if (!early || !counting || !script) return;
  const host = (script.dataset["host"] || new URL(script.src).origin).replace(/\/+$/, "");
  const known: Record<"events" | "pages", Set<string>> = { events: new Set(counting.events), pages: new Set(counting.pages) };
  let waiting: Record<"events" | "pages", string[]> = { events: [], pages: [] };
  let timer: number | undefined;

  const consent = (): "granted" | "denied" | "pending" => {
    const states = (window.headwater as unknown as Headwater).consent();
    const needed = collectPurpose.split(" ").map((purpose) => states[purpose]);
    return needed.includes("denied") ? "denied" : needed.every((state) => state === "granted") ? "granted" : "pending";
  };

  const send = (): void => {
    const refused = consent() === "denied";
    const body = JSON.stringify({ writeKey, refused, ...waiting });
    waiting = { events: [], pages: [] };
    void fetch(host + "/v1/count", { method: "POST", body, credentials: "omit", referrerPolicy: "no-referrer", keepalive: true }).catch(() => {});
  };

  const look = (leaving: boolean): void => {
    const state = consent();
    if (state === "granted") {
      // What happened before is told by the events themselves.
      waiting = { events: [], pages: [] };
    } else if (waiting.events.length + waiting.pages.length && (state === "denied" || (leaving && counting.from === "start"))) {
      clearTimeout(timer);
      if (leaving) send();
      else timer = window.setTimeout(() => attempt(() => look(true)), GATHER);
    }
  };

  const captured = ({ type, event, properties }: CapturedEvent): void => {
    const kind = type === "page" ? "pages" : "events";
    const name = type === "page" ? properties?.["path"] : type === "track" && event;
    if (typeof name === "string" && consent() !== "granted" && known[kind].delete(name)) waiting[kind].push(name);
    look(false);
  };

  early.unshift(["on", "captured", captured], ["on", "consent", () => look(false)]);
  listen("pagehide", () => look(true));
});
