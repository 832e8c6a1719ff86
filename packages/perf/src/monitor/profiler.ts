import { randomUUID } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import type { HeapProfiler, Profiler as InspectorProfiler, Session } from "node:inspector";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import { inRange, integerInRange, PitlaneError } from "../errors.ts";

const MOST_SAMPLES = 4_000_000; // some 100 MB while V8 holds them
const PROFILING: unique symbol = Symbol.for("@pitlane/perf profiling");

/** A CPU profile as V8 gives it and `.cpuprofile` files hold it. */
export type CpuProfile = InspectorProfiler.Profile;

/** An allocation profile as V8 gives it and `.heapprofile` files hold it. */
export type AllocationProfile = HeapProfiler.SamplingHeapProfile;

/** Another profile of this thread is being taken. Two at a time would measure each other. */
export class ProfilerBusyError extends PitlaneError {
  readonly code = "PROFILER_BUSY";
  readonly retryable = true;
}

/** V8 refused, or the file could not be written; `cause` has the reason. No file is left behind. */
export class ProfilingError extends PitlaneError {
  readonly code = "PROFILING_FAILED";
  readonly retryable = false;
}

export interface ProfilerOptions {
  /** Where files go; created when missing. */
  readonly folder: string;
  readonly clock: Pick<Clock, "nowUs" | "sleep">;
}

export interface CpuProfileOptions {
  /** How long to profile, milliseconds; 1 to 3,600,000, and at most 4,000,000 samples. */
  readonly durationMs: number;
  /** Time between two samples, microseconds; 50 to 100,000. Default 1,000: finer shows more and slows more. */
  readonly intervalUs?: number;
}

export interface AllocationProfileOptions {
  /** How long to profile, milliseconds; 1 to 3,600,000. */
  readonly durationMs: number;
  /** Mean of allocated bytes between two samples, 1,024 to 2^30. Default 32,768. */
  readonly intervalBytes?: number;
}

/** Where a profiler's session comes from; `createProfiler` gives V8's. */
export type OpenSession = () => Pick<Session, "connect" | "disconnect" | "post" | "on">;

/**
 * Takes profiles of the thread it is called on, while the program runs, and writes each to a file of its own.
 *
 * One at a time in a thread, whichever profiler takes it. A file appears under its name only when it is whole:
 * `KIND-UTCTIME-PID.EXTENSION`, in `folder`. All open in Chrome's developer tools.
 *
 * @example
 * const profiler = createProfiler({ folder: "profiles", clock: createSystemClock() });
 * const path = await profiler.cpu({ durationMs: 5_000 });
 */
export class Profiler {
  readonly #folder: string;
  readonly #clock: Pick<Clock, "nowUs" | "sleep">;
  readonly #openSession: OpenSession;

  constructor({ folder, clock }: ProfilerOptions, openSession: OpenSession) {
    this.#folder = folder;
    this.#clock = clock;
    this.#openSession = openSession;
  }

  /**
   * Samples the stack for `durationMs` and returns the path of the `.cpuprofile`; `flameGraphHtml` draws it.
   *
   * @throws {InvalidInputError} When an option is out of range.
   * @throws {ProfilerBusyError} When a profile is being taken.
   * @throws {ProfilingError} When V8 refuses or the file cannot be written.
   * @throws The signal's reason when it aborts first; what was sampled is then dropped.
   */
  async cpu({ durationMs, intervalUs = 1_000 }: CpuProfileOptions, signal?: AbortSignal): Promise<string> {
    inRange("durationMs", durationMs, 1, 3_600_000);
    integerInRange("intervalUs", intervalUs, 50, 100_000);
    inRange("samples of durationMs at intervalUs", (durationMs * 1000) / intervalUs, 0, MOST_SAMPLES);
    return this.#take("cpu", "cpuprofile", signal, async (session, path) => {
      await post(session, "Profiler.enable");
      await post(session, "Profiler.setSamplingInterval", { interval: intervalUs });
      await post(session, "Profiler.start");
      await this.#clock.sleep(durationMs, signal);
      const { profile } = (await post(session, "Profiler.stop")) as InspectorProfiler.StopReturnType;
      await writeFile(path, JSON.stringify(profile), { flag: "wx" });
    });
  }

  /**
   * Samples what is allocated for `durationMs` and is still alive at its end; returns the path of the `.heapprofile`, which
   * `flameGraphHtml` draws as well. Throws as `cpu`.
   */
  async allocations(
    { durationMs, intervalBytes = 32_768 }: AllocationProfileOptions,
    signal?: AbortSignal,
  ): Promise<string> {
    inRange("durationMs", durationMs, 1, 3_600_000);
    integerInRange("intervalBytes", intervalBytes, 1_024, 2 ** 30);
    return this.#take("allocations", "heapprofile", signal, async (session, path) => {
      await post(session, "HeapProfiler.startSampling", { samplingInterval: intervalBytes });
      await this.#clock.sleep(durationMs, signal);
      const { profile } = (await post(session, "HeapProfiler.stopSampling")) as HeapProfiler.StopSamplingReturnType;
      await writeFile(path, JSON.stringify(profile), { flag: "wx" });
    });
  }

  /**
   * Writes every object on the heap to a `.heapsnapshot` and returns its path.
   *
   * Stops the program meanwhile and cannot be aborted once it runs. The text goes to the file piece by piece, but V8 itself
   * needs much memory to make it: for small objects, many times what they take on the heap. `readHeapSummary` tells what is
   * in it. Throws as `cpu`.
   */
  async heapSnapshot(signal?: AbortSignal): Promise<string> {
    return this.#take("heap", "heapsnapshot", signal, async (session, path) => {
      const file = openSync(path, "wx");
      try {
        let failed: { readonly cause: unknown } | undefined;
        // Chunks come while V8 holds the thread: only synchronous writes keep them from piling up in memory.
        session.on("HeapProfiler.addHeapSnapshotChunk", ({ params }) => {
          try {
            if (failed === undefined) writeChunk(file, params.chunk);
          } catch (cause) {
            failed = { cause }; // the session would make a mere warning of it
          }
        });
        await post(session, "HeapProfiler.takeHeapSnapshot", { reportProgress: false });
        if (failed !== undefined) throw failed.cause;
      } finally {
        closeSync(file);
      }
    });
  }

  async #take(
    kind: string,
    extension: string,
    signal: AbortSignal | undefined,
    take: (session: ReturnType<OpenSession>, path: string) => Promise<void>,
  ): Promise<string> {
    signal?.throwIfAborted();
    const release = occupyThread(kind);
    const session = this.#openSession();
    const path = join(this.#folder, `${kind}-${utcName(this.#clock.nowUs())}-${process.pid}.${extension}`);
    try {
      await mkdir(this.#folder, { recursive: true });
      session.connect();
      await makeWhole(path, (unfinished) => take(session, unfinished));
      return path;
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      throw new ProfilingError(`the ${kind} profile could not be taken: ${String(cause)}`, { cause });
    } finally {
      session.disconnect(); // also stops what is still being sampled
      release();
    }
  }
}

/** A profiler of the thread it is called on, by `node:inspector`. Creates nothing before the first profile. */
export function createProfiler(options: ProfilerOptions): Profiler {
  // The inspector is loaded with the first profile: it takes longer than this whole module.
  return new Profiler(options, () => new (process.getBuiltinModule("node:inspector").Session)());
}

/** A time as file names hold it, sorting by time: `20261121T101502.123456Z`. */
function utcName(atUs: number): string {
  const iso = new Date(Math.floor(atUs / 1000)).toISOString(); // 2026-11-21T10:15:02.123Z
  return `${iso.slice(0, 23).replaceAll(/[-:]/g, "")}${String(atUs % 1000).padStart(3, "0")}Z`;
}

/**
 * Marks this thread as being profiled, or throws; returns what takes the mark away.
 *
 * The mark is the thread's, not an instance's, since V8's profiler is: two of ours would measure each other. A registered
 * symbol, since a program can hold this module twice, as ESM and as CommonJS.
 */
function occupyThread(kind: string): () => void {
  const thread = globalThis as { [PROFILING]?: string };
  const running = thread[PROFILING];
  if (running !== undefined)
    throw new ProfilerBusyError(`a ${running} profile of this thread is being taken; wait for its end`);
  thread[PROFILING] = kind;
  return () => {
    delete thread[PROFILING];
  };
}

function post(session: ReturnType<OpenSession>, method: string, params?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    session.post(method, params, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

/** Lets `write` make a file under another name and moves it to `path` when it is whole; otherwise removes it. */
async function makeWhole(path: string, write: (unfinished: string) => Promise<void>): Promise<void> {
  const unfinished = `${path}.${randomUUID()}.tmp`;
  try {
    await write(unfinished);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

function writeChunk(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
