/** For how long events are kept: rules, what they would delete now, and the last deletion. */
import { api, words } from "../api.js";
import { h } from "../dom.js";
import { moment, number, plural } from "../format.js";
import { loaded } from "../states.js";

const TYPES = [["", "Every type"], ["track", "track"], ["page", "page"], ["screen", "screen"], ["identify", "identify"], ["group", "group"], ["alias", "alias"]];
const AGAIN = 700;

/** @param {HTMLElement} body @param {import("../app.js").Screen} screen */
export function retentionView(body, { signal }) {
  const told = h("p", { role: "status", class: "replay-result" });
  const place = h("div", { class: "stack" });
  body.append(h("p", { class: "lead" }, "Events that are older than their rule says are deleted every day, with the traits that rest on nothing else. The most exact rule counts; without one an event stays."), told, place);
  const load = () => loaded(place, signal, () => api("privacy/retention", { signal }), draw);

  /** @param {any} data */
  function draw({ rules, last_run: run }) {
    const rows = h("tbody", {}, rules.map(row));
    const none = h("p", { class: "quiet" }, "No rule yet: every event stays.");
    const counted = () => (none.hidden = rows.children.length > 0);
    const add = h("button", { type: "button", class: "button", click: () => {
      rows.append(row({ days: 365 }));
      counted();
      rows.lastElementChild?.querySelector("select")?.focus();
    } }, "Add rule");
    counted();
    /** @param {any} rule */
    function row(rule) {
      const line = h("tr", {},
        h("td", {}, h("select", { "aria-label": "Type" }, TYPES.map(([value, name]) => h("option", { value, selected: value === (rule.type ?? "") }, name)))),
        h("td", {}, h("input", { "aria-label": "Event name", value: rule.event ?? "", placeholder: "every name", autocomplete: "off" })),
        h("td", {}, h("input", { "aria-label": "Days", class: "privacy-days", type: "number", min: 1, max: 36_500, value: rule.days, required: true })),
        h("td", {}, h("button", { type: "button", class: "button", click: () => {
          line.remove();
          counted();
          add.focus();
        } }, "Remove")));
      return line;
    }
    const read = () => ({ rules: [...rows.children].map((line) => {
      const [type, event, days] = [...line.querySelectorAll("select, input")].map((field) => /** @type {HTMLInputElement} */ (field).value.trim());
      return { ...(type ? { type } : {}), ...(event ? { event } : {}), days: Number(days) };
    }) });
    const press = (/** @type {string} */ name, /** @type {string} */ look, /** @type {() => Promise<string>} */ act) => {
      const button = h("button", { type: "button", class: `button ${look}`, click: async () => {
        button.disabled = true;
        told.textContent = "";
        try {
          told.textContent = await act();
        } catch (error) {
          told.textContent = words(error);
        }
        button.disabled = false;
      } }, name);
      return button;
    };
    if (run?.state === "running") setTimeout(() => !signal.aborted && void load(), AGAIN);
    return [
      h("section", { class: "card stack", "aria-label": "Rules" },
        none,
        h("div", { class: "scroll-x", tabindex: 0, role: "region", "aria-label": "Retention rules" }, h("table", { class: "table privacy-rules" },
          h("thead", {}, h("tr", {}, ["Type", "Event", "Days"].map((name) => h("th", { scope: "col" }, name)), h("th", { scope: "col" }, h("span", { class: "sr" }, "Action")))), rows)),
        h("div", { class: "row-actions" },
          add,
          press("Preview", "", async () => {
            const { events, complete } = await api("privacy/retention/preview", { method: "POST", body: read() });
            return `${plural(events, "event")} would go now${complete ? "" : ", of the youngest million"}. Nothing was changed.`;
          }),
          press("Save rules", "button-main", async () => {
            await api("privacy/retention", { method: "PUT", body: read() });
            return "Saved. What is too old goes within a day.";
          }))),
      h("section", { class: "card stack", "aria-label": "Last deletion" },
        h("h2", {}, "Last deletion"),
        run ? h("p", {}, run.state === "running" ? `Running: ${number(run.position)} of ${number(run.until)} places of the log, ${plural(run.deleted, "event")} deleted so far.` : `${plural(run.deleted, "event")} deleted, ended ${moment(run.ended_at)}.`) : h("p", { class: "quiet" }, "Nothing was deleted yet."),
        h("div", { class: "row-actions" }, press("Delete now what is too old", "", async () => {
          await api("privacy/retention/run", { method: "POST", body: {} });
          await load();
          return "It has begun.";
        }))),
    ];
  }
  void load();
}
