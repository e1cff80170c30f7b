/** A line that waits for an event and turns green when it comes. */
import { h } from "../dom.js";
import { moment } from "../format.js";
import { eventName, feed, onFeed } from "../live-feed.js";
import { t } from "../words.js";

/**
 * @param {AbortSignal} signal
 * @param {{ waiting: string, is?: (event: any) => boolean, came?: (line: import("../live-feed.js").LiveEvent) => void }} options which event counts; any that is stored from now on
 */
export function arrival(signal, { waiting, is = () => true, came }) {
  const since = feed().count;
  const line = h("p", { class: "arrival", role: "status" }, waiting);
  let done = false;
  onFeed(signal, () => {
    if (done) return;
    const found = feed().events.find((one) => one.id > since && one.outcome && is(one.event));
    if (!found) return;
    done = found.outcome === "ok";
    line.className = done ? "arrival arrival-done" : "arrival";
    line.replaceChildren(
      done ? t("arrival.arrived", { event: eventName(found.event), at: moment(found.at) }) : t("arrival.refused", { event: eventName(found.event), reason: found.reason || found.outcome }),
      done && found.profileId ? h("a", { href: `#/people/${encodeURIComponent(found.profileId)}` }, t("arrival.person")) : "",
    );
    if (done) came?.(found);
  });
  return line;
}
