/** OpenFeature for servers, with its provider for OFREP. */
import { randomUUID } from "node:crypto";
import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OpenFeature } from "@openfeature/server-sdk";

/** @param {import("./calls.mjs").Target} target */
export async function flagsInNode({ url, writeKey }) {
  const domain = randomUUID();
  await OpenFeature.setProviderAndWait(domain, new OFREPProvider({ baseUrl: url, headers: [["Authorization", `Bearer ${writeKey}`]] }));
  return OpenFeature.getClient(domain);
}
