import { InvalidInputError } from "@pitlane/perf";
import { ProtocolError } from "../../errors.ts";
import { ASSET_DECIMALS, type Instrument } from "../../model/instrument.ts";
import { parseUnits } from "../../model/scale.ts";
import { type Fields, textOf, toFields, toList } from "./fields.ts";

/** What an exchangeInfo reply holds. */
export interface InstrumentList {
  readonly instruments: readonly Instrument[];
  /** Symbols we cannot represent exactly, with the reason. */
  readonly unsupported: ReadonlyMap<string, string>;
}

const MOST_DECIMALS = 12;

/**
 * The instruments of an exchangeInfo reply, of spot and of both futures markets.
 *
 * A symbol whose steps do not fit our scales (more than 12 decimals) or whose id is taken is left out and named in `unsupported`, so
 * that one odd listing does not hide the others. Filters may be missing: without a price or size step the stated precision is used, or 8 decimals.
 * Dated futures are `AAA/BBB-YYMMDD`, from the ending of the venue's symbol; perpetual ones are `AAA/BBB`.
 *
 * @throws {ProtocolError} When the reply or a symbol does not have the documented form.
 */
export function parseInstruments(value: unknown, venue: string): InstrumentList {
  const instruments: Instrument[] = [];
  const unsupported = new Map<string, string>();
  const ids = new Set<string>();
  for (const item of toList('exchangeInfo: "symbols"', toFields("exchangeInfo", value)["symbols"])) {
    const symbol = toFields("exchangeInfo: symbol", item);
    const name = textOf("exchangeInfo: symbol", symbol, "symbol");
    const parsed = parseInstrument(name, symbol, venue);
    if (typeof parsed === "string") unsupported.set(name, parsed);
    else if (ids.has(parsed.id)) unsupported.set(name, `its id ${parsed.id} is already taken`);
    else {
      ids.add(parsed.id);
      instruments.push(parsed);
    }
  }
  return { instruments, unsupported };
}

/** The instrument, or why there can be none. */
function parseInstrument(name: string, symbol: Fields, venue: string): Instrument | string {
  const where = `exchangeInfo: ${name}`;
  const base = textOf(where, symbol, "baseAsset");
  const quote = textOf(where, symbol, "quoteAsset");
  const filters = filtersOf(where, symbol);
  const price = filters.get("PRICE_FILTER") ?? {};
  const size = filters.get("LOT_SIZE") ?? {};
  const priceStep = stepOf(`${where}: tickSize`, price["tickSize"], symbol["pricePrecision"]);
  const sizeStep = stepOf(`${where}: stepSize`, size["stepSize"], symbol["quantityPrecision"]);
  for (const [name, { decimals }] of Object.entries({ tickSize: priceStep, stepSize: sizeStep }))
    if (decimals > MOST_DECIMALS) return `${name} has ${decimals} decimals, at most ${MOST_DECIMALS} fit`;

  const delivery = /_(\d+)$/.exec(name)?.[1];
  const pair = delivery === undefined ? `${base}/${quote}` : `${base}/${quote}-${delivery}`;
  const minLots = Math.ceil(lotsOf(`${where}: minQty`, size["minQty"] ?? "0", sizeStep.decimals));
  const maxLots = Math.floor(lotsOf(`${where}: maxQty`, size["maxQty"] ?? "0", sizeStep.decimals));
  return {
    id: `${venue}:${pair}`,
    venue,
    symbol: pair,
    venueSymbol: name,
    base,
    quote,
    trading: (symbol["status"] ?? symbol["contractStatus"]) === "TRADING" && symbol["isSpotTradingAllowed"] !== false,
    priceDecimals: priceStep.decimals,
    sizeDecimals: sizeStep.decimals,
    tickIncrement: priceStep.increment,
    lotIncrement: sizeStep.increment,
    minLots: Math.max(minLots, sizeStep.increment),
    maxLots: maxLots === 0 ? Number.MAX_SAFE_INTEGER : maxLots,
    minNotional: minNotionalOf(where, filters),
  };
}

function filtersOf(where: string, symbol: Fields): ReadonlyMap<unknown, Fields> {
  const filters = new Map<unknown, Fields>();
  for (const item of toList(`${where}: "filters"`, symbol["filters"] ?? [])) {
    const filter = toFields(`${where}: filter`, item);
    filters.set(filter["filterType"], filter);
  }
  return filters;
}

/**
 * "0.01000000" is one unit of 2 decimals, "0.5" five of 1, "10" ten of 0. Where the venue states a precision beyond that (futures
 * do, and have old orders at such prices) its decimals are used. A step of 0 is switched off: the precision alone rules.
 */
function stepOf(where: string, step: unknown = "0", precision: unknown): { decimals: number; increment: number } {
  const stated = Number.isInteger(precision) && (precision as number) >= 0 ? (precision as number) : undefined;
  const match = typeof step === "string" && /^(\d+)(?:\.(\d*?)0*)?$/.exec(step);
  if (!match) throw notDecimal(where, String(step));
  const [, whole, fraction = ""] = match;
  if (Number(whole + fraction) === 0) return { decimals: stated ?? ASSET_DECIMALS, increment: 1 };
  const decimals = Math.max(fraction.length, stated ?? 0);
  return { decimals, increment: Number(whole + fraction.padEnd(decimals, "0")) };
}

/** A quantity in lots, in fractions of one where it has more decimals; beyond the safe integers it is cut to their largest. */
function lotsOf(where: string, quantity: unknown, decimals: number): number {
  const units = amountOf(where, quantity, MOST_DECIMALS + ASSET_DECIMALS);
  const perLot = 10n ** BigInt(MOST_DECIMALS + ASSET_DECIMALS - decimals);
  const lots = Number(units / perLot) + (units % perLot === 0n ? 0 : 0.5);
  return Math.min(lots, Number.MAX_SAFE_INTEGER);
}

function minNotionalOf(where: string, filters: ReadonlyMap<unknown, Fields>): bigint {
  const filter = filters.get("NOTIONAL") ?? filters.get("MIN_NOTIONAL");
  const text = filter?.["minNotional"] ?? filter?.["notional"]; // spot's name, and the futures'
  return text === undefined ? 0n : amountOf(`${where}: minNotional`, text, ASSET_DECIMALS);
}

function amountOf(where: string, value: unknown, decimals: number): bigint {
  if (typeof value !== "string") throw notDecimal(where, typeof value);
  try {
    return parseUnits(value, decimals);
  } catch (error) {
    if (error instanceof InvalidInputError) throw new ProtocolError(`${where}: ${error.message}`);
    throw error;
  }
}

function notDecimal(where: string, got: string): ProtocolError {
  return new ProtocolError(`${where} must be a decimal number as text, got ${got}`);
}
