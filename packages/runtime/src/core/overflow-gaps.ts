import type { Channel, GapEvent, Instrument, ResyncEvent } from "@pitlane/sdk";
import type { BusEvent } from "../bus/events.ts";

const CHANNELS: ReadonlySet<string> = new Set<Channel>(["book", "quote", "trade", "bar"]);

interface Hole {
  readonly channel: Channel;
  readonly index: number;
  missing: number;
}

/**
 * Says what a full lane has given up: a stream never lies. The first event of a channel that is dropped is told as a gap; when the bus is
 * empty again a resync says how many were.
 */
export class OverflowGaps {
  readonly #instruments: readonly Instrument[];
  readonly #publish: (event: GapEvent | ResyncEvent, index: number) => void;
  readonly #holes = new Map<string, Hole>();

  constructor(instruments: readonly Instrument[], publish: (event: GapEvent | ResyncEvent, index: number) => void) {
    this.#instruments = instruments;
    this.#publish = publish;
  }

  /** Some are not made good yet. */
  get isOpen(): boolean {
    return this.#holes.size > 0;
  }

  /** An event was given up. Kinds that are no market data have nothing to tell. */
  onDrop({ kind }: Pick<BusEvent, "kind">, index: number, nowUs: number): void {
    const instrument = this.#instruments[index];
    if (instrument === undefined || !CHANNELS.has(kind)) return;
    const channel = kind as Channel;
    const key = `${channel} ${index}`;
    const hole = this.#holes.get(key);
    if (hole !== undefined) {
      hole.missing++;
      return;
    }
    this.#holes.set(key, { channel, index, missing: 1 });
    const reason = "the bus had no room: plugins are slower than the market";
    this.#publish({ kind: "gap", channel, cause: "overflow", reason, instrument, ...timesOf(nowUs) }, index);
  }

  /** All that waited was dispatched: what comes from here on is whole. */
  close(nowUs: number): void {
    for (const { channel, index, missing } of this.#holes.values()) {
      const instrument = this.#instruments[index] as Instrument;
      this.#publish({ kind: "resync", channel, backfilled: 0, missing, instrument, ...timesOf(nowUs) }, index);
    }
    this.#holes.clear();
  }
}

function timesOf(nowUs: number) {
  return { venueAtUs: 0, receivedAtUs: nowUs, receivedNs: Number.NaN };
}
