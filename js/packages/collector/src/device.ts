import { attempt } from "./guard.ts";

/** Everything the SDK writes into a storage starts with this. */
const PREFIX = "hw:";
const COOKIE = "hw_aid";
/** Beside the id, what was said of purposes: a page's request has nothing else by which the edge could know it. */
const SAID = "hw_said";
const ID = "hw:aid";
/** 400 days: the longest a browser keeps a cookie. */
const LIFE = 34560000;

/** A storage, or an object that refuses like one: a page may not be allowed to have any. */
const open = (name: "localStorage" | "sessionStorage"): Storage => attempt(() => window[name]) || ({} as Storage);

/** Where the SDK keeps what consent allows it to keep. */
export const device = () => {
  const site = open("localStorage");
  const tab = open("sessionStorage");
  const read = (key: string): string | undefined => attempt(() => site.getItem(key)) || undefined;
  const write = (key: string, value: unknown): void => {
    attempt(() => site.setItem(key, JSON.stringify(value)));
  };
  const keys = (storage: Storage): string[] =>
    (attempt(() => Object.keys(storage)) || []).filter((key) => key.startsWith(PREFIX));
  const cookie = (): string | undefined => attempt(() => /(?:^|; )hw_aid=([\w-]{16,64})/.exec(document.cookie)?.[1]);
  /** Writes a cookie, or removes it, for the widest domain that takes it: browsers refuse public suffixes. */
  const bake = (name: string, value = ""): void => {
    const labels = location.hostname.split(".");
    const secure = location.protocol === "https:" ? "; Secure" : "";
    const pair = `${name}=${value}`;
    for (let at = labels.length - 2; at >= -1; at--) {
      const domain = at < 0 ? "" : "; Domain=" + labels.slice(at).join(".");
      attempt(() => (document.cookie = `${pair}; Path=/; Max-Age=${value ? LIFE : 0}; SameSite=Lax${domain}${secure}`));
      if (attempt(() => document.cookie.includes(pair)) === !!value) return;
    }
  };
  return {
    site,
    tab,
    read,
    write,
    keys: () => keys(site),
    /** The id this browser already has. */
    known: (): string | undefined => cookie() || /^"([\w-]{16,64})"$/.exec(read(ID) || "")?.[1],
    /** Keeps an id; false when neither cookie nor storage took it. */
    keep: (id: string): boolean => {
      write(ID, id);
      bake(COOKIE, id);
      return cookie() === id || read(ID) === `"${id}"`;
    },
    /** Keeps what was said where pages' requests carry it. */
    say: (said: string): void => bake(SAID, said),
    /** Removes what was ever written. */
    purge: (): void => {
      for (const storage of [site, tab]) {
        for (const key of keys(storage)) attempt(() => storage.removeItem(key));
      }
      // A domain's cookie can only be removed for that domain: try all of them.
      if (cookie()) {
        bake(COOKIE);
        bake(SAID);
      }
    },
  };
};
export type Device = ReturnType<typeof device>;
