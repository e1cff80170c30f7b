/** Values of comparisons as they are typed into a field, and back. */

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/**
 * Numbers, yes or no and nothing (`true`, `false`, `null`) as such, JSON lists and objects too, everything else as text;
 * quotes force text.
 *
 * @param {string} text
 * @returns {unknown}
 */
export function literal(text) {
  const trimmed = text.trim();
  if (NUMBER.test(trimmed) || trimmed === "true" || trimmed === "false" || trimmed === "null" || /^(".*"|\[.*\]|\{.*\})$/s.test(trimmed)) {
    try {
      return JSON.parse(trimmed);
    } catch {
      return trimmed;
    }
  }
  return trimmed;
}

/** The text that {@link literal} reads as this value. @param {unknown} value */
export function literalText(value) {
  if (typeof value !== "string") return JSON.stringify(value);
  return value !== "" && literal(value) === value ? value : JSON.stringify(value);
}

/** Values between commas; a comma within quotes or brackets belongs to its value. @param {string} text */
export function literals(text) {
  const parts = text.match(/("(?:[^"\\]|\\.)*"|\[[^\]]*\]|\{[^}]*\}|[^,])+/g) ?? [];
  return parts.map((part) => part.trim()).filter(Boolean).map(literal);
}

/** @param {unknown[]} values */
export function literalsText(values) {
  return values.map((value) => (typeof value === "string" && value.includes(",") ? JSON.stringify(value) : literalText(value))).join(", ");
}

/** A length of time such as `30d`; weeks are told in days, as people set them. @param {string | undefined} text @returns {{ amount: string, unit: string } | undefined} */
export function spanParts(text) {
  const [, amount, unit] = /^(\d+)([smhdw])$/.exec(text ?? "") ?? [];
  if (!amount || !unit) return undefined;
  return unit === "w" ? { amount: String(Number(amount) * 7), unit: "d" } : { amount, unit };
}

/** @param {{ amount: string, unit: string }} parts @returns {string | undefined} nothing while it is no length of time */
export function spanText({ amount, unit }) {
  return /^[1-9]\d{0,8}$/.test(amount.trim()) ? `${amount.trim()}${unit}` : undefined;
}
