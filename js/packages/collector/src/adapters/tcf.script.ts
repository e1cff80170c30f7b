import { attributes, join, lists } from "./join.ts";
import { tcf } from "./tcf.ts";

// `<script src="…/adapter-tcf.js" data-purposes="analytics=1,8 advertising=1,2,3,4" data-vendor="123">`
const { purposes, vendor, publisher, forward } = attributes();
const named = lists(purposes);
join(
  tcf({
    ...(named && { purposes: Object.fromEntries(Object.entries(named).map(([purpose, ids]) => [purpose, ids.map(Number)])) }),
    ...(vendor && { vendor: +vendor }),
    publisher: publisher !== undefined,
    forward: forward !== undefined,
  }),
);
