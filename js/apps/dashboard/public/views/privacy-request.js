/** One privacy request: what is to do next, how far each store is, and the receipt. */
import { api, file, words } from "../api.js";
import { h } from "../dom.js";
import { moment, number, plain } from "../format.js";
import { loaded } from "../states.js";
import { confirmDialog } from "./confirm-dialog.js";
import { reasonDialog, verifyDialog } from "./privacy-dialogs.js";
import { ABOUT, dueNote, isOpen, KINDS, METHODS, stateBadge, storeName, subjectText } from "./privacy-words.js";

/** How often a request that runs is read again. */
const AGAIN = 700;

/** @param {import("../app.js").Screen} screen */
export function requestView({ place, signal, parts }) {
  const path = `privacy/requests/${encodeURIComponent(parts[2] ?? "")}`;
  const title = h("h1", {}, "Privacy request");
  const told = h("p", { role: "status", class: "replay-result" });
  const body = h("div", { class: "stack" });
  place.append(h("p", { class: "crumbs" }, h("a", { href: "#/privacy" }, "Privacy requests")), h("div", { class: "head" }, title), told, body);

  const load = () => loaded(body, signal, () => api(path, { signal }), (request) => {
    title.textContent = KINDS[request.kind] ?? request.kind;
    document.title = `${title.textContent} · Headwater`;
    if (request.state === "running") setTimeout(() => !signal.aborted && void again(), AGAIN);
    return [summary(request), steps(request), request.progress.length > 0 && progress(request), request.receipt && receipt(request)].filter((node) => node instanceof Node);
  });
  /** Reads again without a flash of nothing, and keeps the focus where it is. */
  async function again() {
    try {
      const request = await api(path, { signal });
      if (request.state !== "running") return void load();
      const shown = body.querySelector(".privacy-progress");
      if (shown) shown.replaceWith(progress(request));
      else return void load();
    } catch {
      // Read again below; a server that is away may come back.
    }
    if (!signal.aborted) setTimeout(() => void again(), AGAIN);
  }

  /** @param {HTMLButtonElement} button @param {string} what @param {string} text */
  async function press(button, what, text) {
    button.disabled = true;
    told.textContent = "";
    try {
      await api(`${path}/${what}`, { method: "POST", body: {} });
      told.textContent = text;
      await load();
    } catch (error) {
      told.textContent = words(error);
      button.disabled = false;
    }
  }

  /** @param {any} request */
  function summary(request) {
    const fact = (/** @type {string} */ name, /** @type {import("../dom.js").Child} */ value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
    const changes = Object.entries(request.changes ?? {}).map(([name, value]) => (value === null ? `${name} goes` : `${name} = ${plain(value)}`));
    return h("section", { class: "card stack", "aria-label": "Summary" },
      h("p", { class: "plan-state" }, stateBadge(request.state), isOpen(request) && dueNote(request), h("span", { class: "quiet" }, ABOUT[request.kind])),
      h("dl", { class: "facts privacy-facts" },
        fact("Person", subjectText(request)),
        changes.length > 0 && fact("Corrections", changes.join(", ")),
        fact("Received", moment(request.created_at)),
        fact("Answer due", `${moment(request.due_at)} (${request.regime.toUpperCase()}${request.extended ? ", extended" : ""})`),
        request.verification && fact("Identity checked", `${METHODS[request.verification.method] ?? request.verification.method}${request.verification.by ? `, by ${request.verification.by}` : ""}`),
        request.note && fact("Note", request.note),
        request.reason && fact("Reason", request.reason)));
  }

  /** @param {any} request */
  function steps(request) {
    const button = (/** @type {string} */ name, /** @type {string} */ look, /** @type {(button: HTMLButtonElement) => void} */ act) => {
      const node = h("button", { type: "button", class: `button ${look}`, click: () => act(node) }, name);
      return node;
    };
    const actions = [];
    if (request.state === "received") actions.push(button("Identity was checked", "button-main", () => verifyDialog(path, load)));
    if (request.state === "verified") actions.push(start(request, button));
    if (request.state === "received" || request.state === "verified") {
      if (!request.extended) actions.push(button("Take more time", "", () => reasonDialog({ title: "Take more time", button: "Extend", hint: "The requester has to be told why.", path: `${path}/extend`, done: load })));
      actions.push(button("Refuse", "", () => reasonDialog({ title: "Refuse the request", button: "Refuse", hint: "What the requester is told.", danger: true, path: `${path}/refuse`, done: load })));
      actions.push(button("Taken back", "", (node) => press(node, "cancel", "The request is cancelled.")));
    }
    if (request.state === "done" && (request.kind === "access" || request.kind === "portability")) actions.push(button("Download the archive", "button-main", fetchArchive));
    if (request.state === "done" && request.kind === "restriction") actions.push(button("Lift the restriction", "", (node) => press(node, "lift", "The restriction is lifted: the person's data is used again.")));
    const now = ["received", "verified", "running", "done"].indexOf(request.state);
    const names = ["Received", "Identity checked", "Carried out", "Answered"];
    return h("section", { class: "card stack", "aria-label": "Steps" },
      now >= 0 && h("ol", { class: "privacy-steps" }, names.map((name, at) => h("li", { class: at < now || now === 3 ? "step-done" : "", "aria-current": at === now && now < 3 ? "step" : null }, name))),
      actions.length > 0 && h("div", { class: "row-actions" }, actions));
  }

  /** @param {any} request @param {(name: string, look: string, act: (button: HTMLButtonElement) => void) => HTMLButtonElement} button */
  function start(request, button) {
    if (request.kind !== "erasure") return button(request.kind === "restriction" ? "Restrict" : request.kind === "rectification" ? "Correct" : "Answer it", "button-main", (node) => press(node, "start", "It is done."));
    return button("Erase this person", "button-danger", () => confirmDialog({
      title: "Erase this person?",
      text: `Everything of ${subjectText(request)} goes, in every store, and whatever comes later for them is refused. This cannot be undone.`,
      button: "Erase for good",
      act: async () => {
        await api(`${path}/start`, { method: "POST", body: {} });
        await load();
      },
    }));
  }

  /** @param {HTMLButtonElement} button */
  async function fetchArchive(button) {
    button.disabled = true;
    told.textContent = "The archive is being made…";
    try {
      const address = URL.createObjectURL(await file(`${path}/archive`, signal));
      const link = h("a", { href: address, download: "what-is-held-of-you.zip" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      told.textContent = "The archive is downloaded.";
    } catch (error) {
      if (!signal.aborted) told.textContent = words(error);
    }
    button.disabled = false;
  }

  return void load();
}

/** @param {any} request */
function progress(request) {
  const done = request.progress.filter((/** @type {any} */ one) => one.state === "done").length;
  const word = request.kind === "erasure" ? "Erased" : "Found";
  return h("section", { class: "card stack privacy-progress", "aria-label": "Progress" },
    h("div", { class: "head-small" }, h("h2", {}, "Store by store"), h("span", { class: "quiet" }, `${number(done)} of ${number(request.progress.length)}`)),
    h("progress", { max: request.progress.length, value: done, "aria-label": "Stores that are done" }),
    h("div", { class: "scroll-x", tabindex: 0, role: "region", "aria-label": "Stores" }, h("table", { class: "table sums" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Store"), h("th", { scope: "col" }, "State"), h("th", { scope: "col", class: "num" }, word))),
      h("tbody", {}, request.progress.map((/** @type {any} */ one) => h("tr", {}, h("th", { scope: "row" }, storeName(one.store)), h("td", { class: one.state === "done" ? "" : "quiet" }, one.state), h("td", { class: "num" }, number(one.count))))))));
}

/** @param {any} request */
function receipt(request) {
  const text = JSON.stringify(request.receipt, null, 2);
  return h("section", { class: "card stack", "aria-label": "Receipt" },
    h("h2", {}, "Receipt"),
    h("p", { class: "quiet" }, "What was done, when, and on whose check. It names nobody; its hash shows a change."),
    h("pre", { class: "code", tabindex: 0 }, text));
}
