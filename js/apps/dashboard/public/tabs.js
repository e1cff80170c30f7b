/** Tabs as WAI-ARIA describes them: arrows move, the panel is drawn when it is first opened, the address keeps which. */
import { remember } from "./address.js";
import { h, newId } from "./dom.js";

/**
 * @param {{ label: string, name?: string, chosen?: string | null, items: { key: string, name: string, draw: (panel: HTMLElement) => void }[] }} options
 *   `name` is the address's parameter; without it nothing is remembered
 */
export function tabs({ label, name, chosen, items }) {
  const panels = items.map(() => h("div", { class: "tab-panel", role: "tabpanel", id: newId(), tabindex: "0" }));
  const drawn = new Set();
  const open = (/** @type {number} */ index, focus = true) => {
    buttons.forEach((button, other) => {
      button.setAttribute("aria-selected", String(other === index));
      button.tabIndex = other === index ? 0 : -1;
      /** @type {HTMLElement} */ (panels[other]).hidden = other !== index;
    });
    if (focus) buttons[index]?.focus();
    const item = items[index];
    if (item && !drawn.has(index)) item.draw(/** @type {HTMLElement} */ (panels[index]));
    drawn.add(index);
    if (name && focus) remember({ [name]: index === 0 ? "" : (item?.key ?? "") });
  };
  const buttons = items.map((item, index) => {
    const id = newId();
    panels[index]?.setAttribute("aria-labelledby", id);
    return h("button", { type: "button", role: "tab", id, "aria-controls": panels[index]?.id, click: () => open(index), keydown: (/** @type {KeyboardEvent} */ event) => {
      const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: items.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      open((to + items.length) % items.length);
    } }, item.name);
  });
  open(Math.max(0, items.findIndex(({ key }) => key === chosen)), false);
  return h("div", { class: "tab-set" }, h("div", { class: "tab-list", role: "tablist", "aria-label": label }, buttons), panels);
}
