import { html } from "./html.js";

/** @param {string} path @param {string} [extra] */
function icon(path, extra = "") {
  const className = `icon ${extra}`.trim();
  return html`<svg class="${className}" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="${path}"/></svg>`;
}

export const bagIcon = icon("M6 8h12l1 12H5L6 8Zm3 0V7a3 3 0 0 1 6 0v1");
export const personIcon = icon("M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7 8c.6-3.6 3.4-5.5 7-5.5s6.4 1.9 7 5.5");
export const closeIcon = icon("M6 6l12 12M18 6 6 18");
export const arrowIcon = icon("M5 12h14m-5-5 5 5-5 5");
/** Headwater's mark: a drop that is also a spring with two streams. */
export const dropIcon = icon("M12 3c3.6 4.6 6 7.6 6 11a6 6 0 0 1-12 0c0-3.4 2.4-6.4 6-11Zm-3.4 11.6c1.2-1 2.2-1 3.4 0s2.2 1 3.4 0");
