import { type Instrument, notionalUnits } from "@pitlane/sdk";
import { barLengthUs, barStartUs, type FixedBarInterval } from "../engines/bar-every.ts";
import type { BuiltBarEvent } from "../engines/bars.ts";
import type { BarColumns } from "./columns.ts";

/** A bar that was made of shorter ones. */
export type JoinedBar = BuiltBarEvent & { readonly interval: FixedBarInterval };

/** One length of bars that is made of shorter ones: the rows of its open bar, and the row it closes at. */
interface Joining {
  readonly interval: FixedBarInterval;
  fromRow: number;
  untilRow: number; // not included
  startUs: number;
  closeRow: number;
  /** Rows at its end are missing: the first row of a later bar closes it, before it is heard itself. */
  isCutShort: boolean;
}

/**
 * Longer bars, made of the recorded ones: five of a minute are one of five minutes.
 *
 *     1m  | 12:00 | 12:01 | 12:02 | 12:03 | 12:04 | 12:05 | 12:07 |   12:06 is missing
 *     5m  | 12:00 ------------------------------->| 12:05 ----------  `hasGap`
 *
 * Bars begin at whole intervals of UTC, as those of a session do, and are heard right after the row that ends them. One with rows missing
 * says `hasGap`; one without any row is left out, for nobody knows of its time; the last one is left out where the data ends within it.
 */
export class JoinedBars {
  readonly #instrument: Instrument;
  readonly #columns: BarColumns;
  readonly #joinings: readonly Joining[];
  /** The next row that closes a bar: what is before it is of no interest. Infinity when there is none. */
  nextRow: number = Number.POSITIVE_INFINITY;

  /** @param intervals Multiples of the rows' length, each once. */
  constructor(instrument: Instrument, intervals: readonly FixedBarInterval[], columns: BarColumns) {
    this.#instrument = instrument;
    this.#columns = columns;
    this.#joinings = intervals
      .toSorted((a, b) => barLengthUs(a) - barLengthUs(b))
      .map((interval) =>
        this.#begin({ interval, fromRow: 0, untilRow: 0, startUs: 0, closeRow: 0, isCutShort: false }),
      );
    this.#look();
  }

  /** Bars that a row closes by being of a later one. To be heard before it. */
  before(row: number, receivedAtUs: number): readonly JoinedBar[] {
    return this.#closedBy(row, receivedAtUs, true);
  }

  /** Bars that end with a row. To be heard after it. */
  after(row: number, receivedAtUs: number): readonly JoinedBar[] {
    return this.#closedBy(row, receivedAtUs, false);
  }

  #closedBy(row: number, receivedAtUs: number, isCutShort: boolean): readonly JoinedBar[] {
    const closed: JoinedBar[] = [];
    for (const joining of this.#joinings) {
      if (joining.closeRow !== row || joining.isCutShort !== isCutShort) continue;
      closed.push(this.#join(joining, receivedAtUs));
      joining.fromRow = joining.untilRow;
      this.#begin(joining);
    }
    this.#look();
    return closed;
  }

  #look(): void {
    this.nextRow = Math.min(...this.#joinings.map(({ closeRow }) => closeRow));
  }

  /** Looks at the times of the rows of the bar that begins with `fromRow`. */
  #begin(joining: Joining): Joining {
    const { startUs, length, intervalUs } = this.#columns;
    const { interval, fromRow } = joining;
    joining.closeRow = Number.POSITIVE_INFINITY;
    if (fromRow >= length) return joining;
    joining.startUs = barStartUs(interval, startUs[fromRow]!);
    const endUs = joining.startUs + barLengthUs(interval);
    let row = fromRow + 1;
    while (row < length && startUs[row]! < endUs) row++;
    joining.untilRow = row;
    joining.isCutShort = startUs[row - 1]! + intervalUs < endUs;
    if (!joining.isCutShort) joining.closeRow = row - 1;
    else if (row < length) joining.closeRow = row;
    return joining;
  }

  #join({ interval, fromRow, untilRow, startUs }: Joining, receivedAtUs: number): JoinedBar {
    const columns = this.#columns;
    const endUs = startUs + barLengthUs(interval);
    let highTicks = 0;
    let lowTicks = Number.POSITIVE_INFINITY;
    let volumeLots = 0;
    let quoteVolume = 0n;
    let trades = 0;
    for (let row = fromRow; row < untilRow; row++) {
      const lots = columns.volumeLots[row]!;
      highTicks = Math.max(highTicks, columns.highTicks[row]!);
      lowTicks = Math.min(lowTicks, columns.lowTicks[row]!);
      volumeLots += lots;
      quoteVolume += columns.quoteVolume?.[row] ?? notionalUnits(this.#instrument, columns.closeTicks[row]!, lots);
      trades += columns.trades?.[row] ?? 0;
    }
    return {
      kind: "bar",
      instrument: this.#instrument,
      interval,
      startUs,
      endUs,
      openTicks: columns.openTicks[fromRow]!,
      highTicks,
      lowTicks,
      closeTicks: columns.closeTicks[untilRow - 1]!,
      volumeLots,
      quoteVolume,
      trades,
      isClosed: true,
      hasGap: (untilRow - fromRow) * columns.intervalUs < barLengthUs(interval),
      lateTrades: 0,
      venueAtUs: endUs,
      receivedAtUs,
      receivedNs: receivedAtUs * 1000,
    };
  }
}
