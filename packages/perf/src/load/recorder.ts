import { LatencyHistogram, type LatencySummary } from "../metrics/latency-histogram.ts";

/** What happened in a phase. `arrivals` = `started` + `dropped`; `started` = `succeeded` + `failed`. */
export interface PhaseResult {
  readonly name: "baseline" | "load" | "after";
  /** Mean rate of the plan. */
  readonly offeredPerSecond: number;
  /** Successes a second, from the phase's start to its last answer. */
  readonly achievedPerSecond: number;
  /** Of the plan. */
  readonly durationMs: number;
  /** True when the signal ended the phase before its plan did. */
  readonly wasStopped: boolean;
  /** To the last answer; with calls that never answered, to the end of the wait for them. */
  readonly elapsedMs: number;
  /** Calls that were due. */
  readonly arrivals: number;
  readonly started: number;
  /** Calls that were due while `maxInFlight` were running: not made, and in no latency. */
  readonly dropped: number;
  readonly succeeded: number;
  /** With those that had not ended when the wait for them was over: code `UNFINISHED`. */
  readonly failed: number;
  /** (`failed` + `dropped`) / `arrivals`; 0 when there were none. */
  readonly errorRatio: number;
  /** Failures by the error's `code`, else its name; 32 kinds at most, the rest as `OTHER`. */
  readonly errors: Readonly<Record<string, number>>;
  /** From the intended start to the end, of every started call, failed ones too: what a user would have waited. */
  readonly latency: LatencySummary;
  /** From the actual start to the end: what the target itself took. */
  readonly service: LatencySummary;
  /** From the intended to the actual start: the generator's own share of `latency`. */
  readonly lateness: LatencySummary;
  /** Equal parts of the phase in order of time; none for the light phases and for steps. */
  readonly slices: readonly LoadSlice[];
}

/** What ended in one part of a phase. */
export interface LoadSlice {
  /** End of the part, from the phase's start. The last one also has what ended after. */
  readonly endMs: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly dropped: number;
  /** Microseconds from the intended start. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** As the `gauges` option gave them at the end of the part. */
  readonly gauges: Readonly<Record<string, number>>;
}

export interface Plan {
  readonly name: PhaseResult["name"];
  readonly durationMs: number;
  /** Mean number of arrivals. */
  readonly expected: number;
  /** Parts to tell apart; 0 for none. */
  readonly slices: number;
}

/** Code of a call that had not ended when the wait for it was over. */
export const UNFINISHED = "UNFINISHED";
const MOST_CODES = 32;

/** Counts and times the calls of one phase, in constant memory. */
export class PhaseRecorder {
  readonly #plan: Plan;
  readonly #gauges: () => Readonly<Record<string, number>>;
  readonly #latency = new LatencyHistogram();
  readonly #service = new LatencyHistogram();
  readonly #lateness = new LatencyHistogram();
  readonly #errors = new Map<string, number>();
  readonly #slices: LoadSlice[] = [];
  readonly #slice = { latency: new LatencyHistogram(), succeeded: 0, failed: 0, dropped: 0 };
  #dropped = 0;
  #succeeded = 0;
  #failed = 0;

  constructor(plan: Plan, gauges: () => Readonly<Record<string, number>>) {
    this.#plan = plan;
    this.#gauges = gauges;
  }

  dropped(): void {
    this.#dropped++;
    this.#slice.dropped++;
  }

  succeeded(intendedNs: number, startedNs: number, endedNs: number): void {
    this.#succeeded++;
    this.#slice.succeeded++;
    this.#times(intendedNs, startedNs, endedNs);
  }

  failed(code: string, intendedNs: number, startedNs: number, endedNs: number): void {
    this.#failed++;
    this.#slice.failed++;
    this.#times(intendedNs, startedNs, endedNs);
    const isKnown = code === UNFINISHED || this.#errors.has(code) || this.#errors.size < MOST_CODES;
    const known = isKnown ? code : "OTHER";
    this.#errors.set(known, (this.#errors.get(known) ?? 0) + 1);
  }

  /** Ends the parts that are over `elapsedNs` into the phase; the last one stays open for what ends after the plan. */
  endSlices(elapsedNs: number): void {
    const { durationMs, slices } = this.#plan;
    while (this.#slices.length < slices - 1) {
      const endMs = (durationMs * (this.#slices.length + 1)) / slices;
      if (endMs * 1e6 > elapsedNs) return;
      this.#endSlice(endMs);
    }
  }

  result(elapsedNs: number, wasStopped: boolean): PhaseResult {
    const { name, durationMs, expected, slices } = this.#plan;
    this.endSlices(durationMs * 1e6);
    if (slices > 0) this.#endSlice(durationMs);
    const started = this.#succeeded + this.#failed;
    const arrivals = started + this.#dropped;
    return {
      name,
      offeredPerSecond: expected / (durationMs / 1000),
      achievedPerSecond: elapsedNs === 0 ? 0 : this.#succeeded / (elapsedNs / 1e9),
      durationMs,
      wasStopped,
      elapsedMs: elapsedNs / 1e6,
      arrivals,
      started,
      dropped: this.#dropped,
      succeeded: this.#succeeded,
      failed: this.#failed,
      errorRatio: arrivals === 0 ? 0 : (this.#failed + this.#dropped) / arrivals,
      errors: Object.fromEntries(this.#errors),
      latency: this.#latency.summary(),
      service: this.#service.summary(),
      lateness: this.#lateness.summary(),
      slices: this.#slices,
    };
  }

  #endSlice(endMs: number): void {
    const { latency, succeeded, failed, dropped } = this.#slice;
    const { p50, p99, max } = latency.summary();
    this.#slices.push({ endMs, succeeded, failed, dropped, p50, p99, max, gauges: this.#gauges() });
    latency.reset();
    Object.assign(this.#slice, { succeeded: 0, failed: 0, dropped: 0 });
  }

  #times(intendedNs: number, startedNs: number, endedNs: number): void {
    this.#latency.record(endedNs - intendedNs);
    this.#service.record(endedNs - startedNs);
    this.#lateness.record(startedNs - intendedNs);
    if (this.#plan.slices > 0) this.#slice.latency.record(endedNs - intendedNs);
  }
}
