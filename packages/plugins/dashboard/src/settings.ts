import { isIP } from "node:net";
import { InvalidInputError } from "@pitlane/perf";
import * as v from "valibot";

/** Fewest characters of a token that a person chose. */
export const SHORTEST_TOKEN = 24;

/** The one description of the dashboard's settings. */
export const dashboardConfig = v.strictObject({
  host: v.optional(
    v.pipe(v.string(), v.nonEmpty("must be an address"), v.description("address to listen at")),
    "127.0.0.1",
  ),
  port: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(0),
      v.maxValue(65_535),
      v.description("port to listen at; 7070, or a free one while that is taken, when left out"),
    ),
  ),
  token: v.optional(
    v.pipe(
      v.string(),
      v.minLength(SHORTEST_TOKEN, `must have at least ${SHORTEST_TOKEN} characters`),
      v.maxLength(256, "must have at most 256 characters"),
      v.regex(/^[\w.~-]+$/, "must be letters, digits and . _ ~ - so that it can stand in a link"),
      v.description("what opens the page; a random one, kept in .pitlane/dashboard-token, when left out"),
    ),
  ),
  names: v.optional(
    v.pipe(
      v.array(
        v.pipe(
          v.string(),
          v.regex(/^[a-zA-Z0-9.-]{1,253}(:\d{1,5})?$/, "must be a host's name, with or without a port"),
        ),
      ),
      v.maxLength(32),
      v.description("further names that browsers may call the server by, for a bound address other than loopback"),
    ),
    [],
  ),
});

/** What the setting `observers` gives the dashboard. */
export type DashboardSettings = v.InferInput<typeof dashboardConfig>;

/** Settings with their defaults. */
export type CheckedSettings = v.InferOutput<typeof dashboardConfig>;

/** Port when none is set. */
export const DEFAULT_PORT = 7070;

/** True for what only this machine can reach. Pure. */
export function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}

/**
 * Checks what the schema alone cannot see. Pure.
 *
 * @throws {InvalidInputError} When others could reach the page, and nobody has chosen a token.
 */
export function checkReach({ host, token }: CheckedSettings): void {
  if (isLoopback(host) || token !== undefined) return;
  throw new InvalidInputError(
    `the dashboard would be open to others at ${host}: set "token" (at least ${SHORTEST_TOKEN} characters) in its settings as well, or leave "host" out`,
  );
}

/**
 * Values of the header `Host` that are ours, in lower case. Another one is a page that has its own name resolve to this machine. Pure.
 *
 * @param addresses Of this machine's network interfaces: what a wildcard address stands for.
 */
export function ownNames(
  { host, names }: Pick<CheckedSettings, "host" | "names">,
  port: number,
  addresses: readonly string[],
): ReadonlySet<string> {
  const isWildcard = host === "0.0.0.0" || host === "::";
  const hosts = [...(isWildcard ? ["localhost", ...addresses] : [host])];
  if (isLoopback(host)) hosts.push("localhost");
  const own = hosts.map((name) => (isIP(name) === 6 ? `[${name}]` : name.toLowerCase()));
  // Browsers leave out the port that their protocol has by itself.
  const bound = own.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]));
  // A proxy before it has a port of its own.
  const further = names.map((name) => name.toLowerCase());
  return new Set([...bound, ...further.flatMap((name) => (name.includes(":") ? [name] : [name, `${name}:${port}`]))]);
}
