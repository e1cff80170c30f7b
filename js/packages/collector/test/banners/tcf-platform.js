// A consent platform on the IAB's own libraries: keeps a TC string, asks, lets the visitor change their mind.
import { CmpApi } from "@iabtcf/cmpapi";
import { GVL, TCModel, TCString } from "@iabtcf/core";

const ids = (count) => Array.from({ length: count }, (_, at) => at + 1);
const named = (count) => Object.fromEntries(ids(count).map((id) => [id, { id, name: `${id}`, description: "", illustrations: [] }]));
const vendor = { id: 7, name: "Seven", purposes: ids(10), legIntPurposes: [], flexiblePurposes: [], specialPurposes: [], features: [], specialFeatures: [], urls: [] };
const list = {
  gvlSpecificationVersion: 3,
  vendorListVersion: 1,
  tcfPolicyVersion: 5,
  lastUpdated: "2026-01-01T00:00:00Z",
  purposes: named(11),
  specialPurposes: named(3),
  features: named(3),
  specialFeatures: named(2),
  stacks: {},
  dataCategories: {},
  vendors: { 7: vendor },
};
const KEPT = "platform";
const encode = (purposes, vendors) => {
  const model = new TCModel(new GVL(list));
  Object.assign(model, { cmpId: 2, cmpVersion: 1, isServiceSpecific: true });
  model.purposeConsents.set(purposes);
  model.vendorConsents.set(vendors);
  return TCString.encode(model);
};

const api = new CmpApi(2, 1, true);
window.platform = {
  /** Not for visitors of this place. */
  notHere: () => api.update(null),
  ask: () => api.update(localStorage.getItem(KEPT) || "", true),
  choose: (purposes, vendors = []) => {
    const text = encode(purposes, vendors);
    localStorage.setItem(KEPT, text);
    api.update(text, false);
    return text;
  },
};
if (!window.platformWaits) {
  if (localStorage.getItem(KEPT)) api.update(localStorage.getItem(KEPT), false);
  else window.platform.ask();
}
