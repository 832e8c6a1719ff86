import type { Clock } from "../clock.ts";
import { InvalidInputError, inRange } from "../errors.ts";

export interface MeterOptions {
  /** Read at every call; the meter owns no timer. */
  readonly clock: Pick<Clock, "monotonicNs">;
  /** Span of the current and the peak rate, in milliseconds; 10 to 3,600,000. Default 1,000. */
  readonly windowMs?: number;
}

/** What a meter knows at one moment. Rates are events per second. */
export interface MeterReading {
  /** Events since the meter was made. */
  readonly count: number;
  /** Rate over the last whole window. */
  readonly currentPerSecond: number;
  /** Rate since the meter was made. */
  readonly averagePerSecond: number;
  /** Highest rate of any window so far. */
  readonly peakPerSecond: number;
}

const SLOTS = 10; // of a window: the current rate lags by at most a tenth of it

// Cells behind the slots.
const COUNT = SLOTS;
const SLOT_NUMBER = SLOTS + 1; // of the slot being filled, counted from the start
const IN_WINDOW = SLOTS + 2; // events of the last SLOTS closed slots
const PEAK = SLOTS + 3; // highest IN_WINDOW so far
const CELLS = SLOTS + 4;

/**
 * Counts events and tells their current, average and peak rate.
 *
 * The window is a ring of ten slots; the current rate covers the last ten that are closed, so it lags by up to a tenth of
 * the window, and a meter younger than a window counts the time before it as empty. `mark` allocates nothing.
 *
 *     | 3 | 0 | 7 | ... | 2 | 5 |  <- closed: current rate, and the peak if it is the highest
 *                               | 1 |  <- being filled
 *
 * @example
 * const fills = new Meter({ clock });
 * fills.mark();
 * fills.read().peakPerSecond;
 */
export class Meter {
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #slotNs: number;
  readonly #startedNs: number;
  readonly #cells = new Float64Array(CELLS);

  /** @throws {InvalidInputError} When `windowMs` is out of range. */
  constructor({ clock, windowMs = 1_000 }: MeterOptions) {
    this.#slotNs = (inRange("windowMs", windowMs, 10, 3_600_000) * 1e6) / SLOTS;
    this.#clock = clock;
    this.#startedNs = clock.monotonicNs();
  }

  /** Counts `events` that happened now. @throws {InvalidInputError} When `events` is negative, infinite or not a number. */
  mark(events = 1): void {
    if (!(events >= 0 && events < Number.POSITIVE_INFINITY)) throw refused(events);
    const cells = this.#cells;
    const slot = Math.floor((this.#clock.monotonicNs() - this.#startedNs) / this.#slotNs);
    if (slot !== cells[SLOT_NUMBER]) this.#closeUntil(slot);
    (cells[slot % SLOTS] as number) += events;
    (cells[COUNT] as number) += events;
  }

  /** The rates now. */
  read(): MeterReading {
    const cells = this.#cells;
    const elapsedNs = this.#clock.monotonicNs() - this.#startedNs;
    this.#closeUntil(Math.floor(elapsedNs / this.#slotNs));
    const count = cells[COUNT] as number;
    const windowsPerSecond = 1e9 / (this.#slotNs * SLOTS);
    return {
      count,
      currentPerSecond: (cells[IN_WINDOW] as number) * windowsPerSecond,
      averagePerSecond: elapsedNs > 0 ? (count * 1e9) / elapsedNs : 0,
      peakPerSecond: (cells[PEAK] as number) * windowsPerSecond,
    };
  }

  #closeUntil(slot: number): void {
    const cells = this.#cells;
    let open = cells[SLOT_NUMBER] as number;
    // After a full turn every slot is empty: a long silence costs no more than a short one.
    for (const end = Math.min(slot, open + SLOTS); open < end; open++) {
      let inWindow = 0;
      for (let i = 0; i < SLOTS; i++) inWindow += cells[i] as number;
      cells[IN_WINDOW] = inWindow;
      if (inWindow > (cells[PEAK] as number)) cells[PEAK] = inWindow;
      cells[(open + 1) % SLOTS] = 0;
    }
    if (open < slot) cells[IN_WINDOW] = 0;
    cells[SLOT_NUMBER] = slot;
  }
}

function refused(events: unknown): InvalidInputError {
  return new InvalidInputError(`a meter counts a finite number of at least 0 events, got ${String(events)}`);
}
