import { onArrival } from "./arrival.ts";

type Heard = (value: any, success?: boolean) => void;
type Api = (...parts: unknown[]) => void;

/** The window above (or this one) in which a consent platform left its mark. */
const platform = (locator: string): Window | undefined => {
  for (let at: Window = window; ; at = at.parent) {
    try {
      if (locator in at.frames && (at.frames as unknown as Record<string, unknown>)[locator]) return at;
    } catch {
      // A window of another origin without that frame.
    }
    if (at === at.parent) return undefined;
  }
};

/** The API of a platform in a window above, by messages. */
const distant = (name: string, version: unknown, target: Window, heard: Heard): void => {
  const callId = Math.random().toString(36).slice(2);
  window.addEventListener("message", ({ data, source }) => {
    // Whoever else embeds this page may write messages too.
    if (source !== target) return;
    try {
      const message = typeof data === "string" ? JSON.parse(data) : data;
      const answer = message?.[name + "Return"];
      if (answer?.callId === callId) heard(answer.returnValue, answer.success);
    } catch {
      // Not a platform's message.
    }
  });
  target.postMessage({ [name + "Call"]: { command: "addEventListener", version, callId } }, "*");
};

/**
 * Listens to an IAB platform, whenever it comes: by the page's own function (the stub keeps the call until the platform
 * is there) or, in a frame, by messages to the window that has the platform.
 */
export const listenTo = (name: "__tcfapi" | "__gpp", heard: Heard): void => {
  const tcf = name === "__tcfapi";
  onArrival<() => void>(
    () => {
      const api = (window as unknown as Record<string, Api | undefined>)[name];
      // The two standards order their arguments differently.
      if (typeof api === "function") return () => (tcf ? api("addEventListener", 2, heard) : api("addEventListener", heard));
      const target = platform(name + "Locator");
      return target && target !== window ? () => distant(name, tcf ? 2 : "1.1", target, heard) : undefined;
    },
    (listen) => listen(),
  );
};
