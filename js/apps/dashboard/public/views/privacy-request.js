/** One privacy request: what is to do next, how far each store is, and the receipt. */
import { call, file, words } from "../api.js";
import { h } from "../dom.js";
import { inOneLine, moment, number, plain } from "../format.js";
import { loaded } from "../states.js";
import { t } from "../words.js";
import { confirmDialog } from "./confirm-dialog.js";
import { reasonDialog, verifyDialog } from "./privacy-dialogs.js";
import { ABOUT, dueNote, isOpen, KINDS, METHODS, stateBadge, storeName, subjectText } from "./privacy-words.js";

/** @typedef {import("@headwater/api-client").PrivacyRequest} Request */

/** How often a request that runs is read again. */
const AGAIN = 700;

/** @param {import("../app.js").Screen} screen */
export function requestView({ place, signal, parts: [, , id = ""] }) {
  const path = { id };
  const title = h("h1", {}, t("privacy.privacy_request"));
  const told = h("p", { role: "status", class: "replay-result" });
  const body = h("div", { class: "stack" });
  place.append(h("p", { class: "crumbs" }, h("a", { href: "#/privacy" }, t("privacy.privacy_requests"))), h("div", { class: "head" }, title), told, body);

  const load = () => loaded(body, signal, () => call("GET /privacy/requests/{id}", { path, signal }), (request) => {
    title.textContent = KINDS[request.kind] ?? request.kind;
    document.title = t("privacy.document_title", { title: title.textContent ?? "" });
    if (request.state === "running") setTimeout(() => !signal.aborted && void again(), AGAIN);
    return [summary(request), steps(request), request.progress.length > 0 && progress(request), Boolean(request.receipt) && receipt(request)].filter((node) => node instanceof Node);
  });
  /** Reads again without a flash of nothing, and keeps the focus where it is. */
  async function again() {
    try {
      const request = await call("GET /privacy/requests/{id}", { path, signal });
      if (request.state !== "running") return void load();
      const shown = body.querySelector(".privacy-progress");
      if (shown) shown.replaceWith(progress(request));
      else return void load();
    } catch {
      // Read again below; a server that is away may come back.
    }
    if (!signal.aborted) setTimeout(() => void again(), AGAIN);
  }

  /** @param {HTMLButtonElement} button @param {"start" | "cancel" | "lift"} what @param {string} text */
  async function press(button, what, text) {
    button.disabled = true;
    told.textContent = "";
    try {
      await call(`POST /privacy/requests/{id}/${what}`, { path });
      told.textContent = text;
      await load();
    } catch (error) {
      told.textContent = words(error);
      button.disabled = false;
    }
  }

  /** @param {Request} request */
  function summary(request) {
    const fact = (/** @type {string} */ name, /** @type {import("../dom.js").Child} */ value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
    const changes = Object.entries(request.changes ?? {}).map(([name, value]) => (value === null ? t("privacy.name_goes", { name }) : `${name} = ${plain(value)}`));
    return h("section", { class: "card stack", "aria-label": t("privacy.summary") },
      h("p", { class: "plan-state" }, stateBadge(request.state), isOpen(request) && dueNote(request), h("span", { class: "quiet" }, ABOUT[request.kind])),
      h("dl", { class: "facts privacy-facts" },
        fact(t("privacy.person"), subjectText(request)),
        changes.length > 0 && fact(t("privacy.corrections"), inOneLine(changes)),
        fact(t("privacy.received"), moment(request.created_at)),
        fact(t("privacy.answer_due"), t(request.extended ? "privacy.due_extended" : "privacy.due_by", { at: moment(request.due_at), regime: request.regime.toUpperCase() })),
        request.verification && fact(t("privacy.identity_checked"), checkedWords(request.verification)),
        request.note && fact(t("privacy.note"), request.note),
        request.reason && fact(t("privacy.reason"), request.reason)));
  }

  /** @param {Request} request */
  function steps(request) {
    const button = (/** @type {string} */ name, /** @type {string} */ look, /** @type {(button: HTMLButtonElement) => void} */ act) => {
      const node = h("button", { type: "button", class: `button ${look}`, click: () => act(node) }, name);
      return node;
    };
    const actions = [];
    if (request.state === "received") actions.push(button(t("privacy.identity_was_checked"), "button-main", () => verifyDialog(id, () => void load())));
    if (request.state === "verified") actions.push(start(request, button));
    if (request.state === "received" || request.state === "verified") {
      if (!request.extended) actions.push(button(t("privacy.take_more_time"), "", () => reasonDialog({ title: t("privacy.take_more_time"), button: t("privacy.extend"), hint: t("privacy.the_requester_has_to_be"), id, act: "extend", done: () => void load() })));
      actions.push(button(t("privacy.refuse"), "", () => reasonDialog({ title: t("privacy.refuse_the_request"), button: t("privacy.refuse"), hint: t("privacy.what_the_requester_is_told"), danger: true, id, act: "refuse", done: () => void load() })));
      actions.push(button(t("privacy.taken_back"), "", (node) => press(node, "cancel", t("privacy.the_request_is_cancelled"))));
    }
    if (request.state === "done" && (request.kind === "access" || request.kind === "portability")) actions.push(button(t("privacy.download_the_archive"), "button-main", fetchArchive));
    if (request.state === "done" && request.kind === "restriction") actions.push(button(t("privacy.lift_the_restriction"), "", (node) => press(node, "lift", t("privacy.the_restriction_is_lifted_the"))));
    const now = ["received", "verified", "running", "done"].indexOf(request.state);
    const names = [t("privacy.received"), t("privacy.identity_checked"), t("privacy.carried_out"), t("privacy.answered")];
    return h("section", { class: "card stack", "aria-label": t("privacy.steps") },
      now >= 0 && h("ol", { class: "privacy-steps" }, names.map((name, at) => h("li", { class: at < now || now === 3 ? "step-done" : "", "aria-current": at === now && now < 3 ? "step" : null }, name))),
      actions.length > 0 && h("div", { class: "row-actions" }, actions));
  }

  /** @param {Request} request @param {(name: string, look: string, act: (button: HTMLButtonElement) => void) => HTMLButtonElement} button */
  function start(request, button) {
    if (request.kind !== "erasure") return button(request.kind === "restriction" ? t("privacy.restrict") : request.kind === "rectification" ? t("privacy.correct") : t("privacy.answer_it"), "button-main", (node) => press(node, "start", t("privacy.it_is_done")));
    return button(t("privacy.erase_this_person"), "button-danger", () => confirmDialog({
      title: t("privacy.erase_title"),
      text: t("privacy.erase_text", { person: subjectText(request) }),
      button: t("privacy.erase_for_good"),
      act: async () => {
        await call("POST /privacy/requests/{id}/start", { path });
        await load();
      },
    }));
  }

  /** @param {HTMLButtonElement} button */
  async function fetchArchive(button) {
    button.disabled = true;
    told.textContent = t("privacy.the_archive_is_being_made");
    try {
      const address = URL.createObjectURL(await file(`privacy/requests/${encodeURIComponent(id)}/archive`, signal));
      const link = h("a", { href: address, download: "what-is-held-of-you.zip" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      told.textContent = t("privacy.the_archive_is_downloaded");
    } catch (error) {
      if (!signal.aborted) told.textContent = words(error);
    }
    button.disabled = false;
  }

  return void load();
}

/** How identity was checked. @param {NonNullable<Request["verification"]>} verification */
function checkedWords({ method, by }) {
  const how = METHODS[method] ?? method;
  return by ? t("privacy.checked_by", { how, by }) : how;
}

/** How far a store is. @type {Record<string, string>} */
const PROGRESS = { waiting: t("privacy.store_waiting"), running: t("privacy.store_running"), done: t("privacy.store_done") };

/** @param {Request} request */
function progress(request) {
  const done = request.progress.filter((one) => one.state === "done").length;
  const word = request.kind === "erasure" ? t("privacy.erased") : t("privacy.found");
  return h("section", { class: "card stack privacy-progress", "aria-label": t("privacy.progress") },
    h("div", { class: "head-small" }, h("h2", {}, t("privacy.store_by_store")), h("span", { class: "quiet" }, t("privacy.stores_done", { done, count: request.progress.length }))),
    h("progress", { max: request.progress.length, value: done, "aria-label": t("privacy.stores_that_are_done") }),
    h("div", { class: "scroll-x", tabindex: 0, role: "region", "aria-label": t("privacy.stores") }, h("table", { class: "table sums" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("privacy.store")), h("th", { scope: "col" }, t("privacy.state")), h("th", { scope: "col", class: "num" }, word))),
      h("tbody", {}, request.progress.map((one) => h("tr", {}, h("th", { scope: "row" }, storeName(one.store)), h("td", { class: one.state === "done" ? "" : "quiet" }, PROGRESS[one.state] ?? one.state), h("td", { class: "num" }, number(one.count))))))));
}

/** @param {Request} request */
function receipt(request) {
  const text = JSON.stringify(request.receipt, null, 2);
  return h("section", { class: "card stack", "aria-label": t("privacy.receipt") },
    h("h2", {}, t("privacy.receipt")),
    h("p", { class: "quiet" }, t("privacy.what_was_done_when_and")),
    h("pre", { class: "code", tabindex: 0 }, text));
}
