/** Providers of identities: a real one (panva's oidc-provider), and one that signs whatever it is told to. */
import { generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { fileURLToPath } from "node:url";
import { Provider } from "oidc-provider";

export const CLIENT = { id: "headwater", secret: "a secret of the client's" };

/**
 * A real provider on loopback. `people` are its accounts, by what they type as their login.
 *
 * @param {string} redirect @param {Map<string, { email: string, email_verified: boolean, name?: string }>} people
 */
export async function realProvider(redirect, people) {
  const server = createServer();
  const issuer = await listen(server);
  const quiet = console.warn;
  // It warns that its keys and pages are for development, which they are.
  console.warn = () => undefined;
  const provider = new Provider(issuer, {
    clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [redirect], response_types: ["code"], grant_types: ["authorization_code"] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    pkce: { required: () => true },
    cookies: { keys: ["for tests"] },
    findAccount: async (/** @type {unknown} */ _, /** @type {string} */ id) => ({ accountId: id, claims: async () => ({ sub: id, ...people.get(id) }) }),
  });
  console.warn = quiet;
  server.on("request", provider.callback());
  return { issuer, stop: () => stopped(server) };
}

/** A provider that signs what it is told to. @returns {Promise<LyingProvider>} */
export async function lyingProvider() {
  const lying = new LyingProvider();
  lying.issuer = await listen(lying.server);
  return lying;
}

export class LyingProvider {
  issuer = "";
  /** Makes the token of the next sign-in. @type {(claims: any, key: Key) => string} */
  token = (claims, key) => key.token(claims);
  key = new Key("k1");
  #nonce = "";
  server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", this.issuer);
    const json = (/** @type {unknown} */ body) => response.setHeader("content-type", "application/json").end(JSON.stringify(body));
    if (url.pathname === "/authorize") {
      this.#nonce = url.searchParams.get("nonce") ?? "";
      const back = new URL(url.searchParams.get("redirect_uri") ?? "");
      for (const [name, value] of Object.entries({ code: "c", state: url.searchParams.get("state") ?? "", iss: this.issuer })) back.searchParams.set(name, value);
      response.writeHead(302, { location: back.href }).end();
    } else if (url.pathname === "/token") {
      const now = Math.floor(Date.now() / 1000);
      const claims = { iss: this.issuer, sub: "1", aud: CLIENT.id, iat: now, exp: now + 300, nonce: this.#nonce, email: "olga@owner.test", email_verified: true };
      json({ access_token: "at", token_type: "Bearer", id_token: this.token(claims, this.key) });
    } else if (url.pathname === "/keys") json({ keys: [this.key.published] });
    else if (url.pathname.startsWith("/.well-known/")) json({ issuer: this.issuer, authorization_endpoint: `${this.issuer}/authorize`, token_endpoint: `${this.issuer}/token`, jwks_uri: `${this.issuer}/keys` });
    else response.writeHead(404).end();
  });

  stop() {
    return stopped(this.server);
  }
}

const part = (/** @type {unknown} */ value) => Buffer.from(JSON.stringify(value)).toString("base64url");

export class Key {
  #pair = generateKeyPairSync("ec", { namedCurve: "P-256" });

  /** @param {string} id */
  constructor(id) {
    this.id = id;
    this.published = { ...this.#pair.publicKey.export({ format: "jwk" }), kid: id, use: "sig" };
  }

  /** @param {unknown} claims */
  token(claims) {
    const signed = `${part({ alg: "ES256", kid: this.id })}.${part(claims)}`;
    const signature = sign("sha256", Buffer.from(signed), { key: this.#pair.privateKey, dsaEncoding: "ieee-p1363" });
    return `${signed}.${signature.toString("base64url")}`;
  }
}

/** A provider by TLS, with a certificate of an authority that only the tests know. It says of itself what one does. */
export async function tlsProvider() {
  const file = (/** @type {string} */ name) => fileURLToPath(new URL(`./tls/${name}`, import.meta.url));
  const server = createSecureServer({ key: readFileSync(file("localhost.key")), cert: readFileSync(file("localhost.crt")) }, (request, response) => {
    const told = request.url === "/keys" ? { keys: [] } : { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys` };
    response.setHeader("content-type", "application/json").end(JSON.stringify(told));
  });
  const issuer = (await listen(server)).replace("http://127.0.0.1", "https://localhost");
  return { issuer, authority: file("authority.crt"), stop: () => stopped(server) };
}

/** A token that nobody signed. @param {unknown} claims */
export const unsigned = (claims) => `${part({ alg: "none" })}.${part(claims)}.`;

/** @param {import("node:http").Server} server @returns {Promise<string>} its address */
function listen(server) {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`)));
}

/** @param {import("node:http").Server} server @returns {Promise<void>} */
function stopped(server) {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
