// Tests say how dates and numbers are written by a reader whose browser is set to British English.
Object.defineProperty(globalThis, "navigator", { value: { languages: ["en-GB"] }, configurable: true });
