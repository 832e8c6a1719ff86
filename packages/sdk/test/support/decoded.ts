import type { DepthDiff } from "../../src/book/depth-diff.ts";
import type { Levels } from "../../src/book/levels.ts";
import type { Instrument } from "../../src/index.ts";
import { BarReader } from "../../src/venues/binance/bar-reader.ts";
import { FrameDecoder, type FrameSink } from "../../src/venues/binance/decode.ts";
import { FrameScanner } from "../../src/venues/binance/frame-scanner.ts";

interface Target {
  readonly instrument: Instrument;
}

const rows = (levels: Levels) => Array.from({ length: levels.count }, (_, i) => [levels.ticksAt(i), levels.lotsAt(i)]);

/** A decoder, and what it made of each frame: the call with copies of what it was given (amounts as text), or the error. */
export function recordingDecoder(instruments: readonly Instrument[], streams: readonly string[]) {
  let calls: unknown[] = [];
  const sink: FrameSink<Target> = {
    depth: ({ instrument }, diff: DepthDiff) =>
      calls.push(["depth", instrument.id, { ...diff, bids: rows(diff.bids), asks: rows(diff.asks) }]),
    quote: ({ instrument }, quote) => calls.push(["quote", instrument.id, { ...quote }]),
    trade: ({ instrument }, trade) => calls.push(["trade", instrument.id, { ...trade }]),
    bar: ({ instrument }, bar) => calls.push(["bar", instrument.id, { ...bar, quoteVolume: String(bar.quoteVolume) }]),
    ignored: (target, stream) => calls.push(["ignored", target?.instrument.id, stream]),
    shutdown: () => calls.push(["shutdown"]),
  };
  const decoder = new FrameDecoder(
    instruments.map((instrument) => ({ instrument })),
    streams,
    { scanner: new FrameScanner(), bars: new BarReader() },
  );
  return {
    decoder,
    decode: (data: Buffer): unknown => {
      calls = [];
      try {
        decoder.decode(data, sink);
      } catch (error) {
        return [calls, (error as Error).name, (error as Error).message];
      }
      return calls;
    },
  };
}

const SPACE = Buffer.from(" ");

/** The same frame in a form that only JSON.parse reads. */
export function unscannable(data: Buffer): Buffer {
  return Buffer.concat([SPACE, data]);
}
