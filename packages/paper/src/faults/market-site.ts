import { type Clock, InvalidInputError } from "@pitlane/perf";
import type { Market } from "../engine/market.ts";
import { Crowd } from "../models/crowd.ts";
import type { SteppedModel } from "../models/driver.ts";
import type { MovedWeather } from "../models/moved-weather.ts";
import type { ActiveFault } from "./active-fault.ts";
import type { Fault, FloodFault, PriceMoveFault } from "./fault.ts";

/** A market that its model makes. */
export interface ModelledMarket {
  readonly market: Market;
  readonly weather: MovedWeather;
}

const SECOND_MS = 1000;

/** The market as faults see it: one for all regions, where it is made by a model. */
export class MarketSite {
  readonly #markets: readonly ModelledMarket[];
  readonly #models: SteppedModel[];
  readonly #clock: Pick<Clock, "nowUs">;
  readonly #endings = new Map<ActiveFault, readonly (() => void)[]>();

  /**
   * @param markets Those there will be once the models run; none where there is no model.
   * @param models What is stepped: a crowd joins while its fault lasts.
   */
  constructor(markets: readonly ModelledMarket[], models: SteppedModel[], clock: Pick<Clock, "nowUs">) {
    this.#markets = markets;
    this.#models = models;
    this.#clock = clock;
  }

  /** @throws {InvalidInputError} When there is no model, or no such instrument. */
  check(fault: Fault): void {
    if (!isOfMarket(fault)) return;
    const { kind, symbol } = fault;
    if (this.#markets.length === 0) {
      throw new InvalidInputError(
        `fault ${kind} needs the market model: create the exchange without market: false, and without a recording`,
      );
    }
    const symbols = this.#markets.map(({ market }) => market.instrument.symbol);
    if (symbol === undefined || symbols.includes(symbol)) return;
    throw new InvalidInputError(`fault.symbol must be one of ${symbols.join(", ")}; got "${symbol}"`);
  }

  begin(active: ActiveFault): void {
    const { fault } = active;
    if (!isOfMarket(fault)) return;
    const hit = this.#markets.filter(
      ({ market: { instrument } }) => (fault.symbol ?? instrument.symbol) === instrument.symbol,
    );
    this.#endings.set(
      active,
      hit.map((one) => (fault.kind === "flood" ? this.#flood(active, fault, one) : move(active, fault, one))),
    );
  }

  end(ended: ActiveFault): void {
    for (const end of this.#endings.get(ended) ?? []) end();
    this.#endings.delete(ended);
  }

  #flood(active: ActiveFault, { tradesPerSecond }: FloodFault, { market }: ModelledMarket): () => void {
    const crowd = new Crowd({
      market,
      tradesPerSecond,
      random: active.random.fork(market.instrument.symbol),
      startUs: this.#clock.nowUs(),
      mayTrade: () => active.tryHit(),
    });
    this.#models.push(crowd);
    return () => this.#models.splice(this.#models.indexOf(crowd), 1);
  }
}

function move(
  active: ActiveFault,
  { by, overMs = SECOND_MS }: PriceMoveFault,
  { weather }: ModelledMarket,
): () => void {
  active.tryHit();
  return weather.move(Math.log1p(by), overMs / SECOND_MS);
}

function isOfMarket(fault: Fault): fault is PriceMoveFault | FloodFault {
  return fault.kind === "priceMove" || fault.kind === "flood";
}
