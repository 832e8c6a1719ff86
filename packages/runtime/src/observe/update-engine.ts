import type { Clock } from "@pitlane/perf";
import type { Instrument, OrderBook } from "@pitlane/sdk";
import { RecordedMarket } from "@pitlane/sdk/binance";
import { checkConfig } from "../config.ts";
import { Core } from "../core/core.ts";
import { createStageLatencies } from "../latency.ts";
import { defineStrategy } from "../plugins/define.ts";

const INSTRUMENTS = 4;
const PRICE_TICKS = 1_000_000;
const DEPTH = 50;
const SPREAD = 10; // ticks from the middle to the first level
const CHANGED = 3; // levels a side of each diff
const SEQUENCES = 10; // that a diff covers

/** An engine of its own, and a market that is made up for it. */
export interface UpdateEngine {
  /** Takes one frame all the way: decoded, through the core and its bus, to the strategy's hook. */
  apply(index: number): void;
  /** Hooks that have run so far: one for each frame. */
  readonly heard: () => number;
  close(): Promise<void>;
}

/**
 * A core with a strategy that reads quote and book, fed by frames as the venue sends them: quotes and depth diffs of four instruments, by
 * turns. The decoder is the one that checks recordings, which reads each frame twice: what it takes is more than a session's.
 */
export async function createUpdateEngine(updates: number, clock: Clock): Promise<UpdateEngine> {
  const instruments = Array.from({ length: INSTRUMENTS }, (_, i) => instrumentOf(i));
  let heard = 0;
  let sum = 0; // so that what is read is used
  let mustGoOn = false;
  const read = (book: OrderBook | undefined, ticks: number) => {
    heard++;
    sum += ticks + (book?.bestBidTicks ?? 0);
  };
  const market = new RecordedMarket({
    product: "spot",
    instruments,
    onEvent: (event) => {
      core.at(event.receivedAtUs);
      core.onMarket(event, clock.monotonicNs());
    },
  });
  const core = await Core.create({
    runKey: "update",
    config: checkConfig({}, "the update test"),
    instruments,
    plugins: [
      {
        plugin: defineStrategy({
          name: "update-reader",
          setup(ctx) {
            ctx.on("quote", ({ instrument, bidTicks }) => read(ctx.book(instrument), bidTicks));
            ctx.on("book", ({ book }) => read(book, ctx.quote(instruments[0] as Instrument)?.askTicks ?? 0));
          },
        }),
      },
    ],
    seed: 1,
    startedAtUs: clock.nowUs(),
    journal: { append: () => {}, commit: () => {} },
    wire: { send: () => {}, cancel: () => {} },
    book: (instrument) => market.book(instrument),
    clock,
    latencies: createStageLatencies(),
    defer: () => {
      mustGoOn = true;
    },
    timers: { set: () => {}, clear: () => {} },
    control: () => {},
    log: () => {},
    onFault: (source, message) => {
      throw new Error(`${source}: ${message}`);
    },
    onHalt: (error) => {
      throw error;
    },
  });
  const frames = framesOf(instruments, updates);
  for (const instrument of instruments) {
    market.frame(streamOf(instrument, "depth"), depthFrame(instrument, 0), clock.nowUs());
    market.snapshot(instrument.venueSymbol, snapshotText(), clock.nowUs());
    if (market.book(instrument) === undefined) throw new Error("the update test's books are not in sync");
  }
  core.drain();
  heard = 0;
  return {
    apply: (index) => {
      const { stream, data } = frames[index] as Frame;
      market.frame(stream, data, clock.nowUs());
      do {
        mustGoOn = false;
        core.drain();
      } while (mustGoOn);
    },
    heard: () => (Number.isNaN(sum) ? 0 : heard),
    close: () => core.close(),
  };
}

interface Frame {
  readonly stream: string;
  readonly data: Buffer;
}

function framesOf(instruments: readonly Instrument[], count: number): readonly Frame[] {
  return Array.from({ length: count }, (_, i) => {
    const turn = Math.floor(i / (2 * INSTRUMENTS)) + 1;
    const instrument = instruments[Math.floor(i / 2) % INSTRUMENTS] as Instrument;
    return i % 2 === 0
      ? { stream: streamOf(instrument, "bookTicker"), data: quoteFrame(instrument, turn) }
      : { stream: streamOf(instrument, "depth"), data: depthFrame(instrument, turn) };
  });
}

// Forms: Binance spot API, "WebSocket Streams", individual symbol book ticker and diff. depth; combined streams.

function quoteFrame(instrument: Instrument, turn: number): Buffer {
  const bid = bidTicks(turn);
  const data = {
    u: turn * SEQUENCES + 5, // within a diff: no book is ever compared with it
    s: instrument.venueSymbol,
    b: decimal(bid),
    B: quantity(turn),
    a: decimal(bid + 1),
    A: quantity(turn + 3),
  };
  return frameOf(streamOf(instrument, "bookTicker"), data);
}

function depthFrame(instrument: Instrument, turn: number): Buffer {
  const levels = (side: -1 | 1) =>
    Array.from({ length: CHANGED }, (_, i) => [
      decimal(PRICE_TICKS + side * (SPREAD + ((turn * CHANGED + i) % DEPTH))),
      quantity(turn + i),
    ]);
  const data = {
    e: "depthUpdate",
    E: 1_767_225_600_000 + turn,
    s: instrument.venueSymbol,
    U: turn * SEQUENCES + 1,
    u: (turn + 1) * SEQUENCES,
    b: levels(-1),
    a: levels(1),
  };
  return frameOf(streamOf(instrument, "depth"), data);
}

function snapshotText(): string {
  const levels = (side: -1 | 1) =>
    Array.from({ length: DEPTH }, (_, i) => [decimal(PRICE_TICKS + side * (SPREAD + i)), quantity(i)]);
  return JSON.stringify({ lastUpdateId: SEQUENCES, bids: levels(-1), asks: levels(1) });
}

function frameOf(stream: string, data: object): Buffer {
  return Buffer.from(JSON.stringify({ stream, data }));
}

function streamOf({ venueSymbol }: Instrument, kind: "depth" | "bookTicker"): string {
  return `${venueSymbol.toLowerCase()}@${kind}`;
}

function instrumentOf(i: number): Instrument {
  const base = `UP${String.fromCharCode(65 + i)}`;
  return {
    id: `update:${base}/USDT`,
    venue: "update",
    symbol: `${base}/USDT`,
    venueSymbol: `${base}USDT`,
    base,
    quote: "USDT",
    trading: true,
    priceDecimals: 2,
    sizeDecimals: 3,
    tickIncrement: 1,
    lotIncrement: 1,
    minLots: 1,
    maxLots: Number.MAX_SAFE_INTEGER,
    minNotional: 5_00000000n,
  };
}

function bidTicks(turn: number): number {
  return PRICE_TICKS - SPREAD + (turn % SPREAD);
}

function decimal(ticks: number): string {
  return (ticks / 100).toFixed(2);
}

function quantity(seed: number): string {
  return (1 + ((seed * 7_919) % 1_000) / 1_000).toFixed(3);
}
