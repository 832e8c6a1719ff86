import type { Clock, Random } from "@pitlane/perf";
import { backoffMs, mayRetry, Semaphore } from "@pitlane/perf/flow";
import { asError } from "../../as-error.ts";
import { RateLimitError } from "../../errors.ts";
import type { Instrument } from "../../model/instrument.ts";
import { parseScaled } from "../../model/scale.ts";
import { BudgetExhaustedError } from "../../transport/errors.ts";
import { type Api, publicRead } from "./api.ts";
import { flagOf, integerOf, textOf, timeUsOf, toFields, toList } from "./fields.ts";
import { parseLevelSize } from "./level-text.ts";
import type { TradeWish } from "./trade-filling.ts";
import type { KeptTrade } from "./trade-keeper.ts";

export interface TradeHistoryOptions {
  readonly api: Pick<Api, "call">;
  /** Called after each page's events. */
  readonly onFrameEnd: () => void;
  readonly onError: (error: Error) => void;
  readonly clock: Clock;
  readonly random: Pick<Random, "next">;
}

const PAGE = 1_000;
const AT_ONCE = 4;
const MOST_EMPTY = 6; // pages in a row that bring nothing; their pauses add up to 3 s on average
const BACKOFF = { baseMs: 200, capMs: 2_000 } as const;
const PATIENCE_MS = 60_000; // with requests that fail, one after the other: what came meanwhile waits for them
const FAILURE_BACKOFF = { baseMs: 200, capMs: 5_000 } as const;

/**
 * Fetches the trades that a stream has missed, by id: pages of 1,000, four holes at a time. The venue's history is behind its
 * streams, so a page that lacks what is wanted is asked for again a few times; then the hole stays. A request that fails in a way
 * that may pass is repeated for a minute, and not before the venue or our budget of its requests lets it.
 *
 * Source: Binance, rest-api.md, "Old trade lookup" and "Compressed/Aggregate trades list", 2026-07.
 */
export class TradeHistory {
  readonly #options: TradeHistoryOptions;
  readonly #gate = new Semaphore({ permits: AT_ONCE });
  readonly #running = new Map<string, AbortController>();

  constructor(options: TradeHistoryOptions) {
    this.#options = options;
  }

  /** Fetches what is wished for, until `unwant` or `close`. */
  want(wish: TradeWish): void {
    const stop = new AbortController();
    const key = keyOf(wish.instrument, wish.isAggregate);
    this.#running.get(key)?.abort(new Error("another hole is fetched"));
    this.#running.set(key, stop);
    void this.#fill(wish, stop.signal).finally(() => {
      if (this.#running.get(key) === stop) this.#running.delete(key);
    });
  }

  /** The trades of this instrument are not missing any more. */
  unwant(instrument: Instrument, isAggregate: boolean): void {
    const key = keyOf(instrument, isAggregate);
    this.#running.get(key)?.abort(new Error("the trades are not missing any more"));
    this.#running.delete(key);
  }

  /** Ends what is under way. */
  close(): void {
    for (const stop of this.#running.values()) stop.abort(new Error("the stream was closed"));
    this.#running.clear();
  }

  async #fill(wish: TradeWish, signal: AbortSignal): Promise<void> {
    const { onError, onFrameEnd, clock } = this.#options;
    try {
      await this.#gate.use(() => this.#fetchAll(wish, signal), signal);
    } catch (error) {
      if (signal.aborted) return;
      onError(asError(error));
    }
    if (signal.aborted) return;
    wish.filledAll(clock.nowUs(), clock.monotonicNs());
    onFrameEnd();
  }

  async #fetchAll(wish: TradeWish, signal: AbortSignal): Promise<void> {
    const { onFrameEnd, onError, clock, random } = this.#options;
    let next = wish.first;
    let empty = 0;
    let failures = 0;
    let patienceEndNs = Number.NaN;
    while (next <= wish.last) {
      let page: readonly KeptTrade[];
      try {
        page = await this.#fetchPage(wish, next, signal);
      } catch (error) {
        if (signal.aborted || !mayRetry(error)) throw error;
        onError(error as Error);
        if (failures === 0) patienceEndNs = clock.monotonicNs() + PATIENCE_MS * 1e6;
        const pauseMs = Math.max(retryAfterOf(error), backoffMs(failures++, { ...FAILURE_BACKOFF, random }));
        if (clock.monotonicNs() + pauseMs * 1e6 > patienceEndNs) return;
        await clock.sleep(pauseMs, signal);
        continue;
      }
      failures = 0;
      signal.throwIfAborted();
      const fitting = page.filter(({ tradeId }) => tradeId >= next && tradeId <= wish.last);
      const last = fitting.at(-1);
      if (last !== undefined) {
        empty = 0;
        next = last.tradeId + 1;
        wish.filled(fitting, last.receivedAtUs, last.receivedNs);
        onFrameEnd();
        // What it brought may have closed the hole together with what came over the sockets.
        signal.throwIfAborted();
      } else if (++empty === MOST_EMPTY) return;
      else await clock.sleep(backoffMs(empty - 1, { ...BACKOFF, random }), signal);
    }
  }

  async #fetchPage(
    { instrument, isAggregate, last }: TradeWish,
    fromId: number,
    signal: AbortSignal,
  ): Promise<readonly KeptTrade[]> {
    const { api, clock } = this.#options;
    const limit = Math.min(PAGE, last - fromId + 1);
    const params = { symbol: instrument.venueSymbol, fromId, limit };
    const path = isAggregate ? "/aggTrades" : "/historicalTrades";
    const reply = await api.call(publicRead(path, params, isAggregate ? 4 : 25, { signal }));
    const receivedAtUs = clock.nowUs();
    const receivedNs = clock.monotonicNs();
    return toList(path.slice(1), reply).map((row) => parse(row, instrument, isAggregate, receivedAtUs, receivedNs));
  }
}

/** How long the venue, or our budget, asks to wait, in milliseconds; 0 when neither does. */
function retryAfterOf(error: unknown): number {
  return error instanceof RateLimitError || error instanceof BudgetExhaustedError ? error.retryAfterMs : 0;
}

function keyOf({ id }: Instrument, isAggregate: boolean): string {
  return `${isAggregate ? "aggregate" : "single"} ${id}`;
}

function parse(
  value: unknown,
  instrument: Instrument,
  isAggregate: boolean,
  receivedAtUs: number,
  receivedNs: number,
): KeptTrade {
  const where = `trade of ${instrument.venueSymbol}`;
  const row = toFields(where, value);
  const names = isAggregate
    ? ({ id: "a", price: "p", size: "q", time: "T", isBuyerMaker: "m" } as const)
    : ({ id: "id", price: "price", size: "qty", time: "time", isBuyerMaker: "isBuyerMaker" } as const);
  return {
    tradeId: integerOf(where, row, names.id),
    isAggregate,
    priceTicks: parseScaled(textOf(where, row, names.price), instrument.priceDecimals),
    sizeLots: parseLevelSize(textOf(where, row, names.size), instrument.sizeDecimals),
    isBuyerMaker: flagOf(where, row, names.isBuyerMaker),
    venueAtUs: timeUsOf(where, row, names.time),
    receivedAtUs,
    receivedNs,
  };
}
