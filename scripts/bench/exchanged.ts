import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import type { VenueUrls } from "./ticked.ts";

/** A paper exchange in a process of its own. */
export interface ExchangeProcess {
  readonly urls: VenueUrls;
  readonly credentials: { readonly apiKey: string; readonly apiSecret: string };
  stop(): void;
}

// A limit that a bench runs into would be measured instead of us.
const LIMITS =
  "requestWeightPerMinute=1000000000,rawRequestsPer5Minutes=1000000000,ordersPer10Seconds=1000000,ordersPerDay=1000000000";

/** Starts `pitlane exchange`. @param program Of `pitlane`. */
export async function startExchange(program: string): Promise<ExchangeProcess> {
  const child = spawn(process.execPath, [program, "exchange", "--limits", LIMITS], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NO_COLOR: "1", PITLANE_LAUNCHER_PID: String(process.pid) }, // it ends when we are killed
  });
  let text = "";
  while (!text.includes("ledger")) {
    const [data] = (await Promise.race([once(child.stdout, "data"), once(child, "exit")])) as [Buffer | number];
    if (typeof data === "number") throw new Error(`the exchange ended with code ${data}: ${text}`);
    text += data.toString();
  }
  const told = (label: string) => {
    const found = new RegExp(`^${label} +(\\S+)`, "m").exec(text)?.[1];
    if (found === undefined) throw new Error(`the exchange did not tell its ${label}: ${text}`);
    return found;
  };
  const { host } = new URL(told("REST"));
  child.stdout.resume();
  return {
    urls: { rest: `http://${host}`, stream: `ws://${host}`, wsApi: told("WebSocket API") },
    credentials: { apiKey: told("API key"), apiSecret: told("API secret") },
    stop: () => void child.kill(),
  };
}

const STAMP_FLOOR = 1_000_000;
const STAMP_SPAN = 90_000_000; // both as in tick-venue.mjs

/** Microseconds from just before a stamped trade was written until now. @param priceTicks Of the trade, in cents. */
export function sinceStampUs(priceTicks: number): number {
  const [seconds, ns] = process.hrtime();
  const nowUs = Math.floor((seconds * 1e9 + ns) / 1e3);
  return (nowUs - (priceTicks - STAMP_FLOOR) + STAMP_SPAN) % STAMP_SPAN;
}

/** Where stamped trades come from. */
export interface StampedFeed {
  readonly urls: VenueUrls;
  /**
   * Writes `perSecond` trades for a warm-up and then for `seconds`. Resolves with how many there were in all, and the CPU time of this process
   * for each one of the latter, microseconds. `onMeasured` may come a few trades late: it is told by another way than they are.
   */
  run(
    perSecond: number,
    seconds: number,
    onMeasured: () => void,
  ): Promise<{ readonly written: number; readonly cpuUs: number }>;
  stop(): void;
}

const WARM_SECONDS = 3;

/** Starts a venue that writes trades whose prices tell when. @param program Of `tick-venue.mjs`. */
export async function startStamped(program: URL): Promise<StampedFeed> {
  const venue: ChildProcess = fork(program, [], { execArgv: [] });
  const [{ port }] = (await once(venue, "message")) as [{ port: number }];
  const host = `127.0.0.1:${port}`;
  return {
    urls: { rest: `http://${host}`, stream: `ws://${host}`, wsApi: `ws://${host}/ws-api/v3` },
    run: async (perSecond, seconds, onMeasured) => {
      const ticks = perSecond * seconds;
      venue.send({ ticks, warm: perSecond * WARM_SECONDS, perSecond, isStamped: true });
      await once(venue, "message");
      onMeasured();
      const start = process.cpuUsage();
      await once(venue, "message");
      const { user, system } = process.cpuUsage(start);
      return { written: ticks + perSecond * WARM_SECONDS, cpuUs: (user + system) / ticks };
    },
    stop: () => void venue.kill(),
  };
}
