// What the edge is measured beside: a worker in plain JavaScript that parses a batch, checks what any
// collector has to check, and forwards it. It signs nothing, keeps nothing and asks no consent.
const KINDS = new Set(["track", "identify", "page", "screen", "group", "alias"]);

const isValid = (message) =>
  typeof message === "object" &&
  message !== null &&
  typeof message.messageId === "string" &&
  KINDS.has(message.type) &&
  (typeof message.userId === "string" || typeof message.anonymousId === "string") &&
  (message.type !== "track" || typeof message.event === "string") &&
  !Number.isNaN(Date.parse(message.originalTimestamp));

export default {
  async fetch(request, env) {
    const body = JSON.parse(await request.text());
    const receivedAt = new Date().toISOString();
    const admitted = [];
    for (const [index, message] of body.batch.entries()) {
      if (isValid(message)) admitted.push({ index, event: { ...message, receivedAt } });
    }
    const answer = await env.AGGREGATOR.fetch("http://aggregator/plain", { method: "POST", body: JSON.stringify({ admitted }) });
    const { outcomes } = await answer.json();
    return Response.json({ success: true, outcomes });
  },
};
