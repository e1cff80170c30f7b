import type * as Api from "../index.d.ts";
import { CONSENT_KEY, type Rules, holding, states, stored, word, written } from "./choices.ts";
import { context, pageContext } from "./context.ts";
import { type Device, device as openDevice } from "./device.ts";
import { emitter } from "./emitter.ts";
import * as engine from "./engine.ts";
import { attempt, listen } from "./guard.ts";
import { uuid } from "./id.ts";
import { type Heard, Word, type Words, hear, holds } from "./settle.ts";
import { tabs as openTabs } from "./tabs.ts";
import { post } from "./transport.ts";

type Command = [kind: number, text?: string, number?: number, status?: number, wait?: number];

/** A moment as events write it. */
const moment = (at: Date | string | number = Date.now()): string => new Date(at).toISOString();
/** A text that can stand between quotes: what is kept on a device may be anything. */
const plain = (text: string): string => text.replace(/[^\w.:~-]/g, "_");
/** Whether an answer stays the same however often one asks. */
const isFinal = (code: number): boolean => code < 500 && code !== 408 && code !== 429;

/** Most calls that wait for the engine. */
const MOST_PENDING = 500;
const STASH = "hw:raw:";
const USER_KEY = "hw:user";
/** The page's own calls of `consent` are one voice, whatever source they name. */
const PAGE = "";
/** Another tab's withdrawal; it counts until that tab keeps a choice again. */
const OTHER_TAB = "other_tab";
/** What an edge says of the place it is asked from: `/v1/settings/{writeKey}`, put before the script. */
export type EdgeSettings = Pick<Api.Options, "regime" | "purposes" | "collectPurpose" | "decidePurpose" | "gpcDenies" | "policyVersion"> & {
  writeKey?: string;
  /** Where the place has another regime for a purpose than for all. */
  regimes?: Record<string, Api.Options["regime"]>;
};

/** Makes the SDK. Nothing is touched before the first call, so that it can be made on a server. */
export const create = (assets: (host: string) => engine.Assets, origin: () => string, edge: EdgeSettings = {}): Api.Headwater => {
  const { on, emit } = emitter();
  const here = typeof document !== "undefined";
  const device: Device = here ? openDevice() : ({} as Device);
  const rules: Rules = { purposes: "necessary analytics personalization advertising sale_or_share".split(" "), vetoed: [], presumed: [], version: 1 };
  const dropped: Record<string, number> = {};
  const outcomes: Api.Outcome[] = [];
  const decisions: Api.Decisions = {};
  /** Commands that wait for the engine, and work that waits for the engine to be through. */
  let pending: Command[] = [];
  const after: (() => void)[] = [];
  let busy = false;
  let kind: "none" | "wasm" | "js" = "none";
  /** What the engine said last: bit 0 collecting, bit 1 deciding, the rest how many wait. */
  let status = 0;
  let settled: () => void;
  const opened = new Promise<void>((resolve) => (settled = resolve));
  let loaded = false;
  let host = "";
  let writeKey = "";
  let heard: Heard = {};
  /** What holds of all that was heard, and who changed it last. */
  let choices: Words = {};
  let source = "default";
  /** When the person decided what holds, by this device's clock. */
  let chosenAt: string | undefined;
  let gpcDenies: string[] = [];
  /** The banners, each with its name among what was heard, once it has said something. */
  const adapters = new Map<Api.ConsentAdapter, string>();
  /** Withdrawals that the edge has not heard of: in memory only, because nothing may stay on the device. */
  let untold: string[] = [];
  let tries = 0;
  let anonymousId: string | undefined;
  let user: { id?: string; traits?: Api.Properties } = {};
  let sent = 0;
  let timer: number | undefined;
  let stop = new AbortController();
  let told = "";
  const tabs = here ? openTabs(device) : undefined!;

  const drop = (reason: string, count: number): void => {
    dropped[reason] = (dropped[reason] || 0) + count;
    emit("dropped", { count, reason });
  };

  const command = (...parts: Command): void => {
    const [code, text = "", number = 0, answer = 0, wait = 0] = parts;
    if (kind === "none") {
      // Only what the page did waits for the engine; a tick or a reply would mean nothing to it.
      if (pending.push(parts) > MOST_PENDING) {
        pending.splice(pending.findIndex(([first]) => first === engine.Kind.Capture), 1);
        drop("memory_full", 1);
      }
    } else if (busy) {
      after.push(() => command(...parts));
    } else {
      busy = true;
      try {
        status = engine.run(Date.now(), Math.random(), code, text, number, answer, wait);
      } catch (error) {
        // A trap leaves the engine in no state to go on: what was stored is the next page's.
        kind = "none";
        after.push(() => emit("error", error));
      }
      busy = false;
      while (after.length) attempt(after.shift()!);
    }
  };

  const purge = (): void => {
    stop.abort();
    stop = new AbortController();
    device.purge();
    user = {};
    anonymousId = undefined;
  };

  const page: engine.Page = {
    send: (ticket, body) => {
      after.push(() => emit("sent", { bytes: body.length }));
      post(host + "/v1/batch", body, stop.signal, (code, wait, reply) => {
        const answers: Api.Outcome[] = (code === 200 && Array.isArray(reply?.outcomes) && reply.outcomes) || [];
        const letters = answers.map((answer) => (answer?.outcome === "retry" ? "r" : "d")).join("");
        command(engine.Kind.Replied, letters, ticket, code, wait);
        for (const answer of answers) {
          if (answer.outcome !== "retry") sent++;
          outcomes.push(answer);
          emit("outcome", answer);
        }
        outcomes.splice(0, outcomes.length - 100);
        decide(reply?.decisions);
        if (code >= 400 && code !== 413 && isFinal(code)) {
          complain(reply?.error?.message || "the edge refuses this page's events with status " + code);
        }
      });
    },
    wake: (wait) => {
      clearTimeout(timer);
      timer = window.setTimeout(() => attempt(() => command(engine.Kind.Tick)), wait);
    },
    begin: () => {
      after.push(() => {
        remember();
        adopt();
      });
      return device.keep(anonymousId!);
    },
    purge,
    tell: (state) => {
      told = state;
    },
    report: (reason, count) => {
      after.push(() => (reason ? drop(reason, count) : emit("held", { count })));
    },
  };

  const complain = (message: string): void => {
    attempt(() => console.warn("headwater: " + message));
    emit("error", new Error(message));
  };

  const decide = (fresh?: Api.Decisions): void => {
    if (fresh) emit("decisions", Object.assign(decisions, fresh) && fresh);
  };

  /** What the visitor said who they are stays for the next page. */
  const remember = (): void => {
    if (status & 1 && user.id) device.write(USER_KEY, user);
  };

  const adopt = (): void => {
    for (const key of device.keys()) {
      if (!key.startsWith(STASH)) continue;
      const heads = attempt(() => JSON.parse(device.read(key) || ""));
      device.site.removeItem(key);
      for (const head of heads || []) command(engine.Kind.Capture, head);
    }
    tabs.adopt(command);
  };

  /** The choices changed, or whose they are, or when they were made. */
  const applyConsent = (same?: boolean): void => {
    anonymousId = device.known() || anonymousId || uuid();
    // The engine writes the source into each receipt as it is: a member behind it costs no code there.
    const evidence = plain(source) + (chosenAt ? `","chosenAt":"${plain(chosenAt)}` : "");
    command(engine.Kind.Consent, [written(choices), evidence, anonymousId].join("\n"));
    keepChoices();
    if (!same) emit("consent", states(choices, rules));
  };

  const keepChoices = (): void => {
    if (status & 1) {
      device.write(CONSENT_KEY, { heard, choices, source, chosenAt, version: rules.version });
      device.say([rules.version, ...written(choices).split(" "), ""].join("/"));
    }
  };

  /**
   * Settles what was heard; `name` had the last word, at the moment `decidedAt` if the person decided. Nothing happens where
   * the same holds as before.
   */
  const settle = (name: string, decidedAt?: string | false, first?: boolean, quiet?: boolean): void => {
    if ((navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl) rules.vetoed = gpcDenies;
    const next = holds(heard, rules.vetoed);
    const changed = written(next) !== written(choices);
    // Who decides the same anew has decided now; what another tab has kept is kept.
    const anew = decidedAt && decidedAt !== chosenAt;
    if (changed || anew) chosenAt = decidedAt || chosenAt;
    if (!changed && !first) return anew ? applyConsent(true) : quiet ? undefined : keepChoices();
    const before = choices;
    choices = next;
    if (changed) source = name;
    const granted = (words: Words, purpose: string): boolean => holding(words, rules, purpose) === Word.Granted;
    const lost = rules.purposes.filter((purpose) => granted(before, purpose) && !granted(choices, purpose));
    // Whoever never allowed anything has no id that the edge could know, and sends nothing.
    const id = device.known() || (status & 1 && anonymousId);
    if (id && (lost.length || collecting() === Word.Denied)) {
      if (!quiet) tell(id, lost, decidedAt);
      // Should the engine never come, nothing stays either.
      if (collecting() !== Word.Granted) purge();
    }
    applyConsent();
  };

  /** Tells the edge what was withdrawn; what is granted comes with the next event's receipt. */
  const tell = (id: string, lost: string[], decidedAt?: string | false): void => {
    const categoryPreferences: Record<string, boolean> = {};
    for (const purpose of rules.purposes) {
      if (lost.includes(purpose) || choices[purpose]) categoryPreferences[purpose] = choices[purpose] === Word.Granted;
    }
    const sentAt = moment();
    const consent = { categoryPreferences, source, policyVersion: rules.version, capturedAt: sentAt, chosenAt: decidedAt || undefined, gpc: rules.vetoed.length > 0 };
    untold.push(JSON.stringify({ writeKey, anonymousId: id, userId: user.id, messageId: uuid(), sentAt, consent }));
    retell();
  };

  const retell = (): void => {
    for (const body of untold.splice(0)) {
      post(host + "/v1/consent", body, undefined, (code, wait) => {
        if (code && isFinal(code)) return;
        untold.push(body);
        setTimeout(retell, Math.max(wait, 5_000 * 2 ** tries++));
      });
    }
  };

  const readAdapter = (adapter: Api.ConsentAdapter, anew?: unknown): void => {
    const state = loaded && attempt(() => adapter.read());
    // A banner that is still loading says nothing: what was known of it stands.
    if (!state) return;
    let name = adapters.get(adapter);
    if (!name) {
      name = state.source.split(":")[0]!;
      // Two banners never speak with one voice: one could undo what the other says.
      for (const taken of adapters.values()) if (taken === name) name += "'";
      adapters.set(adapter, name);
    }
    const said = known(state.categories, state.decided);
    for (const purpose in said) {
      // A page presumes before its banner has loaded: what the banner said before stands.
      if (said[purpose] === Word.Waits) said[purpose] = heard[name]?.[purpose] ?? Word.Waits;
    }
    // An event that a listener passes on is no decision.
    heard = hear(heard, name, said, anew === true ? Object.keys(said) : []);
    settle(state.source, anew === true && moment());
  };

  const readAdapters = (): void => adapters.forEach((_, adapter) => attempt(() => readAdapter(adapter)));

  /**
   * The words on purposes that exist: a typo grants nothing and is said aloud. A banner (which says whether somebody has
   * decided) may have categories that are no purposes here; a typo of this page's own is another matter.
   */
  const known = (given: Record<string, Api.Choice | null>, decided?: boolean): Words => {
    const out: Words = {};
    for (const purpose of Object.keys(given)) {
      const choice = word(given[purpose]);
      if (rules.purposes.includes(purpose)) {
        if (choice === Word.Waits || (choice && decided !== false)) out[purpose] = choice;
      } else if (decided === undefined) complain(`unknown consent purpose "${purpose}": this site has ${rules.purposes.join(", ")}`);
    }
    return out;
  };

  const capture = (type: Api.CapturedEvent["type"], fields: object, options?: Api.CallOptions): void => {
    const { timestamp, integrations } = options || {};
    const event = {
      type,
      messageId: uuid(),
      userId: user.id,
      originalTimestamp: moment(timestamp || undefined),
      ...fields,
      integrations,
      // Last, because the engine completes it.
      context: context(VERSION, options?.context),
    };
    command(engine.Kind.Capture, JSON.stringify(event).slice(0, -2));
    emit("captured", event);
  };

  /** The engine did not make it: a visitor who agreed on an earlier page loses nothing. */
  const stash = (): void => {
    const heads = pending.filter(([code]) => code === engine.Kind.Capture).map(([, head]) => head);
    pending = [];
    if (!heads.length) return;
    if (collecting() === Word.Granted && loaded) device.write(STASH + uuid(), heads);
    else drop("unload", heads.length);
  };

  let collects = "analytics";

  /** The strictest word on the purposes that collecting needs. */
  const collecting = (): Word | undefined =>
    [Word.Denied, Word.Waits, Word.Granted].find((word) => collects.split(" ").some((purpose) => holding(choices, rules, purpose) === word));

  const open = async (decides: string, plain: boolean): Promise<void> => {
    const [encoding, [tab, next]] = await Promise.all([engine.openEngine(assets(host), plain), tabs.claim()]);
    const { presumed, vetoed, version } = rules;
    const lines = [host + "/v1/batch", writeKey, tab, next, "opt_in", collects, decides, vetoed.join(" ")];
    engine.start([...lines, version, presumed.map((purpose) => "+" + purpose).join(" ")].join("\n"), page, device.site, device.tab, navigator);
    kind = encoding;
    // Before anything else is written about this tab's losses: what its last page wrote.
    command(engine.Kind.AdoptLosses, tab + "\n" + (device.read("hw:l:" + tab) || ""));
    const waiting = pending;
    pending = [];
    waiting.forEach((parts) => command(...parts));
    keepChoices();
  };

  const wire = (): void => {
    listen("visibilitychange", () => {
      if (document.visibilityState === "hidden") kind !== "none" && command(engine.Kind.Hide);
      else {
        settle("gpc");
        readAdapters();
      }
    });
    listen("pagehide", () => {
      if (kind === "none") stash();
      else command(engine.Kind.Hide, "", 1);
      tabs.release();
    });
    listen("pageshow", (event) => {
      if (!(event as PageTransitionEvent).persisted || kind === "none") return;
      command(engine.Kind.Resume, tabs.renew());
      if (status & 1) adopt();
    });
    listen("online", () => {
      retell();
      command(engine.Kind.Online, "", 1);
    });
    listen("offline", () => command(engine.Kind.Online));
    // Another tab of the site granted, or withdrew and removed everything.
    listen("storage", (event) => {
      if ((event as StorageEvent).key !== CONSENT_KEY) return;
      const kept = stored(device, rules.version);
      delete heard[OTHER_TAB];
      if (kept) Object.assign(heard, kept.heard);
      else heard = hear(heard, OTHER_TAB, Object.fromEntries(rules.purposes.map((purpose) => [purpose, Word.Denied])), rules.purposes);
      // The other tab has told the edge.
      settle(kept?.source || OTHER_TAB, kept?.chosenAt, false, true);
    });
  };

  const api: Omit<Api.Headwater, "version"> = {
    load(key, options = {}) {
      if (loaded) return;
      loaded = true;
      writeKey = key.replace(/[^\w.-]/g, "");
      host = (options.host || origin()).replace(/\/+$/, "");
      // Where the edge has spoken, the page may be stricter than its place, never looser.
      const place = edge.writeKey === key ? edge : {};
      // What the page names is needed beside what the edge names.
      const needed = (name: "collectPurpose" | "decidePurpose"): string => [place[name], options[name]].filter(Boolean).join(" ");
      collects = needed("collectPurpose") || collects;
      rules.purposes = options.purposes || place.purposes || rules.purposes;
      rules.presumed = rules.purposes.filter(
        (purpose) => options.regime !== "opt_in" && (place.regimes?.[purpose] || place.regime || options.regime) === "opt_out",
      );
      rules.version = options.policyVersion || place.policyVersion || 1;
      gpcDenies = place.gpcDenies?.concat(options.gpcDenies || []) || options.gpcDenies || ["advertising", "sale_or_share"];
      user = { ...attempt(() => JSON.parse(device.read(USER_KEY) || "")), ...user };
      const kept = stored(device, rules.version);
      // What the page decided before `load`.
      const said = heard[PAGE];
      if (kept) {
        ({ choices, source, chosenAt } = kept);
        heard = hear(kept.heard, PAGE, { ...kept.heard[PAGE], ...said }, Object.keys(said || {}));
      }
      wire();
      if (navigator.onLine === false) command(engine.Kind.Online);
      if (options.placements) api.watch(options.placements);
      settle(source, said && moment(), true);
      readAdapters();
      if (options.adapter) attempt(() => api.use(options.adapter!));
      open(needed("decidePurpose") || "personalization", options.engine === "js").catch((error) => emit("error", error)).then(settled);
    },
    track(event, properties = {}, options) {
      capture("track", { event, properties }, options);
    },
    identify(first: string | Api.Properties, traits?: Api.Properties, options?: Api.CallOptions) {
      if (typeof first === "object") traits = first;
      else {
        if (user.id && user.id !== first) user.traits = {};
        user.id = first;
      }
      user.traits = { ...user.traits, ...traits };
      remember();
      capture("identify", { userId: user.id, traits: traits || {} }, options);
    },
    page(...parts: unknown[]) {
      const names = parts.filter((part) => typeof part === "string");
      const [properties, options] = parts.filter((part) => part && typeof part === "object") as [Api.Properties?, Api.CallOptions?];
      const [name, category] = names.reverse();
      capture("page", { name, category, properties: { ...pageContext(), name, category, ...properties } }, options);
    },
    group(groupId, traits = {}, options) {
      capture("group", { groupId, traits }, options);
    },
    alias(userId, previousId, options) {
      capture("alias", { userId, previousId: previousId || api.user().anonymousId() || undefined }, options);
      user.id = userId;
      remember();
    },
    reset() {
      command(engine.Kind.Reset, uuid());
      user = {};
      attempt(() => device.site.removeItem(USER_KEY));
      anonymousId = uuid();
      if (status & 1) device.keep(anonymousId);
      applyConsent();
    },
    user: () => ({
      id: () => user.id || null,
      anonymousId: () => (status & 1 && anonymousId) || null,
      traits: () => ({ ...user.traits }),
    }),
    ready(callback) {
      opened.then(() => attempt(callback));
    },
    on,
    consent(given, options) {
      if (given) {
        const said = { ...heard[PAGE] };
        for (const purpose of Object.keys(given)) delete said[purpose];
        heard = hear(heard, PAGE, Object.assign(said, known(given)), Object.keys(given));
        if (loaded) settle(options?.source || "api", moment());
      }
      return states(loaded ? choices : holds(heard, []), rules);
    },
    use(next) {
      adapters.set(next, "");
      readAdapter(next);
      next.subscribe((anew?: unknown) => attempt(() => readAdapter(next, anew)));
    },
    async decide({ placements = [] } = {} as { placements: string[] }) {
      let why = "personalization is not granted";
      if (here) await opened;
      if (status & 2) {
        command(engine.Kind.Ask);
        why = "the edge did not answer";
        const body = `{"writeKey":"${writeKey}","anonymousId":"${anonymousId}","placements":${JSON.stringify(placements)},"consent":{${told}}}`;
        const reply = await new Promise<{ decisions?: Api.Decisions } | undefined>((resolve) =>
          post(host + "/v1/decide", body, stop.signal, (_code, _wait, answer) => resolve(answer)),
        );
        decide(reply?.decisions);
        if (reply?.decisions) return reply.decisions;
      }
      return Object.fromEntries(
        placements.map((placement) => [placement, { placement, experience: null, variant: null, value: null, reasons: [why] }]),
      );
    },
    watch(placements) {
      command(engine.Kind.Watch, placements.length ? JSON.stringify(placements) : "");
    },
    inspect: () => ({
      engine: kind,
      consent: states(choices, rules),
      source,
      chosenAt,
      held: kind === "none" ? pending.filter(([code]) => code === engine.Kind.Capture).length : status & 1 ? 0 : status >> 2,
      queued: status & 1 ? status >> 2 : 0,
      sent,
      dropped: { ...dropped },
      outcomes: [...outcomes],
      decisions: { ...decisions },
    }),
  };

  // No call throws, and on a server none does anything.
  const safe: Record<string, unknown> = { version: VERSION };
  for (const name of Object.keys(api) as (keyof typeof api)[]) {
    safe[name] = (...parts: never[]) => {
      try {
        if (here || /user|on|inspect|decide/.test(name)) return (api[name] as (...parts: never[]) => unknown)(...parts);
      } catch (error) {
        emit("error", error);
      }
      return undefined;
    };
  }
  return safe as unknown as Api.Headwater;
};
