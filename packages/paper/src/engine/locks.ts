import { baseUnits, type Instrument, notionalUnits } from "../instruments.ts";
import type { MatchingEngine } from "./matching-engine.ts";
import { hasNoLimit, type Order, type OrderRequest } from "./order.ts";
import { OrderRefusedError } from "./report.ts";
import { sweep } from "./sweep.ts";
import { Trigger } from "./triggers.ts";

/**
 * What orders lock: a sell its base units, a buy what it may cost. A buy without limit price locks what the book would ask now or,
 * while it waits for its trigger, what it would cost at the stop price.
 */
export class Locks {
  readonly #engine: MatchingEngine;
  readonly #instrument: Instrument;

  constructor(engine: MatchingEngine, instrument: Instrument) {
    this.#engine = engine;
    this.#instrument = instrument;
  }

  /**
   * Lots that `request` is for: of a MARKET order by its quote amount, what that buys or sells now, in whole steps.
   *
   * @throws {OrderRefusedError} EMPTY_BOOK or NO_LIQUIDITY, for such an order.
   */
  lotsOf(request: OrderRequest): number {
    if (request.quoteUnits === 0n) return request.lots;
    const { side, account, prevention, quoteUnits } = request;
    const found = sweep(this.#engine, this.#instrument, { side, owner: account.index, prevention, quoteUnits });
    if (found.lots === 0 && found.ranDry) throw new OrderRefusedError("EMPTY_BOOK");
    if (found.lots < this.#instrument.minLots) throw new OrderRefusedError("NO_LIQUIDITY");
    // On a book that runs dry it asks for a step more than there is, and so ends EXPIRED like one given by quantity.
    return found.ranDry ? found.lots + this.#instrument.lotIncrement : found.lots;
  }

  /** Units that `lots` of `request` lock. @param lastTicks Last trade price, for an order that only trails. */
  unitsFor(request: OrderRequest, lots: number, lastTicks: number | undefined): bigint {
    const { side, type, priceTicks } = request;
    if (side === "SELL") return baseUnits(this.#instrument, lots);
    if (type === "MARKET") return this.costOf(request, lots);
    if (!hasNoLimit(type)) return notionalUnits(this.#instrument, priceTicks, lots);
    return notionalUnits(this.#instrument, new Trigger(request).estimateTicks(lastTicks), lots);
  }

  /** Quote units that buying `lots` at any price costs now. */
  costOf({ side, account, prevention }: OrderRequest, lots: number): bigint {
    return sweep(this.#engine, this.#instrument, { side, owner: account.index, prevention, lots }).quoteUnits;
  }

  /** Units that an open order needs for what is left of it, out of the `lockedUnits` it has. */
  neededFor(order: Order): bigint {
    if (order.side === "SELL") return baseUnits(this.#instrument, order.openLots);
    // At any price it may still need all it has locked: only its end gives back.
    if (hasNoLimit(order.request.type)) return order.lockedUnits;
    return notionalUnits(this.#instrument, order.limitTicks, order.openLots);
  }
}
