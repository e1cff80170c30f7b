import { attempt } from "./guard.ts";
import type { EventMap } from "../index.d.ts";

/** Listeners that cannot hurt each other. */
export const emitter = () => {
  const listeners: { [Name in keyof EventMap]?: ((value: EventMap[Name]) => void)[] } = {};
  return {
    on: <Name extends keyof EventMap>(name: Name, callback: (value: EventMap[Name]) => void) => {
      const list = ((listeners[name] as unknown) ||= []) as ((value: EventMap[Name]) => void)[];
      list.push(callback);
      return () => {
        const at = list.indexOf(callback);
        if (at >= 0) list.splice(at, 1);
      };
    },
    emit: <Name extends keyof EventMap>(name: Name, value: EventMap[Name]): void => {
      const list = listeners[name] as ((value: EventMap[Name]) => void)[] | undefined;
      for (const callback of [...(list || [])]) attempt(() => callback(value));
    },
  };
};
