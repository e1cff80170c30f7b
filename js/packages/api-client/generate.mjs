/** `node generate.mjs openapi.json`: prints the types of all operations, for `cargo xtask codegen`. */
import { readFileSync } from "node:fs";

/** @typedef {Record<string, any>} Schema */

const document = JSON.parse(readFileSync(/** @type {string} */ (process.argv[2]), "utf8"));
const PLACE = "#/components/schemas/";

/** @param {string} name */
const key = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

/** @param {string | undefined} text @param {string} indent */
const comment = (text, indent) => (text ? `${indent}/** ${text.replaceAll("*/", "* /").replaceAll(/\s+/g, " ").trim()} */\n` : "");

/** A schema as a type. @param {Schema | boolean | undefined} schema @param {string} indent @returns {string} */
function type(schema, indent) {
  if (schema === undefined || schema === true) return "unknown";
  if (schema === false) return "never";
  const parts = [];
  if (schema.$ref) parts.push(schema.$ref.slice(PLACE.length));
  for (const all of schema.allOf ?? []) parts.push(bracketed(type(all, indent)));
  for (const word of ["anyOf", "oneOf"]) {
    if (schema[word]) parts.push(bracketed(union(schema[word].map((/** @type {Schema} */ one) => type(one, indent)))));
  }
  const own = plain(schema, indent);
  if (own !== undefined) parts.push(parts.length > 0 ? bracketed(own) : own);
  return parts.length > 0 ? parts.join(" & ") : "unknown";
}

/** @param {string[]} types */
const union = (types) => [...new Set(types)].join(" | ");

/** @param {string} text */
const bracketed = (text) => (/ \| /.test(text) && !/^[{[(]/.test(text) ? `(${text})` : text);

/** What a schema says of itself. @param {Schema} schema @param {string} indent */
function plain(schema, indent) {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return union(schema.enum.map((/** @type {unknown} */ one) => JSON.stringify(one)));
  if (schema.type === undefined) return schema.properties ? object(schema, indent) : undefined;
  return union([schema.type].flat().map((word) => named(word, schema, indent)));
}

/** @param {string} word @param {Schema} schema @param {string} indent */
function named(word, schema, indent) {
  switch (word) {
    case "object":
      return object(schema, indent);
    case "array":
      return schema.prefixItems ? `[${schema.prefixItems.map((/** @type {Schema} */ one) => type(one, indent)).join(", ")}]` : `${wrapped(type(schema.items, indent))}[]`;
    case "integer":
      return "number";
    default:
      return word;
  }
}

/** @param {string} text */
const wrapped = (text) => (/[|&]/.test(text) ? `(${text})` : text);

/** @param {Schema} schema @param {string} indent */
function object(schema, indent) {
  const required = new Set(schema.required ?? []);
  const deeper = `${indent}  `;
  const members = Object.entries(schema.properties ?? {}).map(
    ([name, member]) => `${comment(member.description, deeper)}${deeper}${key(name)}${required.has(name) ? "" : "?"}: ${type(member, deeper)};\n`,
  );
  const more = schema.additionalProperties;
  if (members.length === 0) return more === false ? "Record<string, never>" : `Record<string, ${type(more ?? true, indent)}>`;
  if (more === true || typeof more === "object") members.push(`${deeper}[name: string]: unknown;\n`);
  return `{\n${members.join("")}${indent}}`;
}

/** What an operation has to be given. @param {Schema} operation */
function request(operation) {
  /** @type {Record<string, Schema[]>} */
  const places = { path: [], query: [] };
  for (const parameter of operation.parameters ?? []) places[parameter.in]?.push(parameter);
  const members = Object.entries(places)
    .filter(([, parameters]) => parameters.length > 0)
    .map(([place, parameters]) => {
      const properties = Object.fromEntries(parameters.map(({ name, schema, description }) => [name, { ...schema, description }]));
      const required = parameters.filter((parameter) => parameter.required).map(({ name }) => name);
      return `    ${place}${required.length > 0 ? "" : "?"}: ${object({ properties, required, additionalProperties: undefined }, "    ")};\n`;
    });
  const body = operation.requestBody?.content["application/json"].schema;
  if (body !== undefined) members.push(`    body: ${type(body, "    ")};\n`);
  return members.length > 0 ? `{\n${members.map((member) => member.replaceAll("\n", "\n  ").replace(/^/, "  ").trimEnd()).join("\n")}\n    }` : "{}";
}

/** What an operation answers when all is well. @param {Schema} operation */
function answer(operation) {
  const answers = Object.entries(operation.responses).filter(([status]) => status.startsWith("2"));
  return union(answers.map(([, { content }]) => (content ? type(content["application/json"]?.schema ?? { type: "string" }, "    ") : "undefined")));
}

const lines = ["// Made by `cargo xtask codegen` from spec/openapi.json: not to be changed by hand.\n"];
for (const [name, schema] of Object.entries(document.components.schemas)) {
  lines.push(`${comment(schema.description, "")}export type ${name} = ${type(schema, "")};\n`);
}
lines.push("/** Every operation of the server API: what it has to be given and what it answers. */\nexport interface Operations {");
for (const [path, methods] of Object.entries(document.paths)) {
  for (const [method, operation] of Object.entries(/** @type {Record<string, Schema>} */ (methods))) {
    lines.push(`${comment(operation.summary, "  ")}  "${method.toUpperCase()} ${path.replace("/api/v1", "")}": {\n    request: ${request(operation)};\n    answer: ${answer(operation)};\n  };`);
  }
}
lines.push("}\n");
process.stdout.write(lines.join("\n"));
