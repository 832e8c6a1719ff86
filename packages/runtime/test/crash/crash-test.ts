import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DEMO_API_KEY, DEMO_API_SECRET } from "@pitlane/paper";
import { createRandom, createSystemClock } from "@pitlane/perf";
import { createBinance } from "@pitlane/sdk/binance";
import { compareBalances } from "../../src/orders/reconcile.ts";
import { readLedger, readTestimony } from "./judge.ts";

export interface CrashTestOptions {
  /** Times that the session is killed. */
  readonly kills: number;
  /** Of the market, of the moments of death, and of the faults. */
  readonly seed: number;
  /** Faults on the wire at the same time. */
  readonly hasFaults: boolean;
  /** Where journal and config go; made when missing. */
  readonly folder: string;
  /** A line for people. */
  readonly log: (line: string) => void;
  /** Ends the test early, with its reason. */
  readonly signal?: AbortSignal;
}

/** What a crash test found. All but the first two must be 0. */
export interface CrashTestResult {
  readonly kills: number;
  /** Orders that the exchange's ledger has. */
  readonly accepted: number;
  /** Orders in the ledger that no intent of the journal explains. */
  readonly lost: number;
  /** Ids that the exchange accepted twice, or that the journal has two intents of. */
  readonly duplicated: number;
  /** Assets whose balance at the exchange was not what the journal's fills give: after each restart, and at the end. */
  readonly positionMismatches: number;
  /** Times that the hash chain did not hold. */
  readonly chainBreaks: number;
  /** Orders whose outcome was unknown when the last session had closed. */
  readonly unresolvedUnknown: number;
}

const BIN = fileURLToPath(new URL("../../bin/pitlane.mjs", import.meta.url));
const STRATEGY = fileURLToPath(new URL("strategy.ts", import.meta.url));
const TRADES = "first event"; // what a session says when the market reaches it
const LONGEST_LIFE_MS = 1_500;
const DIES_EARLY = 0.2; // share of those that are killed while they start, or take over
// Sessions that start every other second ask more than a venue allows.
const LIMITS = "requestWeightPerMinute=1000000,connectionsPer5Minutes=100000,ordersPerDay=10000000";
const LAST_LIFE = "20s"; // the venue may act on a request for 16 seconds: then nothing is unknown any more
// What a venue does on a bad day. None of them closes the exchange for longer than a session lives.
const FAULTS = [
  "responseLost:route=POST /api/v3/order,probability=0.02",
  "delay:ms=20,jitterMs=20,probability=0.1",
  "error:status=503,route=POST /api/v3/order,probability=0.01",
];

/**
 * Kills a trading session again and again, with SIGKILL and at random moments, and lets another process go on with its run each time.
 * Exchange and session are processes of their own, and the session is the command line that users start.
 */
export async function runCrashTest(options: CrashTestOptions): Promise<CrashTestResult> {
  const { kills, seed, hasFaults, folder, log, signal } = options;
  mkdirSync(folder, { recursive: true });
  const random = createRandom(seed);
  const exchange = await startExchange(seed, hasFaults ? FAULTS : []);
  try {
    cpSync(STRATEGY, join(folder, "strategy.ts"));
    writeFileSync(join(folder, "pitlane.config.json"), JSON.stringify(CONFIG, undefined, 2));
    const journal = join(folder, "journal.db");
    const tally = { lost: new Set<string>(), duplicated: new Set<string>(), chainBreaks: 0 };
    const judge = async () => {
      const ledger = await readLedger(exchange.rest);
      const testimony = readTestimony(journal);
      for (const id of ledger.ids) if (!testimony.ids.has(id)) tally.lost.add(id);
      for (const id of [...ledger.doubled, ...testimony.doubled]) tally.duplicated.add(id);
      if (testimony.chainFault !== undefined) tally.chainBreaks++;
      return { ledger, testimony };
    };
    for (let kill = 1; kill <= kills; kill++) {
      const lifeMs = random.next() * LONGEST_LIFE_MS;
      const session = startSession(folder, exchange.rest, existsSync(journal));
      // The first one must come to write how its run began, or there is nothing to go on with.
      if (kill === 1 || random.next() >= DIES_EARLY) await Promise.race([session.shows(TRADES), session.ended]);
      await Promise.race([sleep(lifeMs), session.ended]);
      if (signal?.aborted) session.child.kill("SIGKILL");
      signal?.throwIfAborted();
      if (session.child.exitCode !== null) throw new Error(`the session ended by itself: ${session.output()}`);
      session.child.kill("SIGKILL");
      await session.ended;
      const { ledger, testimony } = await judge();
      log(
        `kill ${kill} of ${kills} after ${Math.round(lifeMs)} ms: ${ledger.ids.size} orders accepted, ${testimony.resumes} resumes, ${tally.lost.size} lost, ${tally.duplicated.size} duplicated`,
      );
    }
    // The wire heals: what became of every order must be known in the end.
    await fetch(`${exchange.rest}/_paper/faults`, { method: "DELETE" });
    const last = startSession(folder, exchange.rest, true, LAST_LIFE);
    await last.ended;
    if (last.child.exitCode !== 0) throw new Error(`the last session failed: ${last.output()}`);
    const { ledger, testimony } = await judge();
    const different = await differences(exchange.rest, testimony.balances);
    for (const line of [...testimony.drifts, ...different]) log(`accounts differ: ${line}`);
    return {
      kills,
      accepted: ledger.ids.size,
      lost: tally.lost.size,
      duplicated: tally.duplicated.size,
      positionMismatches: testimony.drifts.length + different.length,
      chainBreaks: tally.chainBreaks,
      unresolvedUnknown: testimony.end?.unknown ?? Number.NaN,
    };
  } finally {
    await exchange.stop();
  }
}

const CONFIG = {
  risk: { maxOrderNotional: "1000000", maxPositionNotional: "1000000" },
  journal: { snapshotEvery: 2_000 },
};

/** What the exchange says that the account holds, against what the journal's fills give. */
async function differences(rest: string, expected: ReadonlyMap<string, bigint>): Promise<readonly string[]> {
  const { host } = new URL(rest);
  const client = createBinance({
    venue: "paper",
    urls: { rest, stream: `ws://${host}`, wsApi: `ws://${host}/ws-api/v3` },
    credentials: { apiKey: DEMO_API_KEY, apiSecret: DEMO_API_SECRET },
    clock: createSystemClock(),
  });
  try {
    return compareBalances(expected, await client.account.getBalances());
  } finally {
    await client.close();
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly output: () => string;
  /** Resolves when the output holds `text`. */
  readonly shows: (text: string) => Promise<void>;
}

function startSession(folder: string, rest: string, isResumed: boolean, duration?: string): Running {
  const journal = isResumed ? ["--resume", "journal.db"] : ["--journal", "journal.db"];
  const time = duration === undefined ? [] : ["--duration", duration];
  return run(["run", "./strategy.ts", "--exchange", rest, ...journal, ...time], folder);
}

async function startExchange(seed: number, faults: readonly string[]) {
  const exchange = run(
    ["exchange", "--seed", String(seed), "--limits", LIMITS, ...faults.flatMap((fault) => ["--fault", fault])],
    undefined,
  );
  await Promise.race([exchange.shows("/_paper/ledger"), exchange.ended]);
  const rest = /faults, ledger (http:\/\/\S+?)\/_paper/.exec(exchange.output())?.[1];
  if (rest === undefined) throw new Error(`the exchange did not start: ${exchange.output()}`);
  return {
    rest,
    stop: async () => {
      exchange.child.kill("SIGTERM");
      await exchange.ended;
    },
  };
}

function run(args: readonly string[], cwd: string | undefined): Running {
  // What is killed must be the process that trades: with calm flags that would be another one than the child.
  const env = { ...process.env, NO_COLOR: "1", PITLANE_GC: "default" };
  const child = spawn(process.execPath, [BIN, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  const waiting = new Set<() => void>();
  const keep = (data: Buffer) => {
    text = (text + data.toString()).slice(-10_000);
    for (const look of waiting) look();
  };
  const shows = (wanted: string) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!text.includes(wanted)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return { child, ended, output: () => text, shows };
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
