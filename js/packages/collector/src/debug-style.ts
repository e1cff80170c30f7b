/** How the debug panel looks, whatever the page around it looks like. */
export const STYLE = `
:host {
  all: initial;
  position: fixed; z-index: 2147483647; inset: auto 16px 16px auto;
  width: 400px; max-width: calc(100vw - 32px);
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1a1f24; --quiet: #566069; --line: #dde2e6; --wash: #f4f6f7; --focus: #0b62c4;
  --good: #0a5c36; --good-wash: #def3e6; --bad: #97201b; --bad-wash: #fbe4e2; --open: #4d565e; --open-wash: #e9edf0;
}
@media (prefers-color-scheme: dark) {
  :host {
    --paper: #16191d; --ink: #eceff1; --quiet: #a4afb8; --line: #343b42; --wash: #1f2429; --focus: #7db7ff;
    --good: #8fe0b1; --good-wash: #12392a; --bad: #ffb1ab; --bad-wash: #4a1a18; --open: #c3cbd2; --open-wash: #2d343a;
  }
}
:host([hidden]) { display: none; }
@media print { :host { display: none; } }
* { box-sizing: border-box; margin: 0; padding: 0; }
.panel {
  display: flex; flex-direction: column; max-height: min(640px, calc(100vh - 32px)); max-height: min(640px, calc(100dvh - 32px));
  overflow: hidden; background: var(--paper); color: var(--ink); border: 1px solid var(--line); border-radius: 12px;
  box-shadow: 0 1px 2px rgb(0 0 0 / 12%), 0 12px 32px rgb(0 0 0 / 22%);
  font: 13px/1.5 system-ui, sans-serif; text-align: start; outline: none;
}
header { display: flex; align-items: center; gap: 8px; padding: 6px 6px 6px 16px; border-bottom: 1px solid var(--line); }
h2 { font-size: 14px; font-weight: 650; }
.engine { flex: 1; min-width: 0; color: var(--quiet); font-size: 12px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.close { flex: none; width: 44px; height: 44px; border: 0; border-radius: 8px; background: none; color: var(--quiet); font: 15px/1 system-ui, sans-serif; cursor: pointer; }
.close::before { content: "\\2715" / ""; }
.close:hover { background: var(--wash); color: var(--ink); }
:focus-visible { outline: 2px solid var(--focus); outline-offset: -2px; }
.body { overflow-y: auto; overscroll-behavior: contain; }
details + details { border-top: 1px solid var(--line); }
summary { display: flex; align-items: center; gap: 8px; min-height: 40px; padding: 0 16px; cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::before { content: ""; width: 6px; height: 6px; border: solid var(--quiet); border-width: 0 1.5px 1.5px 0; transform: rotate(-45deg); }
details[open] > summary::before { transform: rotate(45deg) translate(-2px, -2px); }
h3 { font-size: 13px; font-weight: 600; }
.inside { padding: 0 16px 16px; display: grid; grid-template-columns: minmax(0, 1fr); gap: 10px; }
h4 { min-width: 0; font-size: 13px; font-weight: 600; overflow-wrap: anywhere; }
.line { display: flex; align-items: baseline; justify-content: space-between; gap: 12px; }
.name { min-width: 0; overflow-wrap: anywhere; }
.chip { flex: none; max-width: 60%; padding: 1px 8px; border-radius: 99px; font-size: 12px; font-weight: 550; overflow-wrap: anywhere; }
.chip.good { background: var(--good-wash); color: var(--good); }
.chip.bad { background: var(--bad-wash); color: var(--bad); }
.chip.open { background: var(--open-wash); color: var(--open); }
p.bad { color: var(--bad); }
p, li, dd { overflow-wrap: anywhere; }
.none, .evidence, li p { color: var(--quiet); }
.why li > p:first-child { color: var(--ink); }
code { font: 12px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
.list code { color: var(--quiet); font-size: 11px; }
dl { display: grid; gap: 2px; }
dl > div { display: grid; grid-template-columns: 88px minmax(0, 1fr); gap: 8px; }
dt { color: var(--quiet); }
.counts { grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 8px; }
.counts > div { display: flex; flex-direction: column-reverse; justify-content: flex-end; gap: 0; padding: 8px 10px; border-radius: 8px; background: var(--wash); }
.counts dd { font-size: 18px; line-height: 1.3; font-weight: 600; font-variant-numeric: tabular-nums; }
.counts dt { font-size: 11px; line-height: 1.3; }
table { width: 100%; border-collapse: collapse; }
th { padding: 4px 0; font-weight: 400; text-align: start; overflow-wrap: anywhere; }
td { padding: 4px 0; text-align: end; }
tr + tr > * { border-top: 1px solid var(--line); }
ol, ul { list-style: none; }
.list { display: grid; gap: 8px; }
.list > li + li { padding-top: 8px; border-top: 1px solid var(--line); }
article { display: grid; grid-template-columns: minmax(0, 1fr); gap: 8px; padding: 12px; border: 1px solid var(--line); border-radius: 8px; }
article > .evidence { font-size: 12px; }
.reasons { display: grid; gap: 2px; }
.why { display: grid; gap: 8px; padding: 8px 10px; border-radius: 6px; background: var(--wash); font-size: 12px; }
@media (max-width: 480px) {
  :host { inset: auto 0 0 0; width: auto; max-width: none; }
  .panel { max-height: 70vh; max-height: 70dvh; border-radius: 12px 12px 0 0; border-width: 1px 0 0; padding-bottom: env(safe-area-inset-bottom); }
}
@media (forced-colors: active) { .chip { border: 1px solid; } }
`;
