// What of a decision's value goes where: one rule for the page (`placements.script.ts`) and for the worker that fills
// pages on their way through (`pages.worker.ts`).

/** What marks an element that a decision may fill; its value is the placement. */
export const MARK = "data-headwater-placement";
/** What the edge leaves on an element for which it has decided: the decision, without its value. */
export const DECIDED = "data-headwater-decision";
/** On an element that its page fills by itself it is `page`: the edge leaves it alone. */
export const FILL = "data-headwater-fill";
/** Where the variant's key stands for style sheets. */
export const VARIANT = "data-variant";
/** The parts of a placement, each with the attribute that names the field for it. */
export const PARTS = ["[data-field]", "[data-field-href]", "[data-field-src]"];

/** An element, in a page or on its way to one. */
export interface Part {
  readonly tagName: string;
  getAttribute(name: string): string | null;
}

/** How a part is filled where it is. */
export interface Pen {
  text(text: string): void;
  address(name: "href" | "src", address: string): void;
}

/** Elements whose contents or address a browser runs, applies, or resolves others by. */
const PROGRAMS = /^(script|style|link|base|object|embed|template|noscript|noembed|noframes|xmp|plaintext)$/i;

/** Whether nothing may be put into an element: what a marketer writes is no program. */
export const isProgram = (element: Part): boolean => PROGRAMS.test(element.tagName);

/** Puts into a part what the fields that it names have. */
export function fillPart(part: Part, value: object, base: string, pen: Pen): void {
  if (isProgram(part)) return;
  const named = (attribute: string): unknown => {
    const name = part.getAttribute(attribute);
    return name !== null && Object.prototype.hasOwnProperty.call(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  };
  const text = named("data-field");
  if (text != null) pen.text(String(text));
  for (const name of ["href", "src"] as const) {
    const address = named(`data-field-${name}`);
    if (isAddress(address, base)) pen.address(name, address);
  }
}

/** Whether a value is an address that a page may have: none that runs. */
function isAddress(value: unknown, base: string): value is string {
  if (typeof value !== "string") return false;
  try {
    return /^(https?|mailto|tel):$/.test(new URL(value, base).protocol);
  } catch {
    return false;
  }
}
