/** The catalogue of words: read, checked and made ready for browsers. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, TYPE } from "@formatjs/icu-messageformat-parser";

/** @typedef {import("@formatjs/icu-messageformat-parser").MessageFormatElement} Element */
/** @typedef {Record<string, string | Element[]>} Messages a text where there is nothing to fill in */

/** @param {string} folder @returns {Messages} by key, out of every file of the folder */
export function catalogue(folder) {
  /** @type {Messages} */
  const messages = {};
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json")).sort()) {
    for (const [key, message] of entries(join(folder, file))) {
      if (key in messages) throw new Error(`${file}: “${key}” is there twice.`);
      messages[key] = read(key, message);
    }
  }
  return messages;
}

/** The keys of a file with their messages, those that are there twice too. @param {string} path @returns {[string, string][]} */
export function entries(path) {
  const text = readFileSync(path, "utf8");
  const kept = Object.keys(JSON.parse(text)).length;
  const found = [...text.matchAll(/^\s*("(?:[^"\\]|\\.)*")\s*:\s*("(?:[^"\\]|\\.)*")/gm)].map(([, key = "", message = ""]) => [JSON.parse(key), JSON.parse(message)]);
  if (found.length < kept) throw new Error(`${path}: write one message a line, each a text.`);
  return /** @type {[string, string][]} */ (found);
}

/** @param {string} key @param {string} message */
function read(key, message) {
  try {
    const parts = parse(message, { requiresOtherClause: true });
    if (parts.length === 0) return "";
    return parts.length === 1 && parts[0]?.type === TYPE.literal ? parts[0].value : parts;
  } catch (error) {
    throw new Error(`“${key}” cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** What each message has to be given, as types. @param {Messages} messages */
export function declarations(messages) {
  const lines = Object.entries(messages).map(([key, message]) => {
    /** @type {Map<string, string>} */
    const values = new Map();
    if (typeof message !== "string") collect(message, values);
    return `  ${JSON.stringify(key)}: { ${[...values].map(([name, kind]) => `${JSON.stringify(name)}: ${JSON.stringify(kind)}`).join("; ")} };`;
  });
  return `/** What each message has to be given: made by build.mjs from public/words. */
export interface Messages {
${lines.join("\n")}
}
export const messages: Record<keyof Messages, string | Element[]>;
export type Element = { type: number; value: string; options?: Record<string, { value: Element[] }>; children?: Element[] };
export type Part = { type: 0; value: string } | { type: 1; value: unknown };
export function formatToParts(message: Element[], locales: string[], formatters: object, formats: object, values: object): Part[];
`;
}

/** @param {Element[]} parts @param {Map<string, string>} values */
function collect(parts, values) {
  for (const part of parts) {
    if (part.type === TYPE.argument || part.type === TYPE.select) {
      if (!values.has(part.value)) values.set(part.value, "text");
    } else if (part.type === TYPE.tag) values.set(part.value, "tag");
    else if (part.type !== TYPE.literal && part.type !== TYPE.pound) values.set(part.value, "number");
    if (part.type === TYPE.select || part.type === TYPE.plural) for (const { value } of Object.values(part.options)) collect(value, values);
    if (part.type === TYPE.tag) collect(part.children, values);
  }
}
