import { InvalidInputError, Levels } from "@pitlane/sdk";
import { decodeInputs } from "../../journal/input-reader.ts";
import type { InputLevel, InputRecord } from "../../journal/inputs.ts";
import { readRowsWithSegments } from "../../journal/read.ts";
import { fromInstrumentRecord, type InstrumentRecord } from "../../orders/records.ts";
import type { MarketData } from "../columns.ts";
import { withHints } from "./data-instrument.ts";
import { depthSession } from "./depth-session.ts";
import { DepthWriter } from "./depth-writer.ts";
import type { ReadOptions, ReadSession } from "./session.ts";

/**
 * Reads the market of a session from its journal: of a run, live or on paper, or of `pitlane record`. Instruments are those of its first
 * row, with the venue's rules. Quotes are those of the book; trades fetched after a hole are left out, they came too late to act on.
 *
 * @throws {InvalidInputError} When it is no journal, or does not begin as one.
 */
export async function readJournalMarket(path: string, options: ReadOptions): Promise<ReadSession> {
  const { hints, signal } = options;
  let tape: Tape | undefined;
  let rows = 0;
  for await (const { kind, body } of readRowsWithSegments(path)) {
    signal?.throwIfAborted();
    if (kind === "run.start" || kind === "record.start") {
      const { instruments } = JSON.parse(body as string) as { readonly instruments: readonly InstrumentRecord[] };
      tape ??= new Tape(instruments, options);
    } else if (kind === "run.resume") tape?.lost();
    else if (kind === "inputs") {
      if (tape === undefined)
        throw new InvalidInputError(
          `${path}: does not begin as a session does: it cannot be told what its numbers are of`,
        );
      for (const record of decodeInputs(body as Uint8Array)) {
        tape.take(record);
        rows++;
      }
    }
  }
  if (tape === undefined)
    throw new InvalidInputError(`${path}: holds no session: the process ended before it had begun`);
  return depthSession(
    tape.finish().map(({ instrument, columns }) => ({ instrument: withHints(instrument, hints), columns })),
    rows,
  );
}

/** The market inputs of a journal, by instrument. */
class Tape {
  readonly #instruments: readonly InstrumentRecord[];
  readonly #writers: readonly DepthWriter[];
  readonly #bids = new Levels(64);
  readonly #asks = new Levels(64);
  #receivedAtUs = 0;

  constructor(instruments: readonly InstrumentRecord[], options: ReadOptions) {
    this.#instruments = instruments;
    this.#writers = instruments.map(() => new DepthWriter(options));
  }

  take(record: InputRecord): void {
    switch (record.kind) {
      case "book": {
        const { isSnapshot, isRepeat, bids, asks } = record;
        if (isRepeat) return; // orders keep their places in the queue
        return this.#writer(record.instrument).book(
          this.#times(record),
          isSnapshot,
          fill(this.#bids, bids),
          fill(this.#asks, asks),
        );
      }
      case "trade": {
        if (record.isBackfilled) return;
        const { aggressor, priceTicks, sizeLots } = record;
        return this.#writer(record.instrument).trade(this.#times(record), aggressor === "sell", priceTicks, sizeLots);
      }
      case "gap":
        if (record.channel === "book") this.#writer(record.instrument).gap(this.#times(record));
    }
  }

  /** Nobody saw the market for a while. */
  lost(): void {
    for (const writer of this.#writers) writer.gap({ venueAtUs: 0, receivedAtUs: this.#receivedAtUs });
  }

  finish(): readonly MarketData[] {
    return this.#instruments.map((record, i) => ({
      instrument: fromInstrumentRecord(record),
      columns: this.#writer(i).finish(),
    }));
  }

  #writer(index: number): DepthWriter {
    const writer = this.#writers[index];
    if (writer !== undefined) return writer;
    throw new InvalidInputError(
      `the journal names instrument ${index} of ${this.#writers.length}: check it with pitlane journal verify`,
    );
  }

  /** The core takes them in this order, whatever two sockets say. */
  #times({ venueAtUs, receivedAtUs }: { readonly venueAtUs: number; readonly receivedAtUs: number }) {
    this.#receivedAtUs = Math.max(this.#receivedAtUs, receivedAtUs);
    return { venueAtUs, receivedAtUs: this.#receivedAtUs };
  }
}

function fill(levels: Levels, from: readonly InputLevel[]): Levels {
  levels.clear();
  for (const { ticks, lots } of from) levels.push(ticks, lots);
  return levels;
}
