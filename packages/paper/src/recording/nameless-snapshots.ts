import { RecordingError } from "./errors.ts";
import { type InstrumentTable, Scale } from "./instruments.ts";
import type { DepthSnapshot } from "./message.ts";
import { isObject } from "./recorded-line.ts";

/** From the sequence before the first diff of a symbol to the last one of its last. */
interface Updates {
  first: number;
  last: number;
}

/** Which update ids the depth diffs of each symbol of a session cover. */
export class UpdateRanges {
  readonly #ranges = new Map<string, Updates>();

  /** Takes an event; those that are no depth diffs say nothing. */
  add(symbol: string, event: unknown): void {
    if (!isObject(event) || event["e"] !== "depthUpdate") return;
    const { U, u, pu } = event as { readonly U: number; readonly u: number; readonly pu?: number };
    const range = this.#ranges.get(symbol);
    if (range === undefined) this.#ranges.set(symbol, { first: Math.min(pu ?? U - 1, U - 1), last: u });
    else range.last = Math.max(range.last, u);
  }

  /** Those of `symbols` whose book a snapshot of `sequence` may be. */
  having(sequence: number, symbols: readonly string[]): readonly string[] {
    return symbols.filter((symbol) => {
      const range = this.#ranges.get(symbol);
      return range !== undefined && sequence >= range.first && sequence <= range.last;
    });
  }
}

interface Nameless {
  readonly line: number;
  readonly sequence: number;
  readonly scale: Scale;
}

/**
 * Finds out what the depth snapshots of a raw file are of, which on spot and USD-M name no symbol: the only one that there is, or the
 * only one among whose update ids theirs lies. Memory: a few numbers for each.
 */
export class NamelessSnapshots {
  readonly #found: Nameless[] = [];

  add(snapshot: DepthSnapshot, line: number): void {
    const scale = new Scale();
    this.#found.push({ line, sequence: snapshot.sequence, scale });
    scale.addSnapshot(snapshot);
  }

  /**
   * The symbols by line, once every file of the session was read; `instruments` learns their scales.
   *
   * @param symbols - Those that they may be of.
   * @throws {RecordingError} When one may be of several symbols, or of none.
   */
  resolve(
    path: string,
    symbols: readonly string[],
    ranges: UpdateRanges,
    instruments: InstrumentTable,
  ): ReadonlyMap<number, string> {
    const byLine = new Map<number, string>();
    for (const { line, sequence, scale } of this.#found) {
      const fitting = symbols.length > 1 ? ranges.having(sequence, symbols) : symbols;
      const [symbol] = fitting;
      if (symbol === undefined || fitting.length > 1) throw doubtful(path, line, sequence, symbols, fitting);
      instruments.scaleOf(symbol).include(scale);
      byLine.set(line, symbol);
    }
    return byLine;
  }
}

function doubtful(
  path: string,
  line: number,
  sequence: number,
  symbols: readonly string[],
  fitting: readonly string[],
): RecordingError {
  const among = fitting.length === 0 ? "of none of them" : `of ${fitting.join(" and ")}`;
  const found =
    symbols.length === 0
      ? "no symbol"
      : `several symbols (${symbols.join(", ")}), and its lastUpdateId ${sequence} is among the update ids ${among}`;
  return new RecordingError(
    `the depth snapshot does not name its symbol, and the frames have ${found}: ` +
      'write "symbol":"..." into that line, or record one symbol per file',
    { path, line },
  );
}
