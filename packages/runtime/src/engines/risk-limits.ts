import { InvalidInputError } from "@pitlane/perf";
import { type Instrument, parseScaled, parseUnits } from "@pitlane/sdk";
import type { Config } from "../config.ts";
import { NotionalLimit } from "./notional.ts";
import type { RiskLimits } from "./risk.ts";

/** Every limit of one instrument, in whole numbers. */
export interface InstrumentLimits extends RiskLimits {
  /** 0 for no limit, as below. */
  readonly maxOpenOrders: number;
  readonly maxPriceDeviationBps: number;
  readonly maxDataAgeMs: number;
}

/**
 * The limits of each instrument, worked out once.
 *
 * @throws {InvalidInputError} When the config limits a symbol that is not of the session, or finer than the instrument's lots.
 */
export function limitsByInstrument(
  config: Config["risk"],
  instruments: readonly Instrument[],
): ReadonlyMap<Instrument, InstrumentLimits> {
  const unknown = Object.keys(config.instruments).find(
    (symbol) => !instruments.some((instrument) => instrument.symbol === symbol),
  );
  if (unknown !== undefined) {
    throw new InvalidInputError(
      `risk.instruments names ${unknown}; the session has ${instruments.map((instrument) => instrument.symbol).join(", ")}`,
    );
  }
  return new Map(instruments.map((instrument) => [instrument, limitsOf(config, instrument)]));
}

function limitsOf(config: Config["risk"], instrument: Instrument): InstrumentLimits {
  const own = config.instruments[instrument.symbol] ?? {};
  const lots = (name: string, text: string): number => {
    try {
      return parseScaled(text, instrument.sizeDecimals);
    } catch (error) {
      throw new InvalidInputError(`risk.instruments.${instrument.symbol}.${name}: ${(error as Error).message}`);
    }
  };
  const notional = (text: string) => new NotionalLimit(instrument, parseUnits(text));
  return {
    maxOrderNotional: notional(own.maxOrderNotional ?? config.maxOrderNotional),
    maxPositionNotional: notional(own.maxPositionNotional ?? config.maxPositionNotional),
    maxOpenOrders: own.maxOpenOrders ?? config.maxOpenOrdersPerInstrument,
    maxPriceDeviationBps: own.maxPriceDeviationBps ?? config.maxPriceDeviationBps,
    maxDataAgeMs: own.maxDataAgeMs ?? config.maxDataAgeMs,
    ...(own.maxOrderSize === undefined ? {} : { maxOrderLots: lots("maxOrderSize", own.maxOrderSize) }),
    ...(own.maxPosition === undefined ? {} : { maxPositionLots: lots("maxPosition", own.maxPosition) }),
  };
}
