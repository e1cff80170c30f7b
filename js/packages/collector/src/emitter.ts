import { attempt } from "./guard.ts";
import type { EventMap } from "../index.d.ts";

/** Listeners that cannot hurt each other. As with a page's own events, one that is given twice is called once. */
export const emitter = () => {
  const listeners: { [name: string]: Set<(value: never) => void> } = {};
  return {
    on: <Name extends keyof EventMap>(name: Name, callback: (value: EventMap[Name]) => void) => {
      const list = (listeners[name] ||= new Set());
      list.add(callback);
      return (): void => void list.delete(callback);
    },
    emit: <Name extends keyof EventMap>(name: Name, value: EventMap[Name]): void => {
      for (const callback of [...(listeners[name] || [])]) attempt(() => callback(value as never));
    },
  };
};
