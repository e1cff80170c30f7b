import assert from "node:assert/strict";
import { test } from "node:test";
import { csv, csvCell } from "../public/export.js";

test("a cell that a spreadsheet would run is text", () => {
  for (const begin of ["=", "+", "-", "@", "\t", "\r"]) assert.ok(csvCell(`${begin}SUM(A1)`).replace(/^"/, "").startsWith("'"), JSON.stringify(begin));
  assert.equal(csvCell("plain"), "plain");
  assert.equal(csvCell(null), "");
});

test("commas, quotes and lines stay inside their cell", () => {
  assert.equal(csv(["a", "b"], [['says "hi", twice', "one\ntwo"]]), 'a,b\r\n"says ""hi"", twice","one\ntwo"\r\n');
});
