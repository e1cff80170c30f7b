/** A client that numbers its events, sends them batch after batch, and keeps what was not acknowledged. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { until } from "./until.mjs";

const GRANTED = { categoryPreferences: { analytics: true }, source: "banner" };
const EVENTS_PER_BATCH = 5;

/** @typedef {import("./server-api.mjs").ServerApi} ServerApi */
/** @typedef {{ at: number, took: number, status: number | undefined, outcomes: string[] }} Answer `status` is missing when none came */

export class Sender {
  /** Of every try. @type {Answer[]} */
  answers = [];
  /** Message ids that were answered `ok` or `duplicate`. @type {Set<string>} */
  acknowledged = new Set();
  /** Why it ended although it was not told to. @type {unknown} */
  #problem;
  #wanted = false;
  /** @type {Promise<void> | undefined} */
  #running;
  /** What has not been acknowledged yet. @type {any[] | undefined} */
  #batch;
  #next = 1;

  /** @param {() => string} url @param {string} writeKey */
  constructor(url, writeKey) {
    this.url = url;
    this.writeKey = writeKey;
    this.anonymousId = randomUUID();
  }

  /** Sends until told to stop. */
  start() {
    this.#wanted = true;
    this.#running = this.#run().catch((error) => (this.#problem = error));
    return this;
  }

  /** Sends no further batch; what is under way is sent until it is acknowledged. */
  async stop() {
    this.#wanted = false;
    await this.#running;
    if (this.#problem) throw this.#problem;
  }

  /** Stops as a client that is ended: what was not acknowledged is given up. */
  async abandon() {
    this.#wanted = false;
    this.#batch = undefined;
    await this.#running;
    if (this.#problem) throw this.#problem;
  }

  /** Waits until this many batches more were acknowledged. @param {number} count @param {number} [within] */
  async acknowledges(count, within = 30_000) {
    const aim = this.acknowledged.size + count * EVENTS_PER_BATCH;
    await until(`${count} more batches are acknowledged`, () => this.#problem || this.acknowledged.size >= aim, { within, seen: () => this.answers.slice(-3) });
    if (this.#problem) throw this.#problem;
  }

  /** Sends one batch once. */
  async once() {
    this.#batch ??= this.#events();
    const began = Date.now();
    /** @type {Answer} */
    const answer = { at: began, took: 0, status: undefined, outcomes: [] };
    try {
      const reply = await fetch(`${this.url()}/v1/batch`, {
        method: "POST",
        body: JSON.stringify({ writeKey: this.writeKey, batch: this.#batch }),
        signal: AbortSignal.timeout(15_000),
      });
      const body = await reply.json();
      answer.status = reply.status;
      answer.outcomes = (body.outcomes ?? []).map((/** @type {any} */ line) => line.outcome);
      if (reply.status === 200) {
        const taken = body.outcomes.filter((/** @type {any} */ { outcome }) => outcome === "ok" || outcome === "duplicate");
        assert.equal(taken.length, EVENTS_PER_BATCH, JSON.stringify(body.outcomes));
        for (const { messageId } of taken) this.acknowledged.add(messageId);
        this.#batch = undefined;
      } else {
        assert.equal(reply.status, 503, JSON.stringify(body));
        assert.match(String(reply.headers.get("retry-after")), /^\d+$/, "a refusal says when to come back");
      }
    } catch (error) {
      // No answer: it may have been stored or not.
      if (!(error instanceof TypeError) && !(error instanceof DOMException) && !(error instanceof SyntaxError)) throw error;
    }
    answer.took = Date.now() - began;
    this.answers.push(answer);
    return answer;
  }

  async #run() {
    while (this.#wanted || this.#batch) {
      const { status } = await this.once();
      // As clients do, only sooner.
      await new Promise((resolve) => setTimeout(resolve, status === 200 ? 5 : 100));
    }
  }

  #events() {
    return Array.from({ length: EVENTS_PER_BATCH }, () => {
      const n = this.#next++;
      return { type: "track", event: "Sent", messageId: `${this.anonymousId}-${n}`, anonymousId: this.anonymousId, context: { consent: GRANTED }, properties: { n }, timestamp: new Date().toISOString() };
    });
  }

  /** Waits until all that was acknowledged is in the profile, then checks that each event is there once. @param {ServerApi} api @param {number} [within] */
  async allArrivedOnce(api, within = 60_000) {
    assert.ok(this.acknowledged.size > 0, "nothing was acknowledged");
    /** @type {any[]} */
    let timeline = [];
    /** @type {string[]} */
    let missing = [];
    await until(
      "everything acknowledged is in the profile",
      async () => {
        timeline = await api.timeline(`anonymous_id:${this.anonymousId}`);
        const there = new Set(timeline.map(({ messageId, message_id }) => messageId ?? message_id));
        missing = [...this.acknowledged].filter((id) => !there.has(id));
        return missing.length === 0;
      },
      { within, seen: () => `${missing.length} of ${this.acknowledged.size} are missing, such as ${missing.slice(0, 3)}` },
    );
    const numbers = timeline.map(({ properties }) => properties.n);
    assert.equal(new Set(numbers).size, numbers.length, "no event is there twice");
    assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b), "and they are in order");
    return timeline;
  }
}
