/** Rows as a file. */

/** A cell that a spreadsheet would take for a formula is text. @param {unknown} value */
export function csvCell(value) {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** @param {string[]} head @param {unknown[][]} rows */
export function csv(head, rows) {
  return [head, ...rows].map((row) => row.map(csvCell).join(",")).join("\r\n").concat("\r\n");
}

/** Hands a text to the browser as a file. @param {string} name @param {string} type @param {string} text */
export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
