import { openRecording, type RecordedInstrument } from "@pitlane/paper";
import { type BookChange, type Instrument, InvalidInputError, type MarketEvent } from "@pitlane/sdk";
import { RecordedMarket } from "@pitlane/sdk/binance";
import { toInstrument } from "../../verification.ts";
import type { MarketData } from "../columns.ts";
import { refuseInverse } from "../inverse.ts";
import { usualMinNotional, withHints } from "./data-instrument.ts";
import { depthSession } from "./depth-session.ts";
import { DepthWriter, levelsOf } from "./depth-writer.ts";
import type { ReadOptions, ReadSession } from "./session.ts";

/**
 * Reads a recorded session of Binance market streams, in parts where `paths` are several, through the decoder and the books that read the
 * live ones. A hole in a book is a gap until a snapshot that fits; quotes are those of the book; of trades and their aggregates the
 * trades are taken. The files are read twice, the first time for the scale of their numbers.
 *
 * @throws {RecordingError} When a file is damaged or does not follow the one before it, naming the file and the line.
 * @throws {InvalidInputError} When it is of COIN-M futures, whose contracts a backtest cannot value.
 * @throws The signal's reason when it aborts.
 */
export async function readRecording(paths: readonly string[], options: ReadOptions): Promise<ReadSession> {
  const { hints, signal } = options;
  const recording = await openRecording(paths, signal);
  const { product } = recording;
  const venue = product === "spot" ? "binance" : `binance-${product}`;
  refuseInverse(paths[0] ?? "the recording", { venue });
  const instruments = recording.instruments.map((recorded) => tradable(recorded, venue));
  const writers = new Map(instruments.map((instrument) => [instrument, new DepthWriter(options)]));
  const market = new RecordedMarket({
    product,
    instruments,
    onEvent: (event, change) => write(writers.get(event.instrument) as DepthWriter, event, change),
  });
  const passedOver = new Set(recording.instruments.flatMap(aggregatesBesideTrades));
  let rows = 0;
  for await (const item of recording.read(signal)) {
    if (item.atUs >= options.toUs) break;
    rows++;
    if (item.kind === "snapshot") market.snapshot(item.symbol, item.text, item.atUs);
    else if (!passedOver.has(item.stream)) market.frame(item.stream, Buffer.from(item.text), item.atUs);
  }
  const { undecoded, examples } = market.finish();
  if (undecoded > 0)
    throw new InvalidInputError(
      `${paths[0]}: ${undecoded} messages cannot be decoded, the first ${examples[0]}: see what is wrong with pitlane verify`,
    );
  const data = instruments.map(
    (instrument): MarketData => ({
      instrument: withHints(instrument, hints),
      columns: (writers.get(instrument) as DepthWriter).finish(),
    }),
  );
  return depthSession(data, rows);
}

function write(writer: DepthWriter, event: MarketEvent, change: BookChange | undefined): void {
  switch (event.kind) {
    case "book": {
      const isWhole = change === undefined;
      const bids = isWhole ? levelsOf(event.book, "bid") : change.bids;
      return writer.book(event, isWhole, bids, isWhole ? levelsOf(event.book, "ask") : change.asks);
    }
    case "trade":
      return writer.trade(event, event.aggressor === "sell", event.priceTicks, event.sizeLots);
    case "gap":
      if (event.channel === "book") writer.gap(event);
  }
}

/** Orders may be as small as on the paper exchange: the venue's rules for them are not in a recording. */
function tradable(recorded: RecordedInstrument, venue: string): Instrument {
  return { ...toInstrument(recorded, venue), trading: true, minNotional: usualMinNotional(recorded.quote) };
}

/** Streams that tell again what another one tells. */
function aggregatesBesideTrades({ streams }: RecordedInstrument): readonly string[] {
  const hasTrades = streams.some((stream) => stream.endsWith("@trade"));
  return hasTrades ? streams.filter((stream) => stream.endsWith("@aggTrade")) : [];
}
