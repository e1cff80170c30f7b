import { api } from "../api.js";
import { h, newId } from "../dom.js";
import { number } from "../format.js";
import { conditionRow, expressionOf } from "./condition.js";
import { sentence } from "./definition.js";
import { avatar, personName } from "./people.js";

/** @typedef {import("./condition.js").Condition} Condition */

/** @param {import("../app.js").Screen} screen */
export function audienceBuilderView({ place, signal }) {
  /** @type {Condition[]} */
  const conditions = [newCondition()];
  let mode = "all";
  const id = newId();

  const name = h("input", { id, required: true, placeholder: "Sneaker fans", autocomplete: "off" });
  const rows = h("div", { class: "conditions" });
  const modeChoice = h("select", { "aria-label": "How the conditions combine", change: () => {
    mode = modeChoice.value;
    changed();
  } }, h("option", { value: "all" }, "all"), h("option", { value: "any" }, "any"));
  const preview = h("div", { class: "card preview" });
  const reads = h("p", { class: "rule" });
  const raw = h("pre", { class: "code", tabindex: "0" });
  const error = h("p", { class: "form-error", role: "alert" });
  const save = h("button", { type: "submit", class: "button button-main" }, "Save audience");

  const definition = () => {
    const parts = conditions.map(expressionOf).filter(Boolean);
    return parts.length === 1 ? parts[0] : { [mode]: parts };
  };
  const complete = () => conditions.length > 0 && conditions.every((condition) => expressionOf(condition));
  const changed = () => {
    reads.textContent = complete() ? `People who ${sentence(definition())}.` : "Fill in the conditions to see who is meant.";
    raw.textContent = complete() ? JSON.stringify(definition(), null, 2) : "";
    count.ask(complete() ? definition() : undefined);
  };
  const draw = () => {
    rows.replaceChildren(...conditions.map((condition, index) => conditionRow(condition, {
      first: index === 0,
      joiner: mode === "all" ? "and" : "or",
      changed,
      redraw: () => {
        draw();
        changed();
      },
      remove: conditions.length === 1 ? undefined : () => {
        conditions.splice(index, 1);
        draw();
        changed();
      },
    })));
  };
  const count = livePreview(preview, signal);

  place.append(
    h("p", { class: "crumbs" }, h("a", { href: "#/audiences" }, "Audiences")),
    h("div", { class: "head" }, h("h1", {}, "New audience")),
    h(
      "form",
      { class: "builder", submit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        if (!complete()) {
          error.textContent = "A condition is not finished yet.";
          return;
        }
        save.disabled = true;
        error.textContent = "";
        try {
          const made = await api("audiences", { method: "POST", body: { name: name.value.trim(), definition: definition() } });
          location.hash = `#/audiences/${made.id}`;
        } catch (problem) {
          error.textContent = problem instanceof Error ? problem.message : String(problem);
          save.disabled = false;
        }
      } },
      h(
        "div",
        { class: "card builder-main" },
        h("label", { for: id }, "Name"),
        name,
        h("p", { class: "builder-lead" }, "People for whom ", modeChoice, " of these are true:"),
        rows,
        h("p", {}, h("button", { type: "button", class: "button", click: () => {
          conditions.push(newCondition());
          draw();
          changed();
          /** @type {HTMLElement | null} */ (rows.lastElementChild?.querySelector("select"))?.focus();
        } }, "Add a condition")),
        reads,
        error,
        h("p", { class: "row-actions" }, save, h("a", { class: "button", href: "#/audiences" }, "Cancel")),
      ),
      h("div", { class: "builder-side" }, preview, h("details", { class: "raw" }, h("summary", {}, "Definition as JSON"), raw)),
    ),
  );
  draw();
  changed();
  name.focus();
}

/** @returns {Condition} */
function newCondition() {
  return { kind: "event", event: "", negated: false, where: [], times: "3", within: "30d", key: "", operator: "eq", value: "" };
}

/** Asks while the rule is edited: after a pause, and only the newest question counts. @param {HTMLElement} place @param {AbortSignal} signal */
function livePreview(place, signal) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asking = new AbortController();
  const figure = h("p", { class: "big", role: "status" }, "–");
  const note = h("p", { class: "quiet" }, "people match now");
  const sample = h("ul", { class: "sample", role: "list" });
  place.append(h("h2", {}, "Preview"), figure, note, sample);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    asking.abort();
  });
  return {
    /** @param {unknown} definition */
    ask(definition) {
      clearTimeout(timer);
      asking.abort();
      asking = new AbortController();
      const { signal: newest } = asking;
      if (!definition) {
        figure.textContent = "–";
        note.textContent = "people match now";
        sample.replaceChildren();
        return;
      }
      timer = setTimeout(async () => {
        place.setAttribute("aria-busy", "true");
        try {
          const answer = await api("audiences/preview", { method: "POST", body: { definition }, signal: newest });
          figure.textContent = number(answer.count);
          note.textContent = answer.count === 1 ? "person matches now" : "people match now";
          sample.replaceChildren(...(answer.sample ?? []).slice(0, 6).map(person));
        } catch (problem) {
          if (newest.aborted) return;
          figure.textContent = "–";
          note.textContent = problem instanceof Error ? problem.message : String(problem);
          sample.replaceChildren();
        } finally {
          place.removeAttribute("aria-busy");
        }
      }, 300);
    },
  };
}

/** @param {any} one */
function person(one) {
  const profile = { traits: {}, ...one };
  return h("li", {}, h("a", { class: "row-link", href: `#/people/${encodeURIComponent(one.id)}` }, avatar(profile), h("span", {}, personName(profile))));
}
