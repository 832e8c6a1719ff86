import type { Clock } from "../clock.ts";
import type { Random } from "../random.ts";
import type { Segment } from "./pattern.ts";
import { PhaseRecorder, type PhaseResult, UNFINISHED } from "./recorder.ts";
import { ArrivalSchedule, expectedArrivals } from "./schedule.ts";

/** One call on the target; `index` counts the calls of the whole run from 0. */
export type LoadTarget = (index: number, signal: AbortSignal | undefined) => Promise<unknown>;

export interface PhaseOptions {
  readonly maxInFlight: number;
  readonly drainMs: number;
  readonly gauges: () => Readonly<Record<string, number>>;
  readonly clock: Pick<Clock, "monotonicNs" | "sleep">;
  readonly random: Pick<Random, "exponential"> | undefined;
}

export interface PhaseInput {
  readonly name: PhaseResult["name"];
  readonly segments: readonly Segment[];
  readonly slices: number;
  /** Of the phase's first call. */
  readonly firstIndex: number;
}

interface Call {
  readonly intendedNs: number;
  readonly startedNs: number;
}

/**
 * Starts calls when the schedule says, however the earlier ones do, and waits for them at the end.
 *
 * A timer is no finer than 1 ms, so each wake starts every call that has come due; its latency counts from when it was due.
 * After an abort nothing more starts, and the calls that run, which have `signal`, are waited for as at a regular end.
 */
export function runPhase(
  target: LoadTarget,
  input: PhaseInput,
  options: PhaseOptions,
  signal?: AbortSignal,
): Promise<PhaseResult> {
  return new Phase(target, input, options, signal).run();
}

class Phase {
  readonly #target: LoadTarget;
  readonly #options: PhaseOptions;
  readonly #signal: AbortSignal | undefined;
  readonly #schedule: ArrivalSchedule;
  readonly #recorder: PhaseRecorder;
  readonly #running = new Set<Call>();
  readonly #startNs: number;
  readonly #endNs: number; // of the plan
  #lastEndNs: number; // of a call
  #index: number; // of the next call
  #onIdle: (() => void) | undefined;

  constructor(target: LoadTarget, input: PhaseInput, options: PhaseOptions, signal: AbortSignal | undefined) {
    const { name, segments, slices, firstIndex } = input;
    const durationMs = segments.reduce((sum, segment) => sum + segment.durationMs, 0);
    const expected = segments.reduce((sum, segment) => sum + expectedArrivals(segment), 0);
    this.#target = target;
    this.#options = options;
    this.#signal = signal;
    this.#schedule = new ArrivalSchedule(segments, options.random);
    this.#recorder = new PhaseRecorder({ name, durationMs, expected, slices }, options.gauges);
    this.#startNs = options.clock.monotonicNs();
    this.#endNs = this.#startNs + durationMs * 1e6;
    this.#lastEndNs = this.#startNs;
    this.#index = firstIndex;
  }

  async run(): Promise<PhaseResult> {
    await this.#start();
    await this.#drain();
    const { clock } = this.#options;
    const unfinished = this.#running.size;
    const nowNs = clock.monotonicNs();
    for (const { intendedNs, startedNs } of this.#running)
      this.#recorder.failed(UNFINISHED, intendedNs, startedNs, nowNs);
    this.#running.clear();
    const endedNs = unfinished > 0 ? nowNs : Math.max(this.#lastEndNs, Math.min(nowNs, this.#endNs));
    return this.#recorder.result(endedNs - this.#startNs, this.#signal?.aborted === true);
  }

  async #start(): Promise<void> {
    const { clock, maxInFlight } = this.#options;
    let dueNs = this.#startNs + this.#schedule.next();
    while (!this.#signal?.aborted) {
      // Read once, so that a generator that cannot keep up still sleeps, and takes answers, between its bursts of starts.
      const nowNs = clock.monotonicNs();
      this.#recorder.endSlices(nowNs - this.#startNs);
      for (; dueNs <= nowNs && !this.#signal?.aborted; dueNs = this.#startNs + this.#schedule.next()) {
        if (this.#running.size < maxInFlight) this.#call(dueNs);
        else this.#recorder.dropped();
      }
      const wakeNs = dueNs === Number.POSITIVE_INFINITY ? this.#endNs : dueNs; // lasts as planned, also after its last start
      if (wakeNs <= nowNs) return;
      await this.#sleep((wakeNs - nowNs) / 1e6);
    }
  }

  async #call(intendedNs: number): Promise<void> {
    const { clock } = this.#options;
    const call: Call = { intendedNs, startedNs: clock.monotonicNs() };
    this.#running.add(call);
    let code: string | undefined;
    try {
      await this.#target(this.#index++, this.#signal);
    } catch (error) {
      code = codeOf(error);
    }
    if (!this.#running.delete(call)) return; // the phase is over, and this call was counted as unfinished
    this.#lastEndNs = clock.monotonicNs();
    if (code === undefined) this.#recorder.succeeded(intendedNs, call.startedNs, this.#lastEndNs);
    else this.#recorder.failed(code, intendedNs, call.startedNs, this.#lastEndNs);
    if (this.#running.size === 0) this.#onIdle?.();
  }

  /** Waits until no call runs, at most `drainMs`. */
  async #drain(): Promise<void> {
    if (this.#running.size === 0) return;
    const { clock, drainMs } = this.#options;
    const timer = new AbortController();
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    try {
      await Promise.race([idle, clock.sleep(drainMs, timer.signal)]);
    } finally {
      timer.abort();
    }
  }

  /** As the clock's, in whole milliseconds so as not to wake just before the time; an abort only ends it. */
  async #sleep(ms: number): Promise<void> {
    try {
      await this.#options.clock.sleep(Math.ceil(ms), this.#signal);
    } catch (error) {
      if (!this.#signal?.aborted) throw error;
    }
  }
}

/** The error's stable code, else its name. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "UNKNOWN";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
