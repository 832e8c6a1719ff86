import { spawn } from "node:child_process";
import { join } from "node:path";
import { PitlaneError } from "@pitlane/perf";
import type { Moment } from "./moment-types.ts";

/** A moment could not be worked out: the message has the program's own words. */
export class MomentError extends PitlaneError {
  readonly code = "MOMENT";
  readonly retryable: boolean;

  constructor(message: string, options: { readonly retryable: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.retryable = options.retryable;
  }
}

export interface MomentOfOptions {
  /** Of the run, with `journal.db` in it; or the journal's own path. */
  readonly runFolder: string;
  /** Microseconds since the epoch. */
  readonly atUs: number;
  /** Command line that starts this program, such as `[process.execPath, process.argv[1]]` within `pitlane start`. */
  readonly program: readonly [string, ...string[]];
  /** Longest it may take, milliseconds. Default 20,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 20_000;
const MOST_BYTES = 16 * 2 ** 20;

/**
 * How a run stood at a moment, worked out by a process of its own, so that no order of a running session waits for it.
 *
 * @throws {MomentError} When it cannot be worked out, or takes longer than `timeoutMs`. @throws The signal's reason.
 * @example
 * const moment = await momentOf({ runFolder: session.folder, atUs, program: [process.execPath, cli] });
 */
export async function momentOf(options: MomentOfOptions): Promise<Moment> {
  const { runFolder, atUs, program, timeoutMs = TIMEOUT_MS, signal } = options;
  signal?.throwIfAborted();
  const [command, ...args] = program;
  const run = runFolder.endsWith(".db") ? runFolder : join(runFolder, "journal.db");
  const child = spawn(command, [...args, "inspect", run, "--at", `${Math.round(atUs)}us`, "--json", "-"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  let isLate = false;
  const end = () => child.kill("SIGKILL"); // it only reads
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, timeoutMs);
  signal?.addEventListener("abort", end, { once: true });
  try {
    const { code, out, err } = await outputOf(child);
    signal?.throwIfAborted();
    if (isLate) throw new MomentError(`it took longer than ${timeoutMs} ms`, { retryable: true });
    if (code !== 0) throw new MomentError(err.trim() || `the program ended with code ${code}`, { retryable: false });
    return JSON.parse(out) as Moment;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}

/** Works moments out one at a time. */
export class MomentReader {
  readonly #program: MomentOfOptions["program"];
  #isBusy = false;
  #waiting: { readonly go: () => void; readonly giveUp: (reason: Error) => void } | undefined;

  constructor(program: MomentOfOptions["program"]) {
    this.#program = program;
  }

  /**
   * As `momentOf`. While one is worked out the next waits, and is given up when yet another is asked for: whoever drags a slider wants the last.
   *
   * @throws {MomentError} Retryable, when a later call has taken its place.
   */
  async of(options: Omit<MomentOfOptions, "program">): Promise<Moment> {
    if (this.#isBusy) await this.#turn();
    this.#isBusy = true;
    try {
      return await momentOf({ ...options, program: this.#program });
    } finally {
      const next = this.#waiting;
      this.#waiting = undefined;
      this.#isBusy = next !== undefined; // who waits goes before who comes now
      next?.go();
    }
  }

  #turn(): Promise<void> {
    this.#waiting?.giveUp(new MomentError("a later moment was asked for", { retryable: true }));
    return new Promise((go, giveUp) => {
      this.#waiting = { go, giveUp };
    });
  }
}

function outputOf(child: ReturnType<typeof spawn>): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    let bytes = 0;
    let err = "";
    child.stdout?.on("data", (data: Buffer) => {
      bytes += data.length;
      if (bytes > MOST_BYTES) child.kill("SIGKILL");
      else out.push(data);
    });
    child.stderr?.on("data", (data: Buffer) => {
      err = (err + data.toString()).slice(-2_000);
    });
    child.once("error", (cause) =>
      reject(new MomentError(`the program could not be started: ${cause.message}`, { retryable: false, cause })),
    );
    child.once("close", (code) => resolve({ code, out: Buffer.concat(out).toString(), err }));
  });
}
