import { tabId } from "./id.ts";
import { attempt } from "./guard.ts";
import { Kind } from "./engine.ts";
import type { Device } from "./device.ts";

type Command = (kind: number, text: string, number?: number) => void;

/** Without locks, an event of another tab is taken over only when its tab had this long to send it. */
const STALE = 30_000;
const LINE = /^([0-9a-f]{16}) (\d{1,9})$/;
const KEY = /^hw:([ql]):([0-9a-f]{16})(?::(\d{1,9}))?$/;

/** Which tab this is, and what closed tabs left behind. A living tab holds the lock of its id. */
export const tabs = (device: Device) => {
  const locks: LockManager | undefined = attempt(() => navigator.locks) || undefined;
  let leave = new AbortController();
  let free: (() => void)[] = [];
  let own = "";
  /** The id that the tab's storage names but this page did not get. */
  let previous = "";

  /** Asks for a tab's lock: at once or not at all (`now`), or whenever it is free. */
  const hold = (id: string, now: boolean, got: (lock: boolean) => boolean): void => {
    const options: LockOptions = now ? { ifAvailable: true } : { signal: leave.signal };
    const keep = (lock: unknown) => (got(!!lock) && lock ? new Promise<void>((release) => free.push(release)) : undefined);
    // Refused where a page has no origin of its own, and aborted when it leaves.
    attempt(() => locks!.request("hw:tab:" + id, options, keep).catch(() => now && got(false)));
  };

  const take = (id: string, command: Command, all: boolean): void => {
    const found: [number, string][] = [];
    for (const key of device.keys()) {
      const [, kind, tab, seq] = KEY.exec(key) || [];
      if (tab !== id) continue;
      const text = device.read(key) || "";
      if (kind === "q") found.push([+seq!, text]);
      // This tab's own were told to the engine before it began.
      else if (id !== own) command(Kind.AdoptLosses, id + "\n" + text);
    }
    for (const [seq, text] of found.sort((one, other) => one[0] - other[0])) {
      const event = attempt(() => JSON.parse(text));
      if (all || !(Date.now() - Date.parse(event?.originalTimestamp) < STALE)) {
        command(Kind.Adopt, id + "\n" + (event ? text : ""), seq);
      }
    }
  };

  return {
    /** Takes up this tab's id and numbering, or a new one where a duplicate of the tab is open. */
    claim: (): Promise<[string, number]> =>
      new Promise((resolve) => {
        const [, id, next] = LINE.exec(attempt(() => device.tab.getItem("hw:tab")) || "") || [];
        const fresh = (): void => {
          if (own) return;
          previous = id || "";
          own = tabId();
          hold(own, false, () => true);
          resolve([own, 1]);
        };
        if (!id || !locks) return fresh();
        // A browser that does not answer is not waited for.
        setTimeout(fresh, 1000);
        hold(id, true, (got) => {
          if (!got || own) {
            fresh();
            return false;
          }
          own = id;
          resolve([id, +next!]);
          return true;
        });
      }),
    /** Takes over what closed tabs left, now and when the others close. */
    adopt: (command: Command): void => {
      const ids = new Set(device.keys().map((key) => KEY.exec(key)?.[2] || own));
      ids.add(own);
      for (const id of ids) {
        if (id === own || !locks) take(id, command, id === own || id === previous);
        else {
          hold(id, false, () => {
            take(id, command, true);
            return true;
          });
        }
      }
    },
    /** The page leaves: whoever waits may take over, and the browser may keep the page in its cache. */
    release: (): void => {
      leave.abort();
      free.forEach((release) => release());
      free = [];
    },
    /** The page came back from the cache: it is another tab from here on. */
    renew: (): string => {
      leave = new AbortController();
      own = tabId();
      hold(own, false, () => true);
      return own;
    },
  };
};
