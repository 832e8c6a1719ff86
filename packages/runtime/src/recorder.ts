import type { Clock } from "@pitlane/perf";
import type { Instrument } from "@pitlane/sdk";
import { MarketWriter } from "./core/market-writer.ts";
import { DataEngine } from "./engines/data.ts";
import { Journal } from "./journal/journal.ts";
import { createStageLatencies } from "./latency.ts";
import { toInstrumentRecord } from "./orders/records.ts";
import type { MarketVenue } from "./venue.ts";
import { VERSION } from "./version.ts";

export interface RecorderOptions {
  /** A client of the SDK. */
  readonly client: MarketVenue;
  readonly instruments: readonly Instrument[];
  /** File to begin; its folder is made when missing. */
  readonly journalPath: string;
  readonly clock: Clock;
  readonly onFault: (message: string) => void;
}

/** What was recorded. */
export interface RecordingTally {
  readonly path: string;
  readonly events: number;
  readonly gaps: number;
  readonly resyncs: number;
  readonly bytes: number;
  readonly headHash: string;
}

const COMMIT_MS = 250;

/**
 * Records a market as sessions do: into a journal, each event with its moment and each hole with its words, safe from a kill but for
 * the last quarter of a second.
 *
 * @example
 * const recorder = new Recorder({ client, instruments, journalPath: "btc/journal.db", clock, onFault });
 * await recorder.open();
 * await clock.sleep(60_000);
 * const { events } = await recorder.close("duration");
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #data: DataEngine;
  #journal: Journal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastAtUs = 0;
  #gaps = 0;
  #resyncs = 0;

  constructor(options: RecorderOptions) {
    const { client, instruments, clock, onFault } = options;
    this.#options = options;
    const indexes = new Map(instruments.map((instrument, index) => [instrument, index]));
    let market: MarketWriter | undefined;
    this.#data = new DataEngine({
      stream: client.stream,
      instruments,
      clock,
      latencies: createStageLatencies(),
      onEvent: (event, change) => {
        if (this.#journal === undefined) return;
        market ??= new MarketWriter(this.#journal.inputs);
        if (event.kind === "gap") this.#gaps++;
        else if (event.kind === "resync") this.#resyncs++;
        this.#lastAtUs = Math.max(this.#lastAtUs, event.receivedAtUs);
        market.write(event, change, indexes.get(event.instrument) as number, this.#lastAtUs);
      },
      onFrameEnd: () => {},
      onFault,
    });
  }

  /** Events received so far. */
  get events(): number {
    return this.#data.events;
  }

  /** Begins the journal and opens the stream. @throws {InvalidInputError} When the journal exists. @throws {RequestError} As the venue does. */
  async open(): Promise<void> {
    const { journalPath, clock, instruments, onFault } = this.#options;
    const journal = Journal.create({ path: journalPath, clock });
    this.#journal = journal;
    this.#lastAtUs = journal.nowUs();
    journal.append("record.start", {
      version: VERSION,
      node: process.version,
      instruments: instruments.map(toInstrumentRecord),
    });
    journal.commit();
    this.#timer = setInterval(() => {
      try {
        journal.commit();
      } catch (error) {
        onFault((error as Error).message); // the queue is kept; the next commit tries again
      }
    }, COMMIT_MS);
    await this.#data.open();
  }

  /** Ends the stream and the journal. @throws {JournalError} When the last events cannot be written. */
  async close(reason: string): Promise<RecordingTally> {
    await this.#data.close();
    clearInterval(this.#timer);
    const journal = this.#journal;
    if (journal === undefined) throw new Error("the recorder was not opened");
    const { events } = this.#data;
    journal.append("record.end", { endedBy: reason, events, gaps: this.#gaps, resyncs: this.#resyncs });
    journal.close();
    const { path, bytes, headHash } = journal;
    return { path, events, gaps: this.#gaps, resyncs: this.#resyncs, bytes, headHash };
  }
}
