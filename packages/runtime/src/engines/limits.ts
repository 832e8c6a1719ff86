import { InvalidInputError } from "@pitlane/perf";
import { type Instrument, parseScaled, parseUnits, type QuoteEvent } from "@pitlane/sdk";
import type { Config } from "../config.ts";
import type { Intent } from "../orders/order.ts";
import {
  type Exposure,
  type RiskEngine,
  type RiskLimits,
  reviewOrderSize,
  reviewPosition,
  reviewShape,
} from "./risk.ts";

export interface LimitVotersOptions {
  readonly config: Config["risk"];
  readonly instruments: readonly Instrument[];
  readonly exposure: (instrument: Instrument) => Exposure;
  readonly quote: (instrument: Instrument) => QuoteEvent | undefined;
}

/**
 * Adds the voters every session has: the order's shape, its size, and the position it could lead to.
 *
 * @throws {InvalidInputError} When the config limits a symbol that is not of the session, or finer than the instrument's lots.
 */
export function addLimitVoters(risk: RiskEngine, { config, instruments, exposure, quote }: LimitVotersOptions): void {
  const unknown = Object.keys(config.instruments).find(
    (symbol) => !instruments.some((instrument) => instrument.symbol === symbol),
  );
  if (unknown !== undefined) {
    throw new InvalidInputError(
      `risk.instruments names ${unknown}; the session has ${instruments.map((instrument) => instrument.symbol).join(", ")}`,
    );
  }
  const limits = new Map(instruments.map((instrument) => [instrument, limitsOf(config, instrument)]));
  const of = (intent: Intent): RiskLimits => limits.get(intent.instrument)!;
  const reference = ({ instrument, side }: Intent) =>
    side === "buy" ? quote(instrument)?.askTicks : quote(instrument)?.bidTicks;
  risk.addVoter("shape", reviewShape);
  risk.addVoter("order-size", (intent) => reviewOrderSize(intent, of(intent), reference(intent)));
  // The order itself counts as one of the open ones only once it is admitted.
  risk.addVoter("position", (intent) =>
    reviewPosition(intent, exposure(intent.instrument), of(intent), reference(intent)),
  );
}

function limitsOf(config: Config["risk"], instrument: Instrument): RiskLimits {
  const own = config.instruments[instrument.symbol];
  const lots = (name: string, text: string): number => {
    try {
      return parseScaled(text, instrument.sizeDecimals);
    } catch (error) {
      throw new InvalidInputError(`risk.instruments.${instrument.symbol}.${name}: ${(error as Error).message}`);
    }
  };
  return {
    maxOrderNotional: parseUnits(config.maxOrderNotional),
    maxPositionNotional: parseUnits(config.maxPositionNotional),
    ...(own?.maxOrderSize === undefined ? {} : { maxOrderLots: lots("maxOrderSize", own.maxOrderSize) }),
    ...(own?.maxPosition === undefined ? {} : { maxPositionLots: lots("maxPosition", own.maxPosition) }),
  };
}
