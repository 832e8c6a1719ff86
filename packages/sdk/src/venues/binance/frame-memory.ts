import { DepthDiff } from "../../book/depth-diff.ts";
import { Levels } from "../../book/levels.ts";
import { levelTable } from "./level-tables.ts";
import { SCAN_LEVELS_WASM } from "./scan-levels.wasm.ts";

// Addresses and sizes in bytes, written out: bundlers keep a constant that is worked out, wanted or not.
const TABLES_AT = 64; // the count is before them
const FRAME_AT = 72_640; // TABLES_AT + TABLES_BYTES
const MOST_FRAME_BYTES = 131_072; // some 4,000 levels
const COLUMNS_AT = 203_776; // FRAME_AT + MOST_FRAME_BYTES + 64, which is more than any read goes beyond a frame
const MOST_LEVELS = 13_109; // MOST_FRAME_BYTES / 10, as `["1","1"],` has ten bytes, and one that the frame's end cuts off
const COLUMN_BYTES = 104_872; // 8 * MOST_LEVELS
const PAGE_BYTES = 65_536;
const PAGES = 10; // of COLUMNS_AT + 4 * COLUMN_BYTES

/** What scan-levels.wat exports. Addresses are in bytes from the start of the memory. */
type Read = (at: number, price: number, size: number, ticks: number, lots: number, count: number) => number;

// Neither the ES2023 library nor Node 20's types know WebAssembly. The global itself is missing under `node --jitless`.
declare const WebAssembly:
  | {
      validate(bytes: Uint8Array): boolean;
      Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
      Module: new (bytes: Uint8Array) => object;
      Instance: new (module: object, imports: object) => { readonly exports: object };
    }
  | undefined;

/** One side's levels, and where they lie in the memory. */
export interface LevelColumns {
  readonly levels: Levels;
  readonly at: number;
}

/**
 * The frame that is being read, and the levels that are read from it, in one memory that WebAssembly works in.
 *
 *   | count | tables | frame 0 ... | bid ticks | bid lots | ask ticks | ask lots |     no read takes the zero behind a frame for a part of it
 *
 * Copying a frame costs some 30 ns. It takes 640 KB, of which those are resident that were used. Without WebAssembly SIMD, or memory for it,
 * `read` reads nothing.
 */
export class FrameMemory {
  readonly #bytes: Uint8Array;
  readonly #frame: Uint8Array;
  readonly #counts: Int32Array;
  readonly #read: Read | undefined;
  readonly diff: DepthDiff;
  readonly bids: LevelColumns;
  readonly asks: LevelColumns;

  /** @param mayRun - False keeps to plain JavaScript. */
  constructor(mayRun = true) {
    const { buffer, read } = (mayRun ? load() : undefined) ?? {
      buffer: new ArrayBuffer(PAGES * PAGE_BYTES),
      read: undefined,
    };
    this.#bytes = new Uint8Array(buffer);
    this.#frame = new Uint8Array(buffer, FRAME_AT, MOST_FRAME_BYTES);
    this.#counts = new Int32Array(buffer, 0, 1);
    this.#read = read;
    const columns = (at: number): LevelColumns => {
      const column = (byte: number) => new Float64Array(buffer, byte, MOST_LEVELS);
      return { levels: new Levels(0, column(at), column(at + COLUMN_BYTES)), at };
    };
    this.bids = columns(COLUMNS_AT);
    this.asks = columns(COLUMNS_AT + 2 * COLUMN_BYTES);
    this.diff = new DepthDiff(this.bids.levels, this.asks.levels);
  }

  /** Copies a frame into the memory; false when it is too large for it. */
  tryTake(data: Uint8Array): boolean {
    const { length } = data;
    if (length > MOST_FRAME_BYTES) return false;
    this.#frame.set(data);
    this.#bytes[FRAME_AT + length] = 0;
    return true;
  }

  /** Address of a `levelTable`. */
  tableOf(digits: number, decimals: number, isCut: boolean): number {
    return levelTable(this.#bytes, TABLES_AT, digits, decimals, isCut);
  }

  /**
   * Reads levels as long as they fit the tables. Returns the index of the next one's price, or, with all bits inverted, that behind the
   * list's end.
   */
  read(at: number, price: number, size: number, { levels, at: columns }: LevelColumns): number {
    if (this.#read === undefined) return at;
    const next = this.#read(at + FRAME_AT, price, size, columns, columns + COLUMN_BYTES, levels.count);
    levels.keep(this.#counts[0] as number);
    return next < 0 ? next + FRAME_AT : next - FRAME_AT;
  }
}

function load(): { readonly buffer: ArrayBuffer; readonly read: Read } | undefined {
  if (typeof WebAssembly === "undefined") return undefined;
  const code = Uint8Array.from(Buffer.from(SCAN_LEVELS_WASM, "base64"));
  if (!WebAssembly.validate(code)) return undefined; // an engine without SIMD finds unknown instructions in it
  try {
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { host: { memory } });
    return { buffer: memory.buffer, read: (instance.exports as { readonly read: Read }).read };
  } catch (error) {
    if (error instanceof RangeError) return undefined; // of address space: it takes gigabytes, without using them
    throw error;
  }
}
