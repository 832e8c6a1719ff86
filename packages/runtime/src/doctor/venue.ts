import type { Clock } from "@pitlane/perf";
import { type Check, failing, ok, warning } from "./check.ts";

/** A host of a venue, and how it is reached. */
export interface VenuePlace {
  /** Venue and region, such as `binance api1`. */
  readonly name: string;
  /** Host name or address. */
  readonly host: string;
  /** Resolves the host. */
  readonly resolve: (signal: AbortSignal) => Promise<void>;
  /** Asks for the venue's time, microseconds since the epoch. */
  readonly getServerTimeUs: (signal: AbortSignal) => Promise<number>;
  readonly close: () => Promise<void>;
}

const ASKED = 5;
const TIMEOUT_MS = 3_000;
const SLOW_MS = 200;
const OFFSET_WARNING_MS = 500;
const OFFSET_FAILING_MS = 2_500; // half of the window within which Binance takes an order by default

/**
 * Resolves a venue's host, asks for its time several times, and says how long that took and how far our clock is off. The offset is taken from
 * the quickest answer, with half its round trip as the way back: the error is at most that half. Source: RFC 5905, section 8.
 */
export async function checkPlace(place: VenuePlace, clock: Clock, signal?: AbortSignal): Promise<readonly Check[]> {
  try {
    return await look(place, clock, signal);
  } finally {
    await place.close();
  }
}

async function look(place: VenuePlace, clock: Clock, signal: AbortSignal | undefined): Promise<readonly Check[]> {
  const { name, host } = place;
  const within = (ms: number) => AbortSignal.any([AbortSignal.timeout(ms), ...(signal === undefined ? [] : [signal])]);
  const startedNs = clock.monotonicNs();
  try {
    await place.resolve(within(TIMEOUT_MS));
  } catch (error) {
    signal?.throwIfAborted();
    return [
      failing(`dns ${name}`, `${host}: ${reasonOf(error)}`, "look at the resolver in /etc/resolv.conf and the network"),
    ];
  }
  const resolvedMs = (clock.monotonicNs() - startedNs) / 1e6;
  const tripsMs: number[] = [];
  let bestMs = Number.POSITIVE_INFINITY;
  let offsetMs = 0;
  try {
    await place.getServerTimeUs(within(TIMEOUT_MS)); // opens the connection, which is no part of a round trip
    for (let asked = 0; asked < ASKED; asked++) {
      const sentNs = clock.monotonicNs();
      const serverUs = await place.getServerTimeUs(within(TIMEOUT_MS));
      const tripMs = (clock.monotonicNs() - sentNs) / 1e6;
      tripsMs.push(tripMs);
      if (tripMs >= bestMs) continue;
      bestMs = tripMs;
      offsetMs = (clock.nowUs() - serverUs) / 1000 - tripMs / 2;
    }
  } catch (error) {
    signal?.throwIfAborted();
    const dns = ok(`dns ${name}`, `${host} in ${resolvedMs.toFixed(1)} ms`);
    return [
      dns,
      failing(`round-trip ${name}`, reasonOf(error), "look at the network, a proxy or a firewall on the way"),
    ];
  }
  tripsMs.sort((a, b) => a - b);
  const medianMs = tripsMs[ASKED >> 1] as number;
  return [
    ok(`dns ${name}`, `${host} in ${resolvedMs.toFixed(1)} ms`),
    tripCheck(`round-trip ${name}`, medianMs, tripsMs.at(-1) as number),
    offsetCheck(`clock-offset ${name}`, offsetMs, bestMs / 2),
  ];
}

function tripCheck(name: string, medianMs: number, worstMs: number): Check {
  const found = `${medianMs.toFixed(1)} ms, at worst ${worstMs.toFixed(1)} ms, of ${ASKED} calls`;
  if (medianMs < SLOW_MS) return ok(name, found);
  return warning(name, found, "run nearer to the venue, or put a nearer region first");
}

function offsetCheck(name: string, offsetMs: number, errorMs: number): Check {
  const found = `${offsetMs >= 0 ? "+" : ""}${offsetMs.toFixed(1)} ms, ${errorMs.toFixed(1)} ms more or less`;
  const farMs = Math.abs(offsetMs) - errorMs;
  const remedy =
    "sudo timedatectl set-ntp true: orders carry our time, and the venue refuses what is too old or too new";
  if (farMs >= OFFSET_FAILING_MS) return failing(name, found, remedy);
  return farMs >= OFFSET_WARNING_MS ? warning(name, found, remedy) : ok(name, found);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
