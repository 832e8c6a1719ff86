import { basename } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { missingBefore, nextGapRow } from "../bar-gaps.ts";
import type { BarColumns, MarketData } from "../columns.ts";
import { BarColumnsBuilder } from "../columns-builder.ts";
import { refuseInverse } from "../inverse.ts";
import { atLine, type ColumnNames, CsvHeader, cellAt, cellsOf, timeAt } from "./csv-table.ts";
import { assetsInName, assetsOf, dataInstrument } from "./data-instrument.ts";
import { DecimalScale } from "./decimal-scale.ts";
import type { ReadOptions, ReadSession } from "./session.ts";
import { readTextLines } from "./text-lines.ts";

const OPEN: ColumnNames = ["open", "o", "openprice"];
const HIGH: ColumnNames = ["high", "h", "highprice"];
const LOW: ColumnNames = ["low", "l", "lowprice"];
const CLOSE: ColumnNames = ["close", "c", "closeprice"];
const VOLUME: ColumnNames = ["volume", "vol", "v", "basevolume", "amount"];

const UNKNOWN_US = 60_000_000; // the length of a bar where there is but one

/** Whether a file's first line is the header of candles. */
export function isCandles(firstLine: string): boolean {
  return CsvHeader.has(firstLine, [OPEN, HIGH, LOW, CLOSE]) && CsvHeader.hasTime(firstLine);
}

/**
 * Reads candles of one instrument from CSV files, in their order: a row per bar with its start, open, high, low, close and volume; further
 * columns are passed over. The length of a bar is the shortest distance between two rows; rows may be missing.
 *
 * @throws {InvalidInputError} When a row is no bar, does not follow the one before it, or the instrument cannot be told: names the file
 * and the line.
 */
export async function readCandles(paths: readonly string[], options: ReadOptions): Promise<ReadSession> {
  const price = new DecimalScale("price", options.hints.tick);
  const volume = new DecimalScale("volume", options.hints.lot);
  const builder = new BarColumnsBuilder(UNKNOWN_US);
  const { fromUs, toUs, signal } = options;
  let lastUs = Number.NEGATIVE_INFINITY;
  let intervalUs = Number.POSITIVE_INFINITY;
  let length = 0;
  let rows = 0;
  for (const path of paths) {
    let places: Places | undefined;
    for await (const { firstLine, lines } of readTextLines(path, signal)) {
      for (let i = 0; i < lines.length; i++) {
        const line = lines[i] as string;
        if (line.trim() === "") continue;
        if (places === undefined) {
          places = placesOf(new CsvHeader(path, line));
          continue;
        }
        rows++;
        const { time, open, high, low, close, volumeAt } = places;
        atLine(path, firstLine + i, () => {
          const cells = cellsOf(line);
          const startUs = timeAt(cells, time);
          if (startUs <= lastUs)
            throw new InvalidInputError(
              startUs === lastUs
                ? "is a second bar of the same time"
                : "is earlier than the bar before it: sort the rows by time",
            );
          intervalUs = Math.min(intervalUs, startUs - lastUs);
          lastUs = startUs;
          if (startUs < fromUs || startUs >= toUs) return;
          const texts = [
            cellAt(cells, open, "open"),
            cellAt(cells, high, "high"),
            cellAt(cells, low, "low"),
            cellAt(cells, close, "close"),
          ] as const;
          for (const text of texts) price.observe(text, length);
          const volumeText = cellAt(cells, volumeAt, "volume");
          volume.observeDown(volumeText, length);
          const [openTicks, highTicks, lowTicks, closeTicks] = texts.map((text) => price.read(text)) as [
            number,
            number,
            number,
            number,
          ];
          if (lowTicks === 0) throw new InvalidInputError(`is no bar: its low ${texts[2]} is no price`);
          if (highTicks < Math.max(openTicks, closeTicks, lowTicks) || lowTicks > Math.min(openTicks, closeTicks))
            throw new InvalidInputError(
              `is no bar: its high ${texts[1]} and low ${texts[2]} do not hold its open and close`,
            );
          builder.push(startUs, openTicks, highTicks, lowTicks, closeTicks, volume.readDown(volumeText));
          length++;
        });
      }
    }
  }
  const columns = { ...builder.finish(), intervalUs: Number.isFinite(intervalUs) ? intervalUs : UNKNOWN_US };
  for (const column of [columns.openTicks, columns.highTicks, columns.lowTicks, columns.closeTicks])
    price.rescale(column, columns.length);
  volume.rescale(columns.volumeLots, columns.length);
  const data = toMarketData(paths, options, columns, price, volume);
  return { data: [data], rows, notes: gapNotes(data.instrument.id, columns) };
}

interface Places {
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volumeAt: number;
}

function placesOf(header: CsvHeader): Places {
  return {
    time: header.time,
    open: header.need(OPEN),
    high: header.need(HIGH),
    low: header.need(LOW),
    close: header.need(CLOSE),
    volumeAt: header.need(VOLUME),
  };
}

function toMarketData(
  paths: readonly string[],
  { hints }: ReadOptions,
  columns: BarColumns,
  price: DecimalScale,
  volume: DecimalScale,
): MarketData {
  const [path = ""] = paths;
  refuseInverse(path, { file: basename(path) });
  const assets = hints.symbol === undefined ? assetsInName(basename(path)) : assetsOf(hints.symbol);
  if (assets === undefined)
    throw new InvalidInputError(
      hints.symbol === undefined
        ? `${path}: candles do not say of which instrument they are: name it with --symbol BTC/USDT`
        : `--symbol must be two assets such as BTC/USDT; got "${hints.symbol}"`,
    );
  return { instrument: dataInstrument(assets, "data", price.step, volume.step, hints), columns };
}

/** Bars that are missing between others. */
function gapNotes(id: string, columns: BarColumns): readonly string[] {
  const { startUs, intervalUs } = columns;
  const first = nextGapRow(columns, 0);
  let gaps = 0;
  let missing = 0;
  for (let row = first; Number.isFinite(row); row = nextGapRow(columns, row + 1)) {
    gaps++;
    missing += missingBefore(columns, row);
  }
  if (gaps === 0) return [];
  const bars = missing === 1 ? "1 bar" : `${missing} bars`;
  const firstUs = (startUs[first - 1] as number) + intervalUs;
  return [
    `${id}: ${bars} missing in ${gaps === 1 ? "1 gap" : `${gaps} gaps`}, the first at ${new Date(firstUs / 1000).toISOString()}: what happened there is not in the data; strategies hear "gap" and "resync"`,
  ];
}
