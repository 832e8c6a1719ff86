import { InvalidInputError } from "@pitlane/perf";
import { check, checkMethods, checkSignal } from "../checks.ts";
import { checkPath } from "./file-bytes.ts";
import type { RecordingListener, ScannedFile } from "./file-scan.ts";
import { readScannedFile } from "./read-file.ts";
import type { RecordedItem } from "./recorded-item.ts";
import { type RecordedSession, scanSession } from "./session-scan.ts";

/** A session recorded from Binance: what is in it, and a way to go through it as often as wanted. */
export interface Recording extends RecordedSession {
  readonly paths: readonly string[];
  /**
   * Reads the session again, item by item in the order of time; `atUs` never falls. Leaving the loop closes the files.
   *
   * @throws {RecordingError} When a file was changed or removed since it was opened.
   * @throws The signal's reason when `signal` aborts.
   */
  read(signal?: AbortSignal): AsyncIterable<RecordedItem>;
}

/**
 * Opens recordings of Binance market streams (spot, USD-M, COIN-M) as one session, in the order of `paths`.
 *
 * Every line is read and checked before this resolves, so a damaged file is told at once. Two forms are read, plain or
 * gzip, each file by itself:
 * - jsonl: records `{"t": "header" | "http" | "connect" | "send" | "recv", "ts": <Unix seconds>, ..}`. Depth snapshots are
 *   http records and are yielded at their place in time, wherever they stand; connections written one after the other are
 *   merged by time.
 * - raw: `<receive time> <frame>` with the time in ms, us or ns; a line with `lastUpdateId` and no `stream` is the depth
 *   snapshot.
 *
 * With a `listener` the session is read for what it is worth: damaged lines are told and left out, those out of the order of time are
 * told and kept where they stand, frames whose numbers make no sense are yielded for a decoder to judge, and messages that are
 * neither frame nor snapshot are told by name. Nothing in it needs to be playable: bars alone will do.
 *
 * Memory: one chunk of a file at a time, and the texts of the snapshots that are http records. A receive time up to one
 * second before the one above it (the recorder's clock was set) becomes that one.
 *
 * @throws {InvalidInputError} When `paths` is empty or no list of names of files, `signal` no AbortSignal, or `listener` not whole.
 * @throws {RecordingError} When a file cannot be read, is damaged or of another kind, comes from another venue, or does not
 * fit the ones before it. It names file, line, reason and remedy.
 * @throws The signal's reason when `signal` aborts.
 * @example
 * const recording = await openRecording(["btcusdt-20240808.gz", "btcusdt-20240809.gz"]);
 * for await (const item of recording.read()) if (item.kind === "frame") send(item.stream, item.text);
 */
export async function openRecording(
  paths: readonly string[],
  signal?: AbortSignal,
  listener?: RecordingListener,
): Promise<Recording> {
  check(Array.isArray(paths), "paths", "a list of names of files", paths);
  for (const [i, path] of paths.entries()) checkPath(`paths[${i}]`, path);
  checkSignal(signal);
  if (listener !== undefined) checkMethods("listener", listener, "onDamaged", "onMisplaced", "onOther");
  const [first] = paths;
  if (first === undefined)
    throw new InvalidInputError("a recording needs at least one file, got an empty list of paths");
  const { files, ...session } = await scanSession([first, ...paths.slice(1)], signal, listener);
  return { ...session, paths: [...paths], read: (readSignal) => readChecked(files, readSignal) };
}

// At the call, not at the first item.
function readChecked(files: readonly ScannedFile[], signal?: AbortSignal): AsyncIterable<RecordedItem> {
  checkSignal(signal);
  return readFiles(files, signal);
}

// Handing out whole batches was measured and gained a fifth, too little for a second way to read.
async function* readFiles(
  files: readonly ScannedFile[],
  signal?: AbortSignal,
): AsyncGenerator<RecordedItem, void, undefined> {
  for (const file of files) {
    for await (const batch of readScannedFile(file, signal)) {
      for (const item of batch) {
        signal?.throwIfAborted();
        yield item;
      }
    }
  }
}
