import { type Clock, InvalidInputError, inRange, integerInRange, type Random } from "@pitlane/perf";
import { type AccountSpec, type CheckedAccount, checkAccounts, parseBalances, parseRate } from "./accounts.ts";
import type { AxiomOptions } from "./axiom.ts";
import { check, checkFunction, checkMethods } from "./checks.ts";
import { DEFAULT_KEPT } from "./engine/exchange.ts";
import type { Kept } from "./engine/market.ts";
import { type ChaosPlan, checkPlan } from "./faults/chaos.ts";
import { checkFault } from "./faults/check.ts";
import type { Fault } from "./faults/fault.ts";
import { checkHost } from "./host.ts";
import { baseUnits, DEFAULT_INSTRUMENTS, type Instrument, type InstrumentSpec, toInstruments } from "./instruments.ts";
import { checkNames } from "./known-options.ts";
import { checkModel, type MarketModelName } from "./models/climate.ts";
import { checkRecording, recordedInstruments } from "./recorded-instruments.ts";
import type { Recording } from "./recording/index.ts";
import { type CheckedRegion, checkRegions, DEFAULT_REGIONS, type RegionSpec } from "./regions.ts";
import { UNIT_DECIMALS } from "./scale.ts";
import { DEFAULT_LIMITS, type Limits } from "./wire/binance/limits.ts";

/** How a paper exchange is set up; everything has a default. */
export interface PaperOptions {
  /** Address of this machine to listen on, or a name of it; 0.0.0.0 and `::` are all. Default 127.0.0.1. */
  readonly host?: string;
  /** Port to listen on, 0 to 65535; 0 takes a free one. Default 0. */
  readonly port?: number;
  /** Regions: ports of their own, each its own distance away, over one exchange. Default one, named "local", no distance away. */
  readonly regions?: readonly RegionSpec[];
  /** Seed of the market model, of generated ids and of faults, 0 to 2^32 - 1. Default 1. */
  readonly seed?: number;
  /** What is listed. Default `DEFAULT_INSTRUMENTS`; with a recording, what was recorded. */
  readonly instruments?: readonly InstrumentSpec[];
  /** Who may trade. Default one account named "demo", whose key and secret are `DEMO_API_KEY` and `DEMO_API_SECRET`. */
  readonly accounts?: readonly AccountSpec[];
  /**
   * What each account has, as decimal text by asset. Default: 100000 of each quote asset and of each base asset what was worth
   * 20000 at the start; with a recording 1000000 of each.
   */
  readonly balances?: Readonly<Record<string, string>>;
  /** Commission of resting orders, decimal text below 1. Default "0.001". */
  readonly makerFee?: string;
  /** Commission of incoming orders, decimal text below 1. Default "0.001". */
  readonly takerFee?: string;
  /** True lets the seeded market model trade. Default true; always false with a recording. */
  readonly market?: boolean;
  /**
   * What kind of market the model makes; default `random-walk`. `mean-reversion`: moves are undone within seconds;
   * `correlated-pairs`: instruments go two by two, and each strays from its twin and returns; `flash-crash`: now and then all fall
   * by 4 to 10 percent on a thin book, and recover most of it.
   */
  readonly model?: MarketModelName;
  /** Serves this recording instead of the model. */
  readonly recording?: Recording;
  /** Pace of the recording, 0 to 1e6: 0 as fast as the readers take it, 1 as recorded, 10 ten times as fast. Default 0. */
  readonly replaySpeed?: number;
  /** Ed25519 public key in PEM: the accounts' keys then also take Ed25519 signatures, and the WebSocket API a session logon. */
  readonly publicKey?: string;
  /** True, or options, serves Axiom too, on ports of its own in the same regions. Default false. */
  readonly axiom?: boolean | AxiomOptions;
  /** Limits to announce and enforce. Default: the venue's, but 10000 orders in 10 seconds and 2000000 a day. */
  readonly limits?: Partial<Limits>;
  /**
   * Closed orders, and fills, that each instrument keeps at least, and public trades; before it forgets some, up to twice as many. An
   * order that is forgotten is unknown to whoever asks. Each 1,000 to 1,000,000. Default 100,000 and 20,000.
   */
  readonly kept?: Partial<Kept>;
  /** Faults to begin with, a plan of random ones, or both. Default none. More can be added while it runs. */
  readonly faults?: ChaosPlan | readonly (Fault | ChaosPlan)[];
  /** Life of a WebSocket, 100 ms to 7 days; then it is closed, after the venue's notice. Default 24 hours. */
  readonly connectionLifeMs?: number;
  /** Default the host's clock. */
  readonly clock?: Clock;
  /** Default made from `seed`. */
  readonly random?: Random;
  /** Told of failures inside the exchange; clients get 500. Default: such a failure is thrown, uncaught. */
  readonly onError?: (error: Error) => void;
}

/** The checked part of `PaperOptions`. */
export interface PaperSetup {
  readonly host: string;
  readonly seed: number;
  readonly regions: readonly CheckedRegion[];
  readonly instruments: readonly Instrument[];
  readonly accounts: readonly CheckedAccount[];
  readonly model: MarketModelName;
  readonly limits: Limits;
  readonly kept: Kept;
  readonly faults: readonly Fault[];
  readonly plans: readonly ChaosPlan[];
  readonly connectionLifeMs: number;
  readonly replaySpeed: number;
}

const ONE = 10n ** BigInt(UNIT_DECIMALS);
const DAY_MS = 86_400_000;

/** Checks options and fills in defaults. @throws {InvalidInputError} Naming the option and what it must be. */
export function checkOptions(options: PaperOptions): PaperSetup {
  checkNames(options);
  checkParts(options);
  const { recording, publicKey, makerFee = "0.001", takerFee = "0.001", port = 0, regions = DEFAULT_REGIONS } = options;
  const { host = "127.0.0.1", seed = 1, model = "random-walk", connectionLifeMs = DAY_MS, replaySpeed = 0 } = options;
  const { accounts = [{ name: "demo" }], instruments: listed = DEFAULT_INSTRUMENTS } = options;
  if (recording !== undefined && options.instruments !== undefined) {
    throw new InvalidInputError("instruments and recording cannot go together: a recording brings its own instruments");
  }
  const instruments = toInstruments(recording === undefined ? listed : recordedInstruments(recording));
  integerInRange("port", port, 0, 65_535);
  const defaults = {
    publicKey,
    balances: balancesOf(options, instruments),
    makerRate: parseRate("makerFee", makerFee),
    takerRate: parseRate("takerFee", takerFee),
  };
  return {
    host: checkHost(host),
    seed: integerInRange("seed", seed, 0, 0xffffffff),
    regions: checkRegions(regions, port),
    instruments,
    accounts: checkAccounts(accounts, defaults),
    model: checkModel(model),
    limits: limitsOf(options.limits ?? {}),
    kept: keptOf(options.kept ?? {}),
    ...faultsOf(options.faults),
    connectionLifeMs: inRange("connectionLifeMs", connectionLifeMs, 100, 7 * DAY_MS),
    replaySpeed: inRange("replaySpeed", replaySpeed, 0, 1e6),
  };
}

// What is used as it was given.
function checkParts({ recording, clock, random, onError }: PaperOptions): void {
  if (recording !== undefined) checkRecording(recording);
  if (clock !== undefined) checkMethods("clock", clock, "nowUs", "monotonicNs", "sleep");
  if (random !== undefined) checkMethods("random", random, "next", "integer", "normal", "exponential", "fork");
  if (onError !== undefined) checkFunction("onError", onError);
}

function faultsOf(given: PaperOptions["faults"] = []): { faults: Fault[]; plans: ChaosPlan[] } {
  const list = isPlan(given) ? [given] : given;
  check(Array.isArray(list), "faults", "a list of faults and plans, or a plan", given);
  const faults: Fault[] = [];
  const plans: ChaosPlan[] = [];
  for (const [i, item] of list.entries()) {
    if (isPlan(item)) plans.push(checkPlan(item));
    else faults.push(checkFault(item, `faults[${i}]`));
  }
  return { faults, plans };
}

function isPlan(given: unknown): given is ChaosPlan {
  return typeof given === "object" && given !== null && "plan" in given;
}

function balancesOf({ balances, recording }: PaperOptions, instruments: readonly Instrument[]): Map<string, bigint> {
  if (balances !== undefined) return parseBalances("balances", balances);
  const units = new Map<string, bigint>();
  for (const instrument of instruments) {
    units.set(instrument.base, recording === undefined ? worth(instrument, 20_000n) : 1_000_000n * ONE);
  }
  for (const { quote } of instruments) units.set(quote, recording === undefined ? 100_000n * ONE : 1_000_000n * ONE);
  return units;
}

// Base units that cost `amount` of the quote asset at the start, in whole lot increments.
function worth(instrument: Instrument, amount: bigint): bigint {
  const { startTicks, priceDecimals, sizeDecimals, lotIncrement } = instrument;
  const lots = Number((amount * 10n ** BigInt(priceDecimals + sizeDecimals)) / BigInt(startTicks));
  return baseUnits(instrument, lots - (lots % lotIncrement));
}

function keptOf({ orders = DEFAULT_KEPT.orders, trades = DEFAULT_KEPT.trades }: Partial<Kept>): Kept {
  return {
    orders: integerInRange("kept.orders", orders, 1_000, 1_000_000),
    trades: integerInRange("kept.trades", trades, 1_000, 1_000_000),
  };
}

function limitsOf(limits: Partial<Limits>): Limits {
  const all = { ...DEFAULT_LIMITS, ...limits };
  for (const [name, value] of Object.entries(all)) integerInRange(`limits.${name}`, value, 1, Number.MAX_SAFE_INTEGER);
  return all;
}
