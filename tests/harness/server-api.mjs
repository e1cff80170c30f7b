/** The server API, as a program of the customer would call it. */

export class ServerApi {
  /** @param {() => string} url where it is now @param {string} token */
  constructor(url, token) {
    this.url = url;
    this.token = token;
  }

  /** @param {string} path @param {RequestInit} [init] */
  call(path, init = {}) {
    return fetch(`${this.url()}${path}`, { ...init, headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" } });
  }

  /** The body of a 200; nothing of a 404. @param {string} path @returns {Promise<any>} */
  async read(path) {
    const answer = await this.call(path);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** @param {string} identifier `kind:value` @returns {Promise<any>} nothing when nobody has it */
  profile(identifier) {
    return this.read(`/api/v1/profiles/${encodeURIComponent(identifier)}`);
  }

  /** Every page of a list. @param {string} path @returns {Promise<any[]>} */
  async all(path) {
    /** @type {any[]} */
    const rows = [];
    /** @type {string | null | undefined} */
    let cursor;
    do {
      const query = new URLSearchParams({ limit: "100", ...(cursor ? { cursor } : {}) });
      const page = await this.read(`${path}?${query}`);
      if (!page) return rows;
      rows.push(...page.data);
      cursor = page.next_cursor;
    } while (cursor);
    return rows;
  }

  /** The events of a profile, oldest first, in the order that the server gives them. @param {string} identifier */
  timeline(identifier) {
    return this.all(`/api/v1/profiles/${encodeURIComponent(identifier)}/events`);
  }

  /** @returns {Promise<any>} */
  ledger() {
    return this.read("/api/v1/ledger");
  }
}
