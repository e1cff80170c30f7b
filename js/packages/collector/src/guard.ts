/** Runs `work`; whatever it throws stays out of the page. */
export const attempt = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

/** Listens on the window; the listener never throws into the page. */
export const listen = (name: string, listener: (event: Event) => void): void =>
  window.addEventListener(name, (event) => attempt(() => listener(event)));
