import type { Clock } from "@pitlane/perf";
import type { BookChange, Instrument, MarketEvent, OrderBook } from "@pitlane/sdk";
import type { StageLatencies } from "../latency.ts";
import type { MarketFeed, MarketVenue } from "../venue.ts";

export interface DataOptions {
  readonly stream: MarketVenue["stream"];
  readonly instruments: readonly Instrument[];
  /** The venue's own stream names; the client's default when left out. */
  readonly streams?: readonly string[];
  readonly clock: Pick<Clock, "monotonicNs">;
  readonly latencies: StageLatencies;
  /** @param change What a `book` event changed; undefined when the whole book is new. */
  readonly onEvent: (event: MarketEvent, change: BookChange | undefined, nowNs: number) => void;
  readonly onFrameEnd: () => void;
  readonly onFault: (message: string) => void;
}

/** The market as a session gets it: one stream for all instruments, counted and timed. */
export class DataEngine {
  readonly #options: DataOptions;
  #stream: MarketFeed | undefined;
  #frameNs = Number.NaN; // of the frame whose decoding was last measured
  #events = 0;
  #firstEventNs = Number.NaN;

  constructor(options: DataOptions) {
    this.#options = options;
  }

  /** Events received so far. */
  get events(): number {
    return this.#events;
  }

  /** When the first event was received, monotonic; NaN before. */
  get firstEventNs(): number {
    return this.#firstEventNs;
  }

  /** False before `open`: there are no books and no counters then. */
  get isOpen(): boolean {
    return this.#stream !== undefined;
  }

  /** Opens the stream; resolves when it is subscribed. */
  async open(): Promise<void> {
    const { stream, instruments, streams, onFrameEnd, onFault } = this.#options;
    this.#stream = stream.market({
      instruments,
      ...(streams === undefined ? {} : { streams }),
      onEvent: (event, change) => this.#onEvent(event, change),
      onFrameEnd,
      onError: (error) => onFault(`market stream: ${error.message}`),
    });
    await this.#stream.ready;
  }

  book(instrument: Instrument): OrderBook | undefined {
    return this.#stream?.book(instrument);
  }

  counters(instrument: Instrument): ReturnType<MarketFeed["counters"]> {
    if (this.#stream === undefined) throw new Error("the data engine is not open");
    return this.#stream.counters(instrument);
  }

  async close(): Promise<void> {
    await this.#stream?.close();
  }

  #onEvent(event: MarketEvent, change: BookChange | undefined): void {
    const { clock, latencies, onEvent } = this.#options;
    const nowNs = clock.monotonicNs();
    if (event.receivedNs !== this.#frameNs) {
      this.#frameNs = event.receivedNs;
      latencies.decode.record(nowNs - event.receivedNs);
    }
    if (this.#events++ === 0) this.#firstEventNs = event.receivedNs;
    onEvent(event, change, nowNs);
  }
}
