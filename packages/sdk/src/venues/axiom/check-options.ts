import { checkFlag, checkMethods, checkNames, checkVenueName } from "../../checks.ts";
import { type Names, refuseUnknown } from "../../known-options.ts";
import { checkTransport } from "../../transport/check-options.ts";
import type { AxiomOptions } from "./client.ts";

const KNOWN: Names<AxiomOptions & { readonly unverified?: boolean }> = {
  ...({ venue: true, urls: true, region: true, credentials: true, session: true, sessionStore: true } as const),
  ...({ refreshAheadMs: true, keepSessionAlive: true, limit: true, userAgent: true, batching: true } as const),
  ...({
    connectTimeoutMs: true,
    callTimeoutMs: true,
    connections: true,
    probeEveryMs: true,
    hedgeAfterMs: true,
  } as const),
  ...({ retries: true, metrics: true, clock: true, random: true, http: true, backoff: true } as const),
  ...({ suspectAfterMs: true, unverified: true } as const),
};

/**
 * The kinds of a client's options, for callers without types, and their names; ranges are checked where they are used.
 *
 * @throws {InvalidInputError} Naming the option and its rule.
 */
export function checkOptions(options: AxiomOptions & { readonly unverified?: boolean }): void {
  refuseUnknown("createAxiom", options, KNOWN);
  const { venue = "axiom", clock, random, limit = {}, keepSessionAlive = false, unverified = false } = options;
  checkVenueName("venue", venue);
  if (clock !== undefined) checkMethods("clock", clock, "nowUs", "monotonicNs", "sleep");
  if (random !== undefined) checkMethods("random", random, "next");
  checkNames("limit", limit, ["requests", "windowMs"]);
  checkFlag("keepSessionAlive", keepSessionAlive);
  checkFlag("unverified", unverified);
  checkTransport(options);
}
