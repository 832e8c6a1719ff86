import { basename } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { TradeColumnsBuilder } from "../columns-builder.ts";
import { refuseInverse } from "../inverse.ts";
import { atLine, type ColumnNames, CsvHeader, cellAt, cellsOf, timeAt } from "./csv-table.ts";
import { assetsInName, assetsOf, dataInstrument } from "./data-instrument.ts";
import { DecimalScale } from "./decimal-scale.ts";
import type { ReadOptions, ReadSession } from "./session.ts";
import { readTextLines } from "./text-lines.ts";

const PRICE: ColumnNames = ["price", "p"];
const SIZE: ColumnNames = ["amount", "size", "quantity", "qty", "q", "volume"];
const SIDE: ColumnNames = ["side", "aggressorside", "takerside"];
const BUYER_MAKER: ColumnNames = ["isbuyermaker", "m", "buyermaker"];
const ID: ColumnNames = ["id", "tradeid", "aggtradeid", "t", "a"];
const EXCHANGE: ColumnNames = ["exchange", "venue"];
const SYMBOL: ColumnNames = ["symbol", "instrument", "pair"];

/** Whether a file's first line is the header of trades. */
export function isTrades(firstLine: string): boolean {
  return CsvHeader.has(firstLine, [PRICE, SIZE]) && CsvHeader.hasTime(firstLine);
}

/**
 * Reads public trades of one instrument from CSV files, in their order: tardis.dev's form (`exchange,symbol,timestamp,local_timestamp,id,
 * side,price,amount`) and others with a time, a price and a size. The side is that of the taker; `is_buyer_maker` says it too.
 *
 * Source: https://docs.tardis.dev/downloadable-csv-files, "trades".
 *
 * @throws {InvalidInputError} When a row is no trade, is of another instrument or before the one above it: names the file and the line.
 */
export async function readTradesCsv(paths: readonly string[], options: ReadOptions): Promise<ReadSession> {
  const table = new TradesTable(options);
  for (const path of paths) {
    let places: Places | undefined;
    for await (const { firstLine, lines } of readTextLines(path, options.signal)) {
      for (let i = 0; i < lines.length; i++) {
        const line = lines[i] as string;
        if (line.trim() === "") continue;
        if (places === undefined) places = placesOf(new CsvHeader(path, line));
        else {
          const at = places;
          atLine(path, firstLine + i, () => table.add(cellsOf(line), at));
        }
      }
    }
  }
  return table.finish(paths[0] ?? "");
}

interface Places {
  readonly time: number;
  readonly price: number;
  readonly size: number;
  readonly side: number;
  readonly buyerMaker: number;
  readonly id: number;
  readonly exchange: number;
  readonly symbol: number;
}

function placesOf(header: CsvHeader): Places {
  const side = header.find(SIDE);
  return {
    time: header.time,
    price: header.need(PRICE),
    size: header.need(SIZE),
    side,
    buyerMaker: side < 0 ? header.need(BUYER_MAKER) : -1,
    id: header.find(ID),
    exchange: header.find(EXCHANGE),
    symbol: header.find(SYMBOL),
  };
}

class TradesTable {
  readonly #options: ReadOptions;
  readonly #price: DecimalScale;
  readonly #size: DecimalScale;
  readonly #builder = new TradeColumnsBuilder();
  #exchange = "data";
  #symbol: string | undefined;
  #lastUs = Number.NEGATIVE_INFINITY;
  #rows = 0;
  #length = 0;

  constructor(options: ReadOptions) {
    this.#options = options;
    this.#price = new DecimalScale("price", options.hints.tick);
    this.#size = new DecimalScale("size", options.hints.lot);
  }

  add(cells: readonly string[], at: Places): void {
    const { fromUs, toUs } = this.#options;
    this.#rows++;
    const atUs = timeAt(cells, at.time);
    if (atUs < this.#lastUs) throw new InvalidInputError("is earlier than the trade before it: sort the rows by time");
    this.#lastUs = atUs;
    if (at.symbol >= 0) this.#sameSymbol(cellAt(cells, at.symbol, "symbol"));
    if (at.exchange >= 0) this.#exchange = cellAt(cells, at.exchange, "exchange");
    if (atUs < fromUs || atUs >= toUs) return;
    const priceText = cellAt(cells, at.price, "price");
    const sizeText = cellAt(cells, at.size, "size");
    this.#price.observe(priceText, this.#length);
    this.#size.observe(sizeText, this.#length);
    const priceTicks = this.#price.read(priceText);
    const sizeLots = this.#size.read(sizeText);
    if (priceTicks === 0 || sizeLots === 0)
      throw new InvalidInputError(`is no trade: its ${priceTicks === 0 ? "price" : "size"} is 0`);
    const id = at.id < 0 ? this.#rows : Number(cells[at.id]);
    this.#builder.push(
      atUs,
      priceTicks,
      sizeLots,
      isSellAggressor(cells, at),
      Number.isSafeInteger(id) ? id : this.#rows, // some venues' ids are no numbers
    );
    this.#length++;
  }

  finish(path: string): ReadSession {
    const { hints } = this.#options;
    const columns = this.#builder.finish();
    this.#price.rescale(columns.priceTicks, columns.length);
    this.#size.rescale(columns.sizeLots, columns.length);
    const named = hints.symbol ?? this.#symbol;
    const assets = named === undefined ? assetsInName(basename(path)) : assetsOf(named);
    if (assets === undefined)
      throw new InvalidInputError(
        `${path}: cannot tell the two assets of ${named ?? "these trades"}: name them with --symbol BTC/USDT`,
      );
    refuseInverse(path, { venue: this.#exchange, symbol: this.#symbol, file: basename(path) });
    const instrument = dataInstrument(assets, this.#exchange, this.#price.step, this.#size.step, hints);
    return { data: [{ instrument, columns }], rows: this.#rows, notes: [] };
  }

  #sameSymbol(symbol: string): void {
    this.#symbol ??= symbol;
    if (symbol === this.#symbol) return;
    throw new InvalidInputError(
      `is a trade of ${symbol}, those before are of ${this.#symbol}: give each instrument a file of its own`,
    );
  }
}

function isSellAggressor(cells: readonly string[], { side, buyerMaker }: Places): boolean {
  const text = cellAt(cells, side >= 0 ? side : buyerMaker, side >= 0 ? "side" : "is_buyer_maker").toLowerCase();
  if (side >= 0 ? text === "sell" || text === "s" || text === "seller" : text === "true" || text === "1") return true;
  if (side >= 0 ? text === "buy" || text === "b" || text === "buyer" : text === "false" || text === "0") return false;
  throw new InvalidInputError(
    side >= 0 ? `the side "${text}" is neither buy nor sell` : `"${text}" is neither true nor false`,
  );
}
