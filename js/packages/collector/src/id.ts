/** Random bytes in hexadecimal. `crypto.randomUUID` exists in secure contexts only. */
export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");

const random = (count: number): Uint8Array => crypto.getRandomValues(new Uint8Array(count));

/** A tab's id. */
export const tabId = (): string => hex(random(8));

/** A UUID of version 4. */
export const uuid = (): string => {
  const bytes = random(16);
  bytes[6] = (bytes[6]! & 15) | 64;
  bytes[8] = (bytes[8]! & 63) | 128;
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
};
