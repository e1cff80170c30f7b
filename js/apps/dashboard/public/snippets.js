/** How events get from somewhere to this server, for a source with its real key. */
import { t } from "./words.js";

/** @param {{ kind: string, write_key: string }} source @returns {{ key: string, name: string, text: string }[]} */
export function snippetsOf(source) {
  const origin = location.origin;
  const html = `<script src="${origin}/sdk/headwater.js?writeKey=${source.write_key}"\n  data-write-key="${source.write_key}"></script>`;
  const npm = `npm install @headwater/collector\n\nimport headwater from "@headwater/collector";\nheadwater.load("${source.write_key}", { host: "${origin}" });\nheadwater.consent({ analytics: true }, { source: "banner" });\nheadwater.track("Product Viewed", { name: "Trail shoe" });`;
  const consent = carriesConsent(source) ? `,\n       "context": {"consent": {"categoryPreferences": {"analytics": true}, "source": "api"}}` : "";
  const curl = `curl ${origin}/v1/track -u ${source.write_key}: \\\n  -H 'content-type: application/json' \\\n  -d '{"userId": "ada", "event": "Order Completed",\n       "properties": {"total": 89}${consent}}'`;
  const all = [
    { key: "html", name: t("snippets.html"), text: html },
    { key: "npm", name: t("snippets.npm"), text: npm },
    { key: "curl", name: t("snippets.curl"), text: curl },
  ];
  return carriesConsent(source) ? all : all.slice(2);
}

/**
 * Sends one event as the source itself would, with a consent that this dashboard's reader gives for a made-up visitor.
 *
 * @param {{ kind: string, write_key: string }} source @param {string[]} purposes what the policy asks about
 */
export async function sendTestEvent(source, purposes) {
  const messageId = `test-${crypto.randomUUID()}`;
  const context = carriesConsent(source) ? { consent: { categoryPreferences: Object.fromEntries(purposes.map((purpose) => [purpose, true])), source: "api" } } : {};
  const response = await fetch("/v1/track", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ writeKey: source.write_key, messageId, event: "Test Event", anonymousId: `test-${crypto.randomUUID()}`, properties: { sent_from: "dashboard" }, context }),
  });
  const answer = await response.json().catch(() => undefined);
  const outcome = answer?.outcomes?.[0];
  if (!response.ok || (outcome && outcome.outcome !== "ok")) throw new Error(outcome?.reason ?? answer?.error?.message ?? t("snippets.refused", { status: response.status }));
  return messageId;
}

/** Whether each of its events says what the person consents to; servers and imports declare a basis. @param {{ kind: string }} source */
export function carriesConsent({ kind }) {
  return kind === "website" || kind === "app";
}
