import type { Clock } from "@pitlane/perf";
import type { Instrument, MarketEvent, OrderBook, QuoteEvent } from "@pitlane/sdk";
import type { BinanceClient, MarketStream } from "@pitlane/sdk/binance";
import type { Bus } from "../bus/bus.ts";
import type { StageLatencies } from "../latency.ts";

export interface DataOptions {
  readonly stream: Pick<BinanceClient["stream"], "market">;
  readonly instruments: readonly Instrument[];
  /** Number of an instrument on the bus. */
  readonly indexOf: (instrument: Instrument) => number;
  /** The venue's own stream names; the client's default when left out. */
  readonly streams?: readonly string[];
  readonly bus: Bus;
  readonly clock: Clock;
  readonly latencies: StageLatencies;
  readonly onFault: (message: string) => void;
}

/**
 * Brings the market onto the bus: one stream for all instruments, each frame's events published and drained at once.
 *
 * Keeps the last quote of each instrument, and forgets it when its book has a gap.
 */
export class DataEngine {
  readonly #options: DataOptions;
  readonly #quotes: (QuoteEvent | undefined)[] = [];
  #stream: MarketStream | undefined;
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

  /** Opens the stream; resolves when it is subscribed. */
  async open(): Promise<void> {
    const { stream, instruments, streams, bus, onFault } = this.#options;
    this.#stream = stream.market({
      instruments,
      ...(streams === undefined ? {} : { streams }),
      onEvent: (event) => this.#onEvent(event),
      onFrameEnd: () => bus.drain(),
      onError: (error) => onFault(`market stream: ${error.message}`),
    });
    await this.#stream.ready;
  }

  book(instrument: Instrument): OrderBook | undefined {
    return this.#stream?.book(instrument);
  }

  quote(instrument: Instrument): QuoteEvent | undefined {
    return this.#quotes[this.#options.indexOf(instrument)];
  }

  counters(instrument: Instrument): ReturnType<MarketStream["counters"]> {
    if (this.#stream === undefined) throw new Error("the data engine is not open");
    return this.#stream.counters(instrument);
  }

  async close(): Promise<void> {
    await this.#stream?.close();
  }

  #onEvent(event: MarketEvent): void {
    const { clock, latencies, bus, indexOf } = this.#options;
    const nowNs = clock.monotonicNs();
    if (event.receivedNs !== this.#frameNs) {
      this.#frameNs = event.receivedNs;
      latencies.decode.record(nowNs - event.receivedNs);
    }
    if (this.#events++ === 0) this.#firstEventNs = event.receivedNs;
    if (event.kind === "bar") return; // no hook takes the venue's bars
    const index = indexOf(event.instrument);
    if (event.kind === "quote") this.#quotes[index] = event;
    else if (event.kind === "gap" && event.channel === "book") this.#quotes[index] = undefined;
    bus.publish(event, index, nowNs);
  }
}
