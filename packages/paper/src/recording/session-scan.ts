import { RecordingError } from "./errors.ts";
import { stampFile } from "./file-bytes.ts";
import { FileScan, type RecordingListener, type ScannedFile, type SessionKnowledge } from "./file-scan.ts";
import { InstrumentTable, type RecordedInstrument } from "./instruments.ts";
import { isoTime } from "./message-order.ts";
import { UpdateRanges } from "./nameless-snapshots.ts";
import { type BinanceProduct, ProductFinder } from "./product.ts";

/** What a recorded session holds. */
export interface RecordedSession {
  readonly product: BinanceProduct;
  /** False when nothing told spot from futures, and `product` is an assumption; with a listener alone. */
  readonly isProductTold: boolean;
  /** In the order they first appear. */
  readonly instruments: readonly RecordedInstrument[];
  /** Every stream as recorded, in the order they first appear. */
  readonly streams: readonly string[];
  /** How many frames are read from it. */
  readonly frames: number;
  /** How many depth snapshots are read from it. */
  readonly snapshots: number;
  /** Receive time of the first item; Unix time in microseconds. */
  readonly firstAtUs: number;
  /** Receive time of the last item; Unix time in microseconds. */
  readonly lastAtUs: number;
}

/** What the first reading of all files of a session found. */
export interface ScannedSession extends RecordedSession {
  readonly files: readonly ScannedFile[];
}

/**
 * Reads the files of one session, in their order, and checks every line.
 *
 * @throws {RecordingError} When a file is unusable or does not follow the one before it.
 * @throws The signal's reason when `signal` aborts.
 */
export async function scanSession(
  paths: readonly [string, ...string[]],
  signal?: AbortSignal,
  listener?: RecordingListener,
): Promise<ScannedSession> {
  const place = { path: "", line: 0 };
  const product = new ProductFinder(place);
  const knowledge: SessionKnowledge = {
    place,
    product,
    instruments: new InstrumentTable(product),
    ranges: new UpdateRanges(),
    listener,
  };
  const scans: FileScan[] = [];
  let above: FileScan | undefined;
  for (const path of paths) {
    const scan = new FileScan(path, await stampFile(path), knowledge);
    await scan.read(signal);
    if (above !== undefined && scan.firstAtUs < above.lastAtUs) throw overlap(scan, above);
    // A file may hold nothing but exchangeInfo, and has then no place in time.
    if (scan.frames + scan.snapshots > 0) above = scan;
    scans.push(scan);
  }
  return resultOf(paths[0], scans, knowledge);
}

function resultOf(
  path: string,
  scans: readonly FileScan[],
  { product, instruments, listener }: SessionKnowledge,
): ScannedSession {
  const isChecked = listener !== undefined;
  const total = { frames: 0, snapshots: 0, firstAtUs: Number.POSITIVE_INFINITY, lastAtUs: Number.NEGATIVE_INFINITY };
  for (const scan of scans) {
    total.frames += scan.frames;
    total.snapshots += scan.snapshots;
    total.firstAtUs = Math.min(total.firstAtUs, scan.firstAtUs);
    total.lastAtUs = Math.max(total.lastAtUs, scan.lastAtUs);
  }
  if (total.frames === 0) {
    throw new RecordingError("has no Binance frame in it: record market streams, or name another file", { path });
  }
  const files = scans.map((scan) => scan.finish());
  if (instruments.symbols.length === 0 && !isChecked) {
    throw new RecordingError("has no depth, bookTicker, trade or aggTrade stream, so nothing can be replayed from it", {
      path,
    });
  }
  return {
    files,
    product: isChecked && !product.isTold ? "spot" : product.result(path),
    isProductTold: product.isTold,
    instruments: instruments.result(path, isChecked),
    streams: instruments.streams,
    ...total,
  };
}

function overlap(file: FileScan, above: FileScan): RecordingError {
  return new RecordingError(
    `begins at ${isoTime(file.firstAtUs)}, before ${above.path} ends at ${isoTime(above.lastAtUs)}: ` +
      "name the files of one session in the order they were recorded",
    { path: file.path },
  );
}
