import { checkFlag, checkMethods, checkNames, checkObject, checkVenueName } from "../../checks.ts";
import { checkTransport } from "../../transport/check-options.ts";
import type { AxiomOptions } from "./client.ts";

/**
 * The kinds of a client's options, for callers without types; ranges are checked where they are used.
 *
 * @throws {InvalidInputError} Naming the option and its rule.
 */
export function checkOptions(options: AxiomOptions & { readonly unverified?: boolean }): void {
  checkObject("options", options);
  const { venue = "axiom", clock, random, limit = {}, keepSessionAlive = false, unverified = false } = options;
  checkVenueName("venue", venue);
  if (clock !== undefined) checkMethods("clock", clock, "nowUs", "monotonicNs", "sleep");
  if (random !== undefined) checkMethods("random", random, "next");
  checkNames("limit", limit, ["requests", "windowMs"]);
  checkFlag("keepSessionAlive", keepSessionAlive);
  checkFlag("unverified", unverified);
  checkTransport(options);
}
