import { type Clock, InvalidInputError, inRange, integerInRange, type Random } from "@pitlane/perf";
import { baseUnits, DEFAULT_INSTRUMENTS, type Instrument, type InstrumentSpec, toInstruments } from "./instruments.ts";
import { recordedInstruments } from "./recorded-instruments.ts";
import type { Recording } from "./recording/index.ts";
import { parseUnits, UNIT_DECIMALS } from "./scale.ts";
import { DEFAULT_LIMITS, type Limits } from "./wire/binance/limits.ts";

/** How a paper exchange is set up; everything has a default. */
export interface PaperOptions {
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Port to listen on, 0 to 65535; 0 takes a free one. Default 0. */
  readonly port?: number;
  /** Seed of the market model and of generated ids, 0 to 2^32 - 1. Default 1. */
  readonly seed?: number;
  /** What is listed. Default `DEFAULT_INSTRUMENTS`; with a recording, what was recorded. */
  readonly instruments?: readonly InstrumentSpec[];
  /**
   * What the demo account has, as decimal text by asset. Default: 100000 of each quote asset and of each base asset what was worth
   * 20000 at the start; with a recording 1000000 of each.
   */
  readonly balances?: Readonly<Record<string, string>>;
  /** Commission of resting orders, decimal text below 1. Default "0.001". */
  readonly makerFee?: string;
  /** Commission of incoming orders, decimal text below 1. Default "0.001". */
  readonly takerFee?: string;
  /** True lets the seeded market model trade. Default true; always false with a recording. */
  readonly market?: boolean;
  /** Serves this recording instead of the model. */
  readonly recording?: Recording;
  /** Pace of the recording, 0 to 1e6: 0 as fast as the readers take it, 1 as recorded, 10 ten times as fast. Default 0. */
  readonly replaySpeed?: number;
  /** Ed25519 public key in PEM: the demo key then also takes Ed25519 signatures, and the WebSocket API a session logon. */
  readonly publicKey?: string;
  /** Limits to announce and enforce. Default 6000 weight a minute, 10000 orders in 10 seconds, 2000000 a day. */
  readonly limits?: Partial<Limits>;
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
  readonly port: number;
  readonly instruments: readonly Instrument[];
  /** Units of 10^-8 by asset. */
  readonly balances: ReadonlyMap<string, bigint>;
  /** Parts of 10^8. */
  readonly makerRate: bigint;
  readonly takerRate: bigint;
  readonly limits: Limits;
  readonly replaySpeed: number;
}

const ONE = 10n ** BigInt(UNIT_DECIMALS);

/** Checks options and fills in defaults. @throws {InvalidInputError} Naming the option and what it must be. */
export function checkOptions(options: PaperOptions): PaperSetup {
  const { recording, host = "127.0.0.1", port = 0, makerFee = "0.001", takerFee = "0.001" } = options;
  if (recording !== undefined && options.instruments !== undefined) {
    throw new InvalidInputError("instruments and recording cannot go together: a recording brings its own instruments");
  }
  const specs = recording === undefined ? (options.instruments ?? DEFAULT_INSTRUMENTS) : recordedInstruments(recording);
  const instruments = toInstruments(specs);
  return {
    host,
    port: integerInRange("port", port, 0, 65_535),
    instruments,
    balances: balancesOf(options, instruments),
    makerRate: rateOf("makerFee", makerFee),
    takerRate: rateOf("takerFee", takerFee),
    limits: limitsOf(options.limits ?? {}),
    replaySpeed: inRange("replaySpeed", options.replaySpeed ?? 0, 0, 1e6),
  };
}

function balancesOf({ balances, recording }: PaperOptions, instruments: readonly Instrument[]): Map<string, bigint> {
  if (balances !== undefined) {
    return new Map(Object.entries(balances).map(([asset, text]) => [asset, parseUnits(`balances.${asset}`, text)]));
  }
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

function rateOf(name: string, text: string): bigint {
  const rate = parseUnits(name, text);
  if (rate < ONE) return rate;
  throw new InvalidInputError(`${name} must be below 1 (0.001 is 0.1 %), got "${text}"`);
}

function limitsOf(limits: Partial<Limits>): Limits {
  const all = { ...DEFAULT_LIMITS, ...limits };
  for (const [name, value] of Object.entries(all)) integerInRange(`limits.${name}`, value, 1, Number.MAX_SAFE_INTEGER);
  return all;
}
