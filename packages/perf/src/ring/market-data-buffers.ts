import { integerInRange, PitlaneError } from "../errors.ts";
import { MarketDataBuffer, type MarketDataBufferOptions } from "./market-data-buffer.ts";

export interface MarketDataBuffersOptions<Fields extends readonly string[]> extends MarketDataBufferOptions<Fields> {
  /** Most instruments, 1 to 1e6; 1,000 when left out. */
  readonly maxInstruments?: number;
}

/** An instrument is one more than `maxInstruments` allows. Nothing was forgotten to make room for it. */
export class InstrumentLimitError extends PitlaneError {
  readonly code = "INSTRUMENT_LIMIT";
  readonly retryable = false;
}

/**
 * One `MarketDataBuffer` for each instrument, made when the instrument is first asked for.
 *
 * A buffer takes `8 * (fields + 2) * capacity` bytes from then on: 320 kB with two fields and 10,000 rows. At
 * `maxInstruments` a new instrument is refused; none is dropped, since a strategy may hold its buffer.
 *
 * @example
 * const trades = new MarketDataBuffers({ fields: ["priceTicks", "sizeLots"] });
 * const btc = trades.of("binance:BTC/USDT"); // once for each instrument
 * btc.push(1_767_225_600_000_000, 101, 5);
 */
export class MarketDataBuffers<const Fields extends readonly string[]> {
  readonly #options: MarketDataBufferOptions<Fields>;
  readonly #maxInstruments: number;
  readonly #buffers = new Map<string, MarketDataBuffer<Fields>>();

  /** @throws {InvalidInputError} When an option is out of range or a field occurs twice. */
  constructor(options: MarketDataBuffersOptions<Fields>) {
    this.#options = options;
    this.#maxInstruments = integerInRange("maxInstruments", options.maxInstruments ?? 1_000, 1, 1e6);
    new MarketDataBuffer(options); // for its checks
  }

  /** The buffer of `instrument`. @throws {InstrumentLimitError} When it is new and there are `maxInstruments` already. */
  of(instrument: string): MarketDataBuffer<Fields> {
    const known = this.#buffers.get(instrument);
    if (known !== undefined) return known;
    if (this.#buffers.size >= this.#maxInstruments)
      throw new InstrumentLimitError(`no room for ${instrument}: ${this.#maxInstruments} instruments have a buffer`);
    const buffer = new MarketDataBuffer(this.#options);
    this.#buffers.set(instrument, buffer);
    return buffer;
  }

  /** Instruments that have a buffer, in the order they were first asked for. */
  instruments(): readonly string[] {
    return [...this.#buffers.keys()];
  }
}
