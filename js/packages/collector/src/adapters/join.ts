import type { ConsentAdapter } from "../../index.d.ts";

/** Hands an adapter to the SDK, which may be here already or come later. */
export const join = (adapter: ConsentAdapter): void => {
  const sdk = ((window as { headwater?: unknown }).headwater ||= []) as { use?: (next: ConsentAdapter) => void; push(call: unknown[]): void };
  if (sdk.use) sdk.use(adapter);
  else sdk.push(["use", adapter]);
};

/** The `data-…` attributes of the script that runs. */
export const attributes = (): DOMStringMap => (document.currentScript as HTMLScriptElement | null)?.dataset || {};

/** `a=b,c d=e` as pairs of a name and its list; nothing where the attribute is missing. */
export const lists = (text: string | undefined): Record<string, string[]> | undefined =>
  text === undefined
    ? undefined
    : Object.fromEntries(
        text
          .split(/\s+/)
          .filter(Boolean)
          .map((pair) => pair.split("="))
          .map(([name = "", list = ""]) => [name, list.split(",").filter(Boolean)]),
      );

/** `a=b c=d` (or with commas between the pairs) as names and values. */
export const pairs = (text = ""): Record<string, string> =>
  Object.fromEntries(
    text
      .split(/[\s,]+/)
      .filter(Boolean)
      .map((pair) => pair.split("=") as [string, string]),
  );
