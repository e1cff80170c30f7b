/** For how long events are kept: rules, what they would delete now, and the last deletion. */
import { call, words } from "../api.js";
import { h } from "../dom.js";
import { moment, number } from "../format.js";
import { loaded } from "../states.js";
import { t } from "../words.js";

/** @typedef {import("@headwater/api-client").RetentionRule} Rule */

const TYPES = [["", t("privacy.every_type")], ["track", t("privacy.type_track")], ["page", t("privacy.type_page")], ["screen", t("privacy.type_screen")], ["identify", t("privacy.type_identify")], ["group", t("privacy.type_group")], ["alias", t("privacy.type_alias")]];
const AGAIN = 700;

/** @param {HTMLElement} body @param {import("../app.js").Screen} screen */
export function retentionView(body, { signal }) {
  const told = h("p", { role: "status", class: "replay-result" });
  const place = h("div", { class: "stack" });
  body.append(h("p", { class: "lead" }, t("privacy.events_that_are_older_than")), told, place);
  const load = () => loaded(place, signal, () => call("GET /privacy/retention", { signal }), draw);

  /** @param {import("@headwater/api-client").EventRetention} data */
  function draw({ rules, last_run: run }) {
    const rows = h("tbody", {}, rules.map(row));
    const none = h("p", { class: "quiet" }, t("privacy.no_rule_yet_every_event"));
    const counted = () => (none.hidden = rows.children.length > 0);
    const add = h("button", { type: "button", class: "button", click: () => {
      rows.append(row({ days: 365 }));
      counted();
      rows.lastElementChild?.querySelector("select")?.focus();
    } }, t("privacy.add_rule"));
    counted();
    /** @param {Rule} rule */
    function row(rule) {
      const line = h("tr", {},
        h("td", {}, h("select", { "aria-label": t("privacy.type") }, TYPES.map(([value, name]) => h("option", { value, selected: value === (rule.type ?? "") }, name)))),
        h("td", {}, h("input", { "aria-label": t("privacy.event_name"), value: rule.event ?? "", placeholder: t("privacy.every_name"), autocomplete: "off" })),
        h("td", {}, h("input", { "aria-label": t("privacy.days"), class: "privacy-days", type: "number", min: 1, max: 36_500, value: rule.days, required: true })),
        h("td", {}, h("button", { type: "button", class: "button", click: () => {
          line.remove();
          counted();
          add.focus();
        } }, t("privacy.remove"))));
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
      h("section", { class: "card stack", "aria-label": t("privacy.rules") },
        none,
        h("div", { class: "scroll-x", tabindex: 0, role: "region", "aria-label": t("privacy.retention_rules") }, h("table", { class: "table privacy-rules" },
          h("thead", {}, h("tr", {}, [t("privacy.type"), t("privacy.event"), t("privacy.days")].map((name) => h("th", { scope: "col" }, name)), h("th", { scope: "col" }, h("span", { class: "sr" }, t("privacy.action"))))), rows)),
        h("div", { class: "row-actions" },
          add,
          press(t("privacy.preview"), "", async () => {
            const { events, complete } = await call("POST /privacy/retention/preview", { body: read() });
            return t(complete ? "privacy.would_go" : "privacy.would_go_youngest", { events });
          }),
          press(t("privacy.save_rules"), "button-main", async () => {
            await call("PUT /privacy/retention", { body: read() });
            return t("privacy.saved_what_is_too_old");
          }))),
      h("section", { class: "card stack", "aria-label": t("privacy.last_deletion") },
        h("h2", {}, t("privacy.last_deletion")),
        run ? h("p", {}, run.state === "running" ? t("privacy.deletion_running", { position: run.position, until: run.until, deleted: run.deleted }) : t("privacy.deletion_ended", { deleted: run.deleted, ended_at: moment(run.ended_at) })) : h("p", { class: "quiet" }, t("privacy.nothing_was_deleted_yet")),
        h("div", { class: "row-actions" }, press(t("privacy.delete_now_what_is_too"), "", async () => {
          await call("POST /privacy/retention/run");
          await load();
          return t("privacy.it_has_begun");
        }))),
    ];
  }
  void load();
}
