import { check, checkFunction, checkNames } from "../checks.ts";
import type { TransportOptions } from "./options.ts";

/** All options of each group. */
export const TRANSPORT_NAMES = {
  http: [
    ...(["headersTimeoutMs", "keepAliveMs", "maxOrigins", "maxResponseBytes"] as const),
    ...(["dnsTtlMs", "addressTimeoutMs", "ca", "lookup"] as const),
  ],
  backoff: ["baseMs", "capMs", "factor"],
  regionRules: ["probeEveryMs", "probeTimeoutMs", "downProbeMs", "consecutiveErrors", "margin", "samples"],
} as const satisfies { readonly [K in keyof TransportOptions]: readonly (keyof NonNullable<TransportOptions[K]>)[] };

/**
 * The kinds of the transport's options, and the names in them, for callers without types; ranges are checked where they are used.
 *
 * @throws {InvalidInputError} Naming the option and its rule.
 */
export function checkTransport(options: Pick<TransportOptions, keyof typeof TRANSPORT_NAMES>): void {
  for (const [group, names] of Object.entries<readonly string[]>(TRANSPORT_NAMES)) {
    const given = options[group as keyof typeof TRANSPORT_NAMES];
    if (given !== undefined) checkNames(group, given, names);
  }
  const { ca, lookup } = options.http ?? {};
  if (ca !== undefined) check(typeof ca === "string", "http.ca", "text", ca);
  if (lookup !== undefined) checkFunction("http.lookup", lookup);
}
