import { InvalidInputError } from "@pitlane/perf";
import { checkFlag, checkList, checkObject, shown } from "./checks.ts";
import { decimalsOf, parseScaled, parseUnits, UNIT_DECIMALS } from "./scale.ts";

/** One instrument as a user states it; all numbers are decimal text. */
export interface InstrumentSpec {
  /** The symbol on the wire, `AAAUSDT`: 1 to 20 upper-case letters, digits or `_`. */
  readonly symbol: string;
  /** Asset bought and sold. */
  readonly base: string;
  /** Asset that prices are in. */
  readonly quote: string;
  /** Prices are multiples of this; at most 8 decimals. */
  readonly tickSize: string;
  /** Sizes are multiples of this; at most 8 decimals. */
  readonly lotSize: string;
  /** Smallest order, in base units. */
  readonly minSize: string;
  /** Largest order, in base units. */
  readonly maxSize: string;
  /** Smallest price x size of an order, in quote units. */
  readonly minNotional: string;
  /** Where the market model starts; a multiple of `tickSize`. */
  readonly startPrice: string;
  /** Largest order without a limit price, in base units. Default `maxSize`. */
  readonly maxMarketSize?: string;
  /** Most an account may come to by buying, in base units: its balance and its open buys. Default no limit. */
  readonly maxPosition?: string;
  /** False refuses orders (status HALT). Default true. */
  readonly trading?: boolean;
}

/**
 * An instrument with its numbers as integers: prices in ticks of 10^-priceDecimals quote units, sizes in lots of
 * 10^-sizeDecimals base units, amounts in units of 10^-8.
 */
export interface Instrument {
  readonly spec: InstrumentSpec;
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly trading: boolean;
  readonly priceDecimals: number;
  readonly sizeDecimals: number;
  /** Prices are multiples of this many ticks. */
  readonly tickIncrement: number;
  /** Sizes are multiples of this many lots. */
  readonly lotIncrement: number;
  readonly minLots: number;
  readonly maxLots: number;
  readonly maxMarketLots: number;
  readonly minNotionalUnits: bigint;
  readonly startTicks: number;
  /** Base units of one lot. */
  readonly unitsPerLot: bigint;
  /** Quote units of one tick x lot are `notionalMultiplier / notionalDivisor`; one of the two is 1n. */
  readonly notionalMultiplier: bigint;
  readonly notionalDivisor: bigint;
  /** Most base units an account may come to by buying; undefined for any. */
  readonly maxPositionUnits: bigint | undefined;
}

const NAME = /^[\p{L}\p{N}_]{1,20}$/u; // not only Latin: the venue lists such symbols since 2025-12

/** What a paper exchange lists unless told: four prices, with different tick and lot scales (one tick is no power of ten). */
export const DEFAULT_INSTRUMENTS: readonly InstrumentSpec[] = [
  {
    symbol: "AAAUSDT",
    base: "AAA",
    quote: "USDT",
    tickSize: "0.01",
    lotSize: "0.001",
    minSize: "0.001",
    maxSize: "90000",
    minNotional: "5",
    startPrice: "100",
  },
  {
    symbol: "BBBUSDT",
    base: "BBB",
    quote: "USDT",
    tickSize: "0.5",
    lotSize: "0.0001",
    minSize: "0.0001",
    maxSize: "9000",
    minNotional: "5",
    startPrice: "2500",
  },
  {
    symbol: "CCCUSDT",
    base: "CCC",
    quote: "USDT",
    tickSize: "0.0001",
    lotSize: "1",
    minSize: "1",
    maxSize: "9000000",
    minNotional: "5",
    startPrice: "0.5",
  },
  {
    symbol: "DDDUSDT",
    base: "DDD",
    quote: "USDT",
    tickSize: "1",
    lotSize: "0.00001",
    minSize: "0.00001",
    maxSize: "1000",
    minNotional: "5",
    startPrice: "30000",
  },
];

/**
 * Checks `spec` and works out its scales.
 *
 * @throws {InvalidInputError} Naming the symbol, the field and what it must be.
 */
export function toInstrument(spec: InstrumentSpec): Instrument {
  for (const [field, name] of [
    ["symbol", spec.symbol],
    ["base", spec.base],
    ["quote", spec.quote],
  ] as const) {
    if (typeof name === "string" && NAME.test(name) && name === name.toUpperCase()) continue;
    throw new InvalidInputError(`${field} must be 1 to 20 upper-case letters, digits or _, got ${shown(name)}`);
  }
  const { trading = true, maxMarketSize = spec.maxSize } = spec;
  checkFlag(`${spec.symbol} trading`, trading);
  const priceDecimals = stepDecimals(spec.symbol, "tickSize", spec.tickSize);
  const sizeDecimals = stepDecimals(spec.symbol, "lotSize", spec.lotSize);
  const tickIncrement = parseScaled(`${spec.symbol} tickSize`, spec.tickSize, priceDecimals);
  const lotIncrement = parseScaled(`${spec.symbol} lotSize`, spec.lotSize, sizeDecimals);
  const sizeOf = (field: string, text: string) => {
    const lots = parseScaled(`${spec.symbol} ${field}`, text, sizeDecimals);
    if (lots > 0) return lots;
    throw new InvalidInputError(`${spec.symbol}: ${field} must be above 0`);
  };
  const minLots = sizeOf("minSize", spec.minSize);
  const maxLots = sizeOf("maxSize", spec.maxSize);
  if (minLots > maxLots) throw new InvalidInputError(`${spec.symbol}: minSize must not be above maxSize`);
  const startTicks = parseScaled(`${spec.symbol} startPrice`, spec.startPrice, priceDecimals);
  if (startTicks <= 0 || startTicks % tickIncrement !== 0) {
    throw new InvalidInputError(
      `${spec.symbol}: startPrice must be a multiple of tickSize above 0, got "${spec.startPrice}"`,
    );
  }
  const spare = UNIT_DECIMALS - priceDecimals - sizeDecimals;
  return {
    spec,
    symbol: spec.symbol,
    base: spec.base,
    quote: spec.quote,
    trading,
    priceDecimals,
    sizeDecimals,
    tickIncrement,
    lotIncrement,
    minLots,
    maxLots,
    maxMarketLots: sizeOf("maxMarketSize", maxMarketSize),
    minNotionalUnits: parseUnits(`${spec.symbol} minNotional`, spec.minNotional),
    startTicks,
    unitsPerLot: 10n ** BigInt(UNIT_DECIMALS - sizeDecimals),
    notionalMultiplier: spare > 0 ? 10n ** BigInt(spare) : 1n,
    notionalDivisor: spare < 0 ? 10n ** BigInt(-spare) : 1n,
    maxPositionUnits:
      spec.maxPosition === undefined ? undefined : parseUnits(`${spec.symbol} maxPosition`, spec.maxPosition),
  };
}

/** As `toInstrument` for a whole list. @throws {InvalidInputError} Also when it is empty or names a symbol twice. */
export function toInstruments(specs: readonly InstrumentSpec[]): Instrument[] {
  checkList("instruments", specs);
  if (specs.length === 0) throw new InvalidInputError("instruments must name at least one instrument");
  const seen = new Set<string>();
  for (const [i, spec] of specs.entries()) {
    checkObject(`instruments[${i}]`, spec);
    const { symbol } = spec;
    if (seen.has(symbol)) throw new InvalidInputError(`instruments names ${String(symbol)} twice`);
    seen.add(symbol);
  }
  return specs.map(toInstrument);
}

/** Price x size in quote units; a part below one unit is dropped, for buyer and seller alike. */
export function notionalUnits(instrument: Instrument, priceTicks: number, lots: number): bigint {
  const parts = priceTicks * lots;
  // One bigint instead of four, for the sizes that come up.
  if (parts <= Number.MAX_SAFE_INTEGER) {
    if (instrument.notionalDivisor === 1n) return BigInt(parts) * instrument.notionalMultiplier;
    return BigInt(parts) / instrument.notionalDivisor;
  }
  return (BigInt(priceTicks) * BigInt(lots) * instrument.notionalMultiplier) / instrument.notionalDivisor;
}

/** A size in base units. */
export function baseUnits(instrument: Instrument, lots: number): bigint {
  return BigInt(lots) * instrument.unitsPerLot;
}

function stepDecimals(symbol: string, field: string, text: string): number {
  if (
    typeof text !== "string" ||
    !/^\d+(\.\d+)?$/.test(text) ||
    !/[1-9]/.test(text) ||
    decimalsOf(text) > UNIT_DECIMALS
  ) {
    throw new InvalidInputError(
      `${symbol}: ${field} must be a decimal above 0 with at most 8 decimals, got ${shown(text)}`,
    );
  }
  return decimalsOf(text);
}
