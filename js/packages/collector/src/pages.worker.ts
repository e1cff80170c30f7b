// The half of the edge worker that is JavaScript: pages are filled by the runtime's own streaming parser, by the same rule
// as in the page. `edge-worker/build.mjs` bundles it; `edge-worker/src/cloudflare/pages.rs` calls it.
import type { Decision } from "../index.d.ts";
import { DECIDED, FILL, MARK, PARTS, VARIANT, fillPart, isProgram, type Part } from "./fields.ts";

interface Streamed extends Part {
  setAttribute(name: string, value: string): void;
  setInnerContent(content: string, options: { html: boolean }): void;
  onEndTag(handler: () => void): void;
}
declare class HTMLRewriter {
  on(selector: string, handlers: { element(element: Streamed): void }): this;
  transform(page: Response): Response;
}

interface Way {
  fetch(request: Request): Promise<Response>;
}

/** Headers by which a browser asks whether the page that it has is still the page; nobody knows that of a filled one. */
const CONDITIONS = ["if-none-match", "if-modified-since"];
/** What the runtime takes off a page before it is read, and puts on again. */
const CODINGS = ["br", "gzip"];
/** Tells the edge that it is asked by itself. */
const LOOP = "x-headwater-pages";

/** Headers that say how long others may keep a page, or whether it changed: nothing of that holds for a filled one. */
const SHARED = ["etag", "last-modified", "expires", "age", "content-length", "accept-ranges", "content-digest", "repr-digest", "cdn-cache-control", "cloudflare-cdn-cache-control", "surrogate-control"];

/**
 * Asks the site for what the visitor asked for: the same path at `origin` and nowhere else, whatever the path is. `filling` is
 * whether the answer may be filled. Redirects are the visitor's to follow.
 */
export async function ask(request: Request, origin: string, way: Way | undefined, filling: boolean): Promise<Response> {
  const here = new URL(request.url);
  const there = new URL(origin);
  there.pathname = here.pathname;
  there.search = here.search;
  const asked = new Request(new Request(there.href, request), { redirect: "manual" });
  const { headers } = asked;
  headers.set(LOOP, "1");
  headers.set("x-forwarded-host", here.host);
  headers.set("x-forwarded-proto", here.protocol.slice(0, -1));
  const caller = headers.get("cf-connecting-ip");
  if (caller) headers.set("x-forwarded-for", caller);
  else headers.delete("x-forwarded-for");
  if (filling) {
    for (const name of CONDITIONS) headers.delete(name);
    const accepted = headers.get("accept-encoding") ?? "";
    headers.set("accept-encoding", CODINGS.filter((coding) => accepted.includes(coding)).join(", ") || "identity");
  }
  const answer = await (way ?? globalThis).fetch(asked);
  const location = answer.headers.get("location");
  if (!location?.startsWith(there.origin) || !URL.canParse(location)) return answer;
  // Who follows it should come through here again.
  const target = new URL(location);
  if (target.origin !== there.origin) return answer;
  const moved = new Response(answer.body, answer);
  moved.headers.set("location", here.origin + target.href.slice(target.origin.length));
  return moved;
}

/** Whether an answer is a page that can be filled: HTML, whole, and in a coding that can be taken off. */
export function isPage({ status, headers, body }: Response): boolean {
  const coding = headers.get("content-encoding");
  return status === 200 && !!body && /^text\/html\b/i.test(headers.get("content-type") ?? "") && (!coding || CODINGS.includes(coding.toLowerCase()));
}

/**
 * The page with its placements filled, for whom the decisions were made and nobody else. `decisions` is JSON, by placement;
 * `base` is the page's address.
 */
export function fill(page: Response, decisions: string, base: string): Response {
  const decided = new Map<string, Decision>(Object.entries(JSON.parse(decisions)));
  /** What is open at this point of the page: the fields of each placement, or nothing where it shows its default. */
  const open: (object | undefined)[] = [];

  const part = {
    element(element: Streamed): void {
      const fields = open[open.length - 1];
      if (!fields) return;
      fillPart(element, fields, base, {
        text: (text) => element.setInnerContent(source(text), { html: true }),
        address: (name, address) => element.setAttribute(name, source(address)),
      });
    },
  };
  const placement = {
    element(element: Streamed): void {
      try {
        element.onEndTag(() => void open.pop());
      } catch {
        // Without an end tag there is nothing inside.
        return;
      }
      open.push(undefined);
      const decision = decided.get(element.getAttribute(MARK)!);
      if (!decision || isProgram(element) || element.getAttribute(FILL) === "page") return;
      const { value, ...told } = decision;
      element.setAttribute(DECIDED, source(JSON.stringify(told)));
      if (told.variant == null || value == null) return;
      element.setAttribute(VARIANT, source(told.variant));
      if (typeof value === "object") open[open.length - 1] = value;
      else element.setInnerContent(source(String(value)), { html: true });
    },
  };
  const rewriter = new HTMLRewriter();
  // Before the placements, because an element that is one is a part of the placement around it.
  for (const selector of PARTS) rewriter.on(selector, part);
  const filled = rewriter.on(`[${MARK}]`, placement).transform(page);
  const answer = new Response(filled.body, filled);
  for (const name of SHARED) answer.headers.delete(name);
  answer.headers.set("cache-control", "private, no-store");
  return answer;
}

/**
 * A text as the source of a page: no markup, whatever it is, and right in any encoding that pages have, since all that is not
 * plain ASCII is written as a number.
 */
function source(text: string): string {
  // A number of the first or second block of controls means another character, or none.
  const plain = text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, "\ufffd");
  return plain.replace(/[&<>"'`\r\n]|[^\0-\x7f]/gu, (letter) => {
    const code = letter.codePointAt(0)!;
    return `&#${code >= 0xd800 && code <= 0xdfff ? 0xfffd : code};`;
  });
}
