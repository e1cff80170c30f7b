// A consent platform on the IAB's own GPP library: keeps a GPP string, asks, lets the visitor change their mind.
import { CmpApi } from "@iabgpp/cmpapi";

const KEPT = "platform";
const api = new CmpApi(31, 2);
const ready = () => {
  api.setCmpDisplayStatus("hidden");
  api.setSignalStatus("ready");
};
window.platform = {
  api,
  sections: (ids) => api.setApplicableSections(ids),
  ask: () => {
    api.setSignalStatus("not ready");
    api.setCmpDisplayStatus("visible");
  },
  /** `fields` of a section, such as `{ SaleOptOut: 1 }`. */
  choose: (section, fields) => {
    for (const name of Object.keys(fields)) api.setFieldValue(section, name, fields[name]);
    localStorage.setItem(KEPT, api.getGppString());
    api.fireSectionChange(section);
    ready();
  },
  ready,
};
api.setSupportedAPIs(["6:uspv1", "7:usnat", "8:usca"]);
api.setApplicableSections(window.platformSections || [7]);
api.setCmpStatus("loaded");
if (localStorage.getItem(KEPT)) {
  api.setGppString(localStorage.getItem(KEPT));
  ready();
}
