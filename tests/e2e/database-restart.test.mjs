import assert from "node:assert/strict";
import { after, before } from "node:test";
import { collecting, everythingArrivedOnce, lasts } from "../harness/collecting.mjs";
import { Postgres } from "../harness/postgres.mjs";
import { until } from "../harness/until.mjs";

/** @type {Postgres} */
let postgres;
before(async () => (postgres = await Postgres.start()), { timeout: 90_000 });
after(() => postgres.stop());

collecting("PostgreSQL is restarted under the server, politely and not: nothing acknowledged is lost or doubled", { databaseUrl: () => postgres.url }, async ({ headwater, api, sender }) => {
  const clients = Array.from({ length: 3 }, () => sender(headwater).start());
  for (const mode of /** @type {const} */ (["fast", "immediate"])) {
    await Promise.all(clients.map((client) => client.acknowledges(5)));
    await postgres.end(mode);
    const ended = clients.map((client) => client.answers.length);
    await until(`clients are told to come back (${mode})`, () => clients.every((client, index) => client.answers.slice(ended[index]).some(({ status }) => status === 503)), { within: 40_000 });
    await lasts();
    await postgres.serve();
    // By itself: nobody restarts the server.
    await Promise.all(clients.map((client) => client.acknowledges(5, 60_000)));
  }
  await Promise.all(clients.map((client) => client.stop()));
  for (const client of clients) await everythingArrivedOnce(api, client);
  const health = await fetch(`${headwater.url}/health`);
  assert.equal(health.status, 200);
});
