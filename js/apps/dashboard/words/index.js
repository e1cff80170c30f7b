export { formatToParts } from "intl-messageformat";
/** Every message by its key; `build.mjs` puts it here. */
export const messages = MESSAGES;
