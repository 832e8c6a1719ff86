import { InvalidInputError, integerInRange } from "../errors.ts";

/** Rows kept when `capacity` is left out. */
const DEFAULT_CAPACITY = 10_000;

// Words of the cursor, shared by a buffer and its columns.
const NEXT = 0; // slot of the next row
const SIZE = 1;

// Words of the totals, which outgrow 32 bits.
const EVICTED = 0;
const LATEST_US = 1; // latest time seen

export interface MarketDataBufferOptions<Fields extends readonly string[]> {
  /** Names of the value columns beside `atUs`; 1 to 16, all different. */
  readonly fields: Fields;
  /** Rows kept, 1 to 2^24; 10,000 when left out. */
  readonly capacity?: number;
}

/** One number for each field, in the order the fields were given. */
export type RowOf<Fields extends readonly string[]> = { readonly [K in keyof Fields]: number };

/**
 * Keeps the latest rows of a stream of market data, each a time and some numbers; the oldest makes room and is counted.
 *
 * `push` allocates nothing: a row is one number in each column of a typed array, so a column can be read without touching the
 * others. Numbers are doubles: integers (ticks, lots, microseconds) are exact up to 2^53.
 *
 *               next row
 *                v
 * atUs        [ 7 8|3 4 5 6 ]
 * priceTicks  [ . .|. . . . ]    columns run round together; row 0 is the oldest (3), row -1 the newest (8)
 *
 * @example
 * const trades = new MarketDataBuffer({ fields: ["priceTicks", "sizeLots"], capacity: 1_000 });
 * const price = trades.column("priceTicks"); // once; reading by name each time would look the name up
 * trades.push(1_767_225_600_000_000, 101, 5);
 * price.at(-1); // 101
 */
export class MarketDataBuffer<const Fields extends readonly string[]> {
  readonly #columns: Float64Array; // one after another: highest time so far, atUs, then each field
  readonly #width: number; // fields
  readonly #capacity: number;
  readonly #readers: ReadonlyMap<string, MarketDataColumn>;
  readonly #cursor = new Int32Array(2);
  readonly #totals = Float64Array.of(0, Number.NEGATIVE_INFINITY);

  /** @throws {InvalidInputError} When `capacity` or the number of fields is out of range, or a field occurs twice. */
  constructor({ fields, capacity = DEFAULT_CAPACITY }: MarketDataBufferOptions<Fields>) {
    this.#width = integerInRange("number of fields", fields.length, 1, 16);
    this.#capacity = integerInRange("capacity", capacity, 1, 2 ** 24);
    const names = ["atUs", ...fields];
    const repeated = names.find((name, i) => names.indexOf(name) !== i);
    if (repeated !== undefined)
      throw new InvalidInputError(`fields must differ from each other and "atUs": "${repeated}"`);
    this.#columns = new Float64Array(capacity * (names.length + 1));
    const reader = (column: number) =>
      new MarketDataColumn(this.#columns.subarray(column * capacity, (column + 1) * capacity), this.#cursor);
    this.#readers = new Map(names.map((name, i) => [name, reader(i + 1)]));
  }

  /** Rows held now. */
  get size(): number {
    return this.#cursor[SIZE]!;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Rows that have made room for newer ones since the start. */
  get evicted(): number {
    return this.#totals[EVICTED]!;
  }

  /**
   * Appends a row; when the buffer is full the oldest one goes and `evicted` grows.
   *
   * @param atUs Time of the row, microseconds since the epoch. Should it go back: see `indexSince`.
   * @param values The numbers, in the order of `fields`.
   */
  push(atUs: number, ...values: RowOf<Fields>): void {
    const columns = this.#columns;
    const capacity = this.#capacity;
    const cursor = this.#cursor;
    const totals = this.#totals;
    const slot = cursor[NEXT]!;
    if (atUs > totals[LATEST_US]!) totals[LATEST_US] = atUs;
    columns[slot] = totals[LATEST_US]!; // never goes back, so it can be searched
    columns[slot + capacity] = atUs;
    let at = slot + 2 * capacity;
    for (let i = 0; i < this.#width; i++, at += capacity) columns[at] = values[i]!;
    cursor[NEXT] = slot + 1 === capacity ? 0 : slot + 1;
    if (cursor[SIZE]! < capacity) cursor[SIZE]! += 1;
    else totals[EVICTED]! += 1;
  }

  /**
   * The reader of one column; ask once and keep it. It shows the buffer as it is at each call.
   *
   * @throws {InvalidInputError} When there is no such field.
   */
  column(field: "atUs" | Fields[number]): MarketDataColumn {
    const column = this.#readers.get(field);
    if (column !== undefined) return column;
    throw new InvalidInputError(`no field "${field}"; there are ${[...this.#readers.keys()].join(", ")}`);
  }

  /**
   * Index of the first row that came once time had reached `atUs`; `size` when none has. By binary search.
   *
   * Where a clock was set back, its rows count as of the latest time seen before them: order of arrival is what is searched.
   */
  indexSince(atUs: number): number {
    const size = this.#cursor[SIZE]!;
    const oldest = this.#cursor[NEXT]! - size;
    let low = 0;
    let high = size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const slot = oldest + middle;
      if (this.#columns[slot < 0 ? slot + this.#capacity : slot]! < atUs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Reads one column of a `MarketDataBuffer`. Row 0 is the oldest; negative indexes count from the newest, which is -1. */
export class MarketDataColumn {
  readonly #values: Float64Array;
  readonly #cursor: Int32Array;

  /** Made by `MarketDataBuffer.column`. */
  constructor(values: Float64Array, cursor: Int32Array) {
    this.#values = values;
    this.#cursor = cursor;
  }

  /** The number in row `index`; undefined outside. */
  at(index: number): number | undefined {
    const size = this.#cursor[SIZE]!;
    const row = index < 0 ? index + size : index;
    if (!(row >= 0 && row < size)) return undefined;
    const slot = this.#cursor[NEXT]! - size + row;
    return this.#values[slot < 0 ? slot + this.#values.length : slot];
  }

  /**
   * Copies rows into `target`, oldest first, from row `from` on and as many as fit; returns how many.
   *
   * `copyTo(target, -100)` gives the latest 100. Two block copies at most, for kernels that want a plain array.
   */
  copyTo(target: Float64Array, from = 0): number {
    const values = this.#values;
    const size = this.#cursor[SIZE]!;
    const first = from < 0 ? Math.max(0, from + size) : Math.min(from, size);
    const count = Math.min(size - first, target.length);
    const oldest = this.#cursor[NEXT]! - size;
    const start = oldest + first < 0 ? oldest + first + values.length : oldest + first;
    const untilEnd = Math.min(count, values.length - start);
    target.set(values.subarray(start, start + untilEnd));
    target.set(values.subarray(0, count - untilEnd), untilEnd);
    return count;
  }
}
