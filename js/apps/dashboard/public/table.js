/**
 * A list of rows: filter, order, pages by cursor, a choice of columns, keyboard, and the rows as a file. What is chosen is in the
 * address.
 *
 * @template T
 * @typedef {{ key: string, name: string, cell: (row: T) => import("./dom.js").Child | import("./dom.js").Child[], text: (row: T) => string | number, num?: boolean, off?: boolean }} Column
 *   `text` is what it is filtered, ordered and written by; `off` until somebody wants it
 */
import { remember } from "./address.js";
import { words } from "./api.js";
import { h } from "./dom.js";
import { csv, download } from "./export.js";
import { toast } from "./toast.js";
import { t } from "./words.js";

/** A file has no more rows than this. */
const MOST = 10_000;

/**
 * @template T
 * @param {{
 *   label: string, file: string, columns: Column<T>[], first: { data: T[], next_cursor?: string | null }, query: URLSearchParams,
 *   next?: (cursor: string) => Promise<{ data: T[], next_cursor?: string | null }>, filter?: boolean
 * }} options `next` reads the page after the first
 */
export function table({ label, file, columns, first, query, next, filter = true }) {
  let rows = first.data;
  let cursor = first.next_cursor ?? undefined;
  let text = query.get("filter") ?? "";
  let order = query.get("sort") ?? "";
  const hidden = new Set(query.has("without") ? (query.get("without") ?? "").split(",") : columns.filter(({ off }) => off).map(({ key }) => key));
  const shownColumns = () => columns.filter(({ key }) => !hidden.has(key));

  const shown = () => {
    const wanted = text.trim().toLowerCase();
    const found = wanted ? rows.filter((row) => columns.some((column) => String(column.text(row)).toLowerCase().includes(wanted))) : [...rows];
    const column = columns.find(({ key }) => key === order.replace(/^-/, ""));
    if (!column) return found;
    const way = order.startsWith("-") ? -1 : 1;
    return found.sort((a, b) => {
      const [one, other] = [column.text(a), column.text(b)];
      return way * (typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other)));
    });
  };

  const head = h("tr");
  const body = h("tbody", { keydown: walk });
  const count = h("p", { class: "quiet table-count", role: "status" });
  const more = h("button", { type: "button", class: "button", click: () => void load() }, t("table.more"));
  const search = h("input", { type: "search", placeholder: t("table.filter"), "aria-label": t("table.filter_of", { label }), value: text, input: () => {
    text = search.value;
    remember({ filter: text });
    draw();
  } });

  const draw = () => {
    head.replaceChildren(...shownColumns().map((column) => {
      const way = order === column.key ? "ascending" : order === `-${column.key}` ? "descending" : undefined;
      const sort = h("button", { type: "button", class: "sort", click: () => {
        order = way === "ascending" ? `-${column.key}` : way === "descending" ? "" : column.key;
        remember({ sort: order });
        draw();
        /** @type {HTMLElement | null} */ (head.querySelector(`[data-column="${column.key}"]`))?.focus();
      }, "data-column": column.key }, column.name, h("span", { "aria-hidden": "true" }, way === "ascending" ? "↑" : way === "descending" ? "↓" : ""));
      return h("th", { scope: "col", class: column.num ? "num" : null, "aria-sort": way }, sort);
    }));
    const some = shown();
    body.replaceChildren(...some.map((row) => h("tr", {}, shownColumns().map((column, index) => (index === 0 ? h("th", { scope: "row" }, column.cell(row)) : h("td", { class: column.num ? "num" : null }, column.cell(row)))))));
    count.textContent = some.length === rows.length ? t("table.count", { count: rows.length, more: String(Boolean(cursor)) }) : t("table.matching", { some: some.length, count: rows.length, more: String(Boolean(cursor)) });
    more.hidden = !cursor;
  };

  const load = async () => {
    if (!cursor || !next) return;
    more.disabled = true;
    try {
      const page = await next(cursor);
      rows = [...rows, ...page.data];
      cursor = page.next_cursor ?? undefined;
      draw();
    } catch (error) {
      toast(words(error));
    }
    more.disabled = false;
  };

  const write = async (/** @type {"csv" | "json"} */ kind) => {
    while (cursor && next && rows.length < MOST) {
      const before = rows.length;
      await load();
      if (rows.length === before) return;
    }
    const some = shown();
    if (kind === "json") download(`${file}.json`, "application/json", JSON.stringify(some, null, 2));
    else download(`${file}.csv`, "text/csv", csv(shownColumns().map(({ name }) => name), some.map((row) => shownColumns().map((column) => column.text(row)))));
    toast(t("table.written", { count: some.length, file: `${file}.${kind}`, more: String(Boolean(cursor)), most: MOST }));
  };

  const chooser = h(
    "details",
    { class: "drop" },
    h("summary", { class: "button" }, t("table.columns")),
    h("div", { class: "drop-in" }, columns.slice(1).map((column) => h("label", {}, h("input", { type: "checkbox", checked: !hidden.has(column.key), change: (/** @type {any} */ event) => {
      if (event.target.checked) hidden.delete(column.key);
      else hidden.add(column.key);
      remember({ without: [...hidden].join(",") });
      draw();
    } }), column.name))),
  );
  const files = h("details", { class: "drop" }, h("summary", { class: "button" }, t("table.export")), h("div", { class: "drop-in" }, h("button", { type: "button", class: "link-button", click: () => void write("csv") }, t("table.as_csv")), h("button", { type: "button", class: "link-button", click: () => void write("json") }, t("table.as_json"))));
  for (const drop of [chooser, files]) {
    drop.addEventListener("keydown", (event) => {
      if (/** @type {KeyboardEvent} */ (event).key !== "Escape") return;
      drop.open = false;
      drop.querySelector("summary")?.focus();
    });
  }
  draw();
  return h(
    "div",
    { class: "data-table" },
    h("div", { class: "tools" }, filter && search, columns.length > 2 && chooser, files),
    h("div", { class: "card flush scroll", tabindex: "0", role: "region", "aria-label": label }, h("table", { class: "table" }, h("thead", {}, head), body)),
    h("div", { class: "table-foot" }, count, more),
  );
}

/** Arrows, or j and k, walk from row to row; Enter follows the row's link as ever. @param {KeyboardEvent} event */
function walk(event) {
  const way = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling", j: "nextElementSibling", k: "previousElementSibling" }[event.key];
  if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = /** @type {HTMLElement} */ (event.target).closest("tr");
  const to = /** @type {any} */ (row)?.[way]?.querySelector("a, button");
  if (!to) return;
  event.preventDefault();
  to.focus();
}
