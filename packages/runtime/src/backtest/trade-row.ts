import type { Instrument, Side, TradeEvent } from "@pitlane/sdk";
import type { TradeColumns } from "./columns.ts";
import { defineFields } from "./row-fields.ts";

/** A trade event that looks at one row of the columns, as `BarRow` does. */
export class TradeRow implements TradeEvent {
  readonly kind = "trade";
  readonly instrument: Instrument;
  readonly isBackfilled = false;
  /** To be set with `row`, in microseconds since the epoch; NaN before the first. */
  receivedAtUs: number = Number.NaN;
  declare readonly venueAtUs: number;
  declare readonly receivedNs: number;
  declare readonly tradeId: number;
  declare readonly priceTicks: number;
  declare readonly sizeLots: number;
  declare readonly aggressor: Side;
  readonly #columns: TradeColumns;
  #row = 0;

  static readonly #FIELDS = defineFields<TradeRow>({
    venueAtUs() {
      return this.#columns.atUs[this.#row]!;
    },
    receivedNs() {
      return this.receivedAtUs * 1000;
    },
    tradeId() {
      return this.#columns.tradeId[this.#row]!;
    },
    priceTicks() {
      return this.#columns.priceTicks[this.#row]!;
    },
    sizeLots() {
      return this.#columns.sizeLots[this.#row]!;
    },
    aggressor() {
      return this.#columns.isSellAggressor[this.#row] === 1 ? "sell" : "buy";
    },
  });

  constructor(instrument: Instrument, columns: TradeColumns) {
    this.instrument = instrument;
    this.#columns = columns;
    Object.defineProperties(this, TradeRow.#FIELDS);
  }

  set row(row: number) {
    this.#row = row;
  }
}
