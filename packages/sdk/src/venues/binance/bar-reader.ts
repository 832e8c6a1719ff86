import type { BarInterval } from "../../model/bar.ts";
import type { Instrument } from "../../model/instrument.ts";
import { parseScaled, parseUnits } from "../../model/scale.ts";
import { type Fields, flagOf, integerOf, textOf, toFields } from "./fields.ts";
import { type BarFrame, newBarFrame } from "./frames.ts";
import { parseLevelSize } from "./level-text.ts";

/** Reads the frames of `kline` streams, through JSON.parse, and their names. */
export class BarReader {
  readonly #bar = newBarFrame();

  /** The interval of a stream's channel, `kline_1m`; undefined when it is none of bars. */
  intervalOf(channel: string): BarInterval | undefined {
    // Those of another time zone (kline_1d@+08:00) begin at other moments and are the same bars otherwise.
    const match = /^kline_(1s|[135]m|15m|30m|[12468]h|12h|[13]d|1w|1M)(?:@[+-]\d\d:\d\d)?$/.exec(channel);
    return match?.[1] as BarInterval | undefined;
  }

  /** The same object every time. @throws {ProtocolError | InvalidInputError} As `FrameDecoder.decode`. */
  read(where: string, data: Fields, { priceDecimals, sizeDecimals }: Instrument, interval: BarInterval): BarFrame {
    const kline = toFields(`${where}: "k"`, data["k"]);
    const ticks = (name: string) => parseScaled(textOf(where, kline, name), priceDecimals);
    const bar = this.#bar;
    bar.interval = interval;
    bar.startUs = integerOf(where, kline, "t") * 1000;
    bar.openTicks = ticks("o");
    bar.highTicks = ticks("h");
    bar.lowTicks = ticks("l");
    bar.closeTicks = ticks("c");
    bar.volumeLots = parseLevelSize(textOf(where, kline, "v"), sizeDecimals);
    bar.quoteVolume = parseUnits(textOf(where, kline, "q"));
    bar.trades = integerOf(where, kline, "n");
    bar.isClosed = flagOf(where, kline, "x");
    bar.venueAtUs = integerOf(where, data, "E") * 1000;
    return bar;
  }
}
