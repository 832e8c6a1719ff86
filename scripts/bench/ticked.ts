import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** Addresses of a venue in another process. */
export interface VenueUrls {
  readonly rest: string;
  readonly stream: string;
  readonly wsApi: string;
}

/** A client under test: it places one limit order at the price of every trade of BTC/USDT that it hears of. */
export type TickClient = (urls: VenueUrls) => Promise<{
  /** After the last order. Throws when something went wrong that the venue cannot see. */
  readonly close: () => Promise<void>;
}>;

export interface TickedOptions {
  /** Of `tick-venue.mjs`. */
  readonly program: URL;
  readonly client: TickClient;
  readonly ticksPerSecond: number;
  readonly seconds: number;
}

/** The figures of `ticked` and their units. */
export const TICK_UNITS = {
  mean: "us",
  p50: "us",
  p90: "us",
  p99: "us",
  "p99.9": "us",
  jitter: "us",
  "CPU an order": "us",
  "orders lost": "",
} as const;

const WARM_SECONDS = 8; // a session is thousands of functions, and V8 has compiled them all only then

/** What the venue says at the end. */
interface Measured {
  readonly latenciesNs: readonly number[];
  readonly lost: number;
  readonly repeated: number;
}

/**
 * Time from just before the venue writes a trade to the last byte of its order read there, and this process's CPU time for it. The jitter is
 * the mean difference between two orders in a row.
 *
 * Source of the jitter: RFC 3550, section 6.4.1, averaged over the run instead of smoothed.
 */
export async function ticked(options: TickedOptions): Promise<Record<keyof typeof TICK_UNITS, number>> {
  const venue = fork(options.program, [], { execArgv: [] });
  try {
    return await measure(venue, options);
  } finally {
    venue.kill();
  }
}

async function measure(
  venue: ChildProcess,
  { client, ticksPerSecond, seconds }: TickedOptions,
): Promise<Record<keyof typeof TICK_UNITS, number>> {
  const [{ port }] = (await once(venue, "message")) as [{ port: number }];
  const host = `127.0.0.1:${port}`;
  const opened = await client({ rest: `http://${host}`, stream: `ws://${host}`, wsApi: `ws://${host}/ws-api/v3` });
  const ticks = ticksPerSecond * seconds;
  venue.send({ ticks, warm: ticksPerSecond * WARM_SECONDS, perSecond: ticksPerSecond });
  await once(venue, "message"); // the orders that count begin
  const start = process.cpuUsage();
  const [{ latenciesNs, lost, repeated }] = (await once(venue, "message")) as [Measured];
  const { user, system } = process.cpuUsage(start);
  await opened.close();
  if (repeated > 0) throw new Error(`${repeated} orders came twice`);
  return { ...distribution(latenciesNs), "CPU an order": (user + system) / ticks, "orders lost": lost };
}

function distribution(latenciesNs: readonly number[]) {
  const arrived = latenciesNs.filter((ns) => ns > 0).map((ns) => ns / 1e3);
  if (arrived.length === 0) throw new Error("no order came");
  const sorted = [...arrived].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
  let steps = 0;
  for (let i = 1; i < arrived.length; i++) steps += Math.abs(arrived[i]! - arrived[i - 1]!);
  return {
    mean: arrived.reduce((sum, us) => sum + us, 0) / arrived.length,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    "p99.9": at(0.999),
    jitter: steps / (arrived.length - 1),
  };
}
