import type { ChildProcess, SpawnOptions } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { promisify } from "node:util";
import { integerInRange, PitlaneError } from "../errors.ts";
import { allowedCores, checkCores } from "./core-list.ts";

const HIGHEST_PID = 2 ** 22; // the kernel's limit, see proc(5), pid_max

/** Cores cannot be chosen here: not Linux, or no `taskset`. The message says what to do. */
export class CpuPinningUnsupportedError extends PitlaneError {
  readonly code = "CPU_PINNING_UNSUPPORTED";
  readonly retryable = false;
}

/** The system refused: the process is gone, or belongs to somebody else. The message has `taskset`'s own words. */
export class CpuPinningError extends PitlaneError {
  readonly code = "CPU_PINNING_FAILED";
  readonly retryable = false;
}

/** What pinning reads and runs; `createCpuPinner` gives the real ones. */
export interface CpuPinnerHost {
  readonly platform: NodeJS.Platform;
  /** Text of `/proc/TASK/status`, where a task is a process id or `PID/task/TID`. */
  readonly readStatus: (task: string) => string;
  /** Target of `/proc/thread-self`: the calling thread as `PID/task/TID`. */
  readonly readThreadLink: () => string;
  /** Runs `taskset` to its end and rejects as `execFile` does. */
  readonly runTaskset: (args: readonly string[], signal: AbortSignal | undefined) => Promise<unknown>;
  /** Starts `taskset` and leaves it running: it becomes the program. */
  readonly spawnTaskset: (args: readonly string[], options: SpawnOptions) => ChildProcess;
}

/**
 * Keeps processes and threads on given cores, by `taskset` (Linux).
 *
 * A core is one of those that this process was allowed when the pinner was made, numbered as the kernel does; others are
 * refused before anything happens. Pinning keeps caches warm and stops migrations, but does not reserve the core: to keep
 * others off it, isolate it at boot (`isolcpus`) or by a cpuset.
 *
 * @example
 * const pinner = createCpuPinner();
 * await pinner.pinThread([2]); // this thread, alone
 * const feed = pinner.spawn([3], process.execPath, ["feed.js"], { stdio: "inherit" });
 */
export class CpuPinner {
  /** Cores that may be asked for, rising. */
  readonly allowedCores: readonly number[];
  readonly #host: CpuPinnerHost;

  /** @throws {CpuPinningUnsupportedError} On any system but Linux. */
  constructor(host: CpuPinnerHost) {
    if (host.platform !== "linux")
      throw new CpuPinningUnsupportedError(
        `cores can be chosen on Linux only, and this is ${host.platform}; start the program without pinning here`,
      );
    this.#host = host;
    // Once: after a pin the kernel's list is that pin, and a thread could never be moved again.
    this.allowedCores = Object.freeze(allowedCores(host.readStatus(host.readThreadLink())));
  }

  /**
   * Moves a process with all threads it has now to `cores`; threads started later inherit from the one that starts them.
   *
   * @throws {InvalidInputError} When a core is not allowed or `pid` is no process id.
   * @throws {CpuPinningError} When the process is gone or may not be changed.
   * @throws {CpuPinningUnsupportedError} When `taskset` is missing.
   * @throws The signal's reason when it aborts first; whether the process was moved is then unknown.
   */
  async pinProcess(pid: number, cores: readonly number[], signal?: AbortSignal): Promise<void> {
    integerInRange("pid", pid, 1, HIGHEST_PID);
    checkCores(cores, this.allowedCores);
    await this.#pin(["-a"], String(pid), cores, signal);
  }

  /**
   * Moves the calling thread alone to `cores`: in a worker that worker, else the one that runs the event loop.
   *
   * V8's helper threads stay where they are, so a collection still uses other cores. Throws as `pinProcess`.
   */
  async pinThread(cores: readonly number[], signal?: AbortSignal): Promise<void> {
    checkCores(cores, this.allowedCores);
    await this.#pin([], this.#host.readThreadLink(), cores, signal);
  }

  /**
   * Starts a program on `cores`, as `child_process.spawn` does; its threads and children inherit them.
   *
   * `taskset` replaces itself by the program, so the child's pid is the program's. As with `spawn`, what goes wrong after
   * the start comes by the child's events: `taskset` missing as `error` (ENOENT), a program missing as exit code 127.
   *
   * @throws {InvalidInputError} When a core is not allowed.
   */
  spawn(
    cores: readonly number[],
    command: string,
    args: readonly string[] = [],
    options: SpawnOptions = {},
  ): ChildProcess {
    checkCores(cores, this.allowedCores);
    return this.#host.spawnTaskset(["-c", cores.join(","), command, ...args], options);
  }

  async #pin(
    flags: readonly string[],
    task: string,
    cores: readonly number[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    signal?.throwIfAborted();
    const id = task.slice(task.lastIndexOf("/") + 1);
    try {
      await this.#host.runTaskset([...flags, "-p", "-c", cores.join(","), id], signal);
      // Of a process that is gone, `taskset -a` says nothing and succeeds; reading its status then fails.
      this.#host.readStatus(task);
    } catch (cause) {
      signal?.throwIfAborted();
      const { code, path, stderr } = cause as { code?: unknown; path?: unknown; stderr?: unknown };
      if (code === "ENOENT" && path === "taskset")
        throw new CpuPinningUnsupportedError("taskset is not installed; it comes with the package util-linux", {
          cause,
        });
      const reason = String(stderr ?? "").trim() || (code === "ENOENT" ? "no such process" : String(cause));
      throw new CpuPinningError(`${task} could not be pinned: ${reason}`, { cause });
    }
  }
}

/**
 * A pinner of this machine.
 *
 * @throws {CpuPinningUnsupportedError} On any system but Linux.
 */
export function createCpuPinner(): CpuPinner {
  // Loaded here: it takes longer than this whole module, and most programs that import the monitors pin nothing.
  const { execFile, spawn } = process.getBuiltinModule("node:child_process");
  const run = promisify(execFile);
  return new CpuPinner({
    platform: process.platform,
    readStatus: (task) => readFileSync(`/proc/${task}/status`, "utf8"),
    readThreadLink: () => readlinkSync("/proc/thread-self"),
    runTaskset: (args, signal) => run("taskset", [...args], signal === undefined ? {} : { signal }),
    spawnTaskset: (args, options) => spawn("taskset", [...args], options),
  });
}
