import { type BarEvent, type Instrument, notionalUnits } from "@pitlane/sdk";
import type { FixedBarInterval } from "../engines/bar-every.ts";
import type { BuiltBarEvent } from "../engines/bars.ts";
import type { BarColumns } from "./columns.ts";
import { defineFields } from "./row-fields.ts";

/**
 * A bar event that looks at one row of the columns: to move it on to the next costs two numbers, whatever a bar has. A copy by spread has
 * all of its fields.
 *
 * @example
 * const bar = new BarRow(instrument, "1m", columns);
 * bar.row = 3;
 * bar.closeTicks; // columns.closeTicks[3]
 */
export class BarRow implements BarEvent {
  readonly kind = "bar";
  readonly instrument: Instrument;
  readonly interval: FixedBarInterval;
  readonly isClosed = true;
  /** To be set with `row`, in microseconds since the epoch; NaN before the first. */
  receivedAtUs: number = Number.NaN;
  declare readonly startUs: number;
  declare readonly venueAtUs: number;
  declare readonly receivedNs: number;
  declare readonly openTicks: number;
  declare readonly highTicks: number;
  declare readonly lowTicks: number;
  declare readonly closeTicks: number;
  declare readonly volumeLots: number;
  declare readonly quoteVolume: bigint;
  declare readonly trades: number;
  readonly #columns: BarColumns;
  #row = 0;

  static readonly #FIELDS = defineFields<BarRow>({
    startUs() {
      return this.#columns.startUs[this.#row]!;
    },
    venueAtUs() {
      return this.#columns.startUs[this.#row]! + this.#columns.intervalUs;
    },
    receivedNs() {
      return this.receivedAtUs * 1000;
    },
    openTicks() {
      return this.#columns.openTicks[this.#row]!;
    },
    highTicks() {
      return this.#columns.highTicks[this.#row]!;
    },
    lowTicks() {
      return this.#columns.lowTicks[this.#row]!;
    },
    closeTicks() {
      return this.#columns.closeTicks[this.#row]!;
    },
    volumeLots() {
      return this.#columns.volumeLots[this.#row]!;
    },
    quoteVolume() {
      return this.#columns.quoteVolume?.[this.#row] ?? notionalUnits(this.instrument, this.closeTicks, this.volumeLots);
    },
    trades() {
      return this.#columns.trades?.[this.#row] ?? 0;
    },
  });

  constructor(instrument: Instrument, interval: FixedBarInterval, columns: BarColumns) {
    this.instrument = instrument;
    this.interval = interval;
    this.#columns = columns;
    Object.defineProperties(this, BarRow.#FIELDS);
  }

  set row(row: number) {
    this.#row = row;
  }
}

/** The same bar as the session's own builder would give it. */
export class BuiltBarRow extends BarRow implements BuiltBarEvent {
  declare readonly endUs: number;
  readonly hasGap = false;
  readonly lateTrades = 0;

  static readonly #FIELDS = defineFields<BuiltBarRow>({
    endUs() {
      return this.venueAtUs;
    },
  });

  constructor(instrument: Instrument, interval: FixedBarInterval, columns: BarColumns) {
    super(instrument, interval, columns);
    Object.defineProperties(this, BuiltBarRow.#FIELDS);
  }
}
