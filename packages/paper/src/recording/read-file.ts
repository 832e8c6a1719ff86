import { LineProblem, RecordingError } from "./errors.ts";
import { stampFile } from "./file-bytes.ts";
import type { ScannedFile } from "./file-scan.ts";
import { readLines } from "./line-batches.ts";
import { mergeByTime } from "./merge.ts";
import { parseMessage, wrappedStream } from "./message.ts";
import type { FilePart } from "./message-order.ts";
import type { RecordedItem } from "./recorded-item.ts";
import { parseJsonlLine, parseRawLine } from "./recorded-line.ts";

/**
 * Reads a scanned file again and yields its items in the order of time, a batch per chunk read.
 *
 * @throws {RecordingError} When the file was changed since the scan.
 * @throws The signal's reason when `signal` aborts.
 */
export async function* readScannedFile(
  file: ScannedFile,
  signal?: AbortSignal,
): AsyncGenerator<readonly RecordedItem[], void, undefined> {
  const { path, stamp } = file;
  const { bytes, modifiedMs } = await stampFile(path);
  if (bytes !== stamp.bytes || modifiedMs !== stamp.modifiedMs) {
    throw new RecordingError("was changed after it was opened: open the recording again", { path });
  }
  const sources = file.parts.map((part) => readPart(file, part, signal));
  // First, so that a book's snapshot comes before a frame received in the same microsecond.
  if (file.httpSnapshots.length > 0) sources.unshift(oneBatch(file.httpSnapshots));
  yield* mergeByTime(sources);
}

// Every part has its own reader from the start of the file: gzip has no other way in, and there is rarely more than one.
async function* readPart(
  file: ScannedFile,
  part: FilePart,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly RecordedItem[], void, undefined> {
  let aboveAtUs = Number.NEGATIVE_INFINITY;
  const onDamaged = file.skipsDamaged ? () => {} : undefined; // was told by the scan
  for await (const { firstLine, lines } of readLines(file.path, signal, { onDamaged })) {
    const items: RecordedItem[] = [];
    const end = Math.min(lines.length, part.lastLine - firstLine + 1);
    for (let i = Math.max(0, part.firstLine - firstLine); i < end; i++) {
      const item = toItem(file, part, lines[i]!, firstLine + i, aboveAtUs);
      if (item === undefined) continue;
      aboveAtUs = item.atUs;
      items.push(item);
    }
    if (items.length > 0) yield items;
    if (firstLine + lines.length > part.lastLine) return;
  }
}

// The scan has checked the line, so a frame is taken as it is; a snapshot and a raw socket's event are parsed once more.
function toItem(
  { path, form, skipsDamaged, subscriptions, snapshotSymbols }: ScannedFile,
  { connection }: FilePart,
  text: string,
  lineNumber: number,
  aboveAtUs: number,
): RecordedItem | undefined {
  if (text.trim() === "") return undefined;
  try {
    const line = form === "raw" ? parseRawLine(text) : parseJsonlLine(text);
    if (line.kind !== "message" || (connection !== undefined && connection !== line.connection)) return undefined;
    const atUs = Math.max(line.atUs, aboveAtUs);
    const source = form === "raw" ? "file" : subscriptions.socketAt(line.connection, lineNumber);
    const stream = wrappedStream(line.text);
    if (stream !== undefined) return { kind: "frame", atUs, stream, source, text: line.text };
    const message = parseMessage(line.text, form, () => subscriptions.at(line.connection, lineNumber));
    if (message.kind === "answer") return undefined;
    if (message.kind === "frame") {
      const { stream, doubt, text } = message;
      return { kind: "frame", atUs, stream, source: doubt === "which" ? "" : source, text };
    }
    const symbol = message.snapshot.symbol ?? snapshotSymbols.get(lineNumber);
    if (symbol === undefined) throw new LineProblem("the depth snapshot's symbol was not found in the first reading");
    return { kind: "snapshot", atUs, symbol, text: line.text };
  } catch (error) {
    if (skipsDamaged && error instanceof LineProblem) return undefined;
    throw error instanceof LineProblem ? error.at(path, lineNumber, text) : error;
  }
}

async function* oneBatch(items: readonly RecordedItem[]): AsyncGenerator<readonly RecordedItem[], void, undefined> {
  yield items;
}
