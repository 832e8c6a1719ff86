import type { Clock } from "../clock.ts";
import { InvalidInputError } from "../errors.ts";
import { LatencyHistogram, type LatencySummary } from "./latency-histogram.ts";

const MOST_STAGES = 64;
const STARTED = 0;
const LAST = 1;

/**
 * Times the stages of one operation at a time, each into a histogram of its own, with one reading of the clock a stage.
 *
 *     start()      mark(decode)      mark(risk)      mark(send)   stop()
 *       |--- decode ---|----- risk ------|---- send -----|
 *       |-------------------- total ---------------------|
 *
 * A stage lasts from the mark before it, so what is not marked counts to the next stage. Stages are marked by number (their
 * names are looked up once, in `stages`) and no call allocates. Operations that overlap need a timer each; `merge` their
 * histograms.
 *
 * @example
 * const timer = new StageTimer(["decode", "risk", "send"], clock);
 * const { decode, risk, send } = timer.stages;
 * timer.start();
 * const event = parse(frame);
 * timer.mark(decode);
 * const verdict = review(event);
 * timer.mark(risk);
 * submit(verdict);
 * timer.mark(send);
 * timer.stop();
 * console.log(timer.summary().risk.p99, "us");
 */
export class StageTimer<Name extends string> {
  /** The number of each stage, for `mark`. */
  readonly stages: Readonly<Record<Name, number>>;
  /** From `start` to the last mark before `stop`. */
  readonly total = new LatencyHistogram();
  readonly #names: readonly Name[];
  readonly #histograms: readonly LatencyHistogram[];
  readonly #clock: Pick<Clock, "monotonicNs">;
  // [started, last mark], in nanoseconds of the clock: fields of the object would be boxed on each write.
  readonly #timesNs = Float64Array.of(Number.NaN, Number.NaN);

  /**
   * @param names Stages, in the order of their numbers; 1 to 64, each once.
   * @throws {InvalidInputError} When there are none, too many, or one twice.
   */
  constructor(names: readonly Name[], clock: Pick<Clock, "monotonicNs">) {
    if (names.length === 0 || names.length > MOST_STAGES || new Set(names).size !== names.length)
      throw new InvalidInputError(`names must be 1 to ${MOST_STAGES} different ones, got ${JSON.stringify(names)}`);
    this.#names = [...names];
    this.#histograms = names.map(() => new LatencyHistogram());
    this.#clock = clock;
    this.stages = Object.fromEntries(names.map((name, number) => [name, number])) as Record<Name, number>;
  }

  /** Begins an operation; one that was not stopped is left without a total. */
  start(): void {
    const nowNs = this.#clock.monotonicNs();
    this.#timesNs[STARTED] = nowNs;
    this.#timesNs[LAST] = nowNs;
  }

  /**
   * Records the time since the last mark, or since `start`, as `stage`.
   *
   * @param stage One of `stages`.
   * @throws {InvalidInputError} When there is no such stage, or nothing was started.
   */
  mark(stage: number): void {
    const histogram = this.#histograms[stage];
    if (histogram === undefined) throw new InvalidInputError(`there is no stage ${stage} of ${this.#names.join(", ")}`);
    const nowNs = this.#clock.monotonicNs();
    histogram.record(nowNs - (this.#timesNs[LAST] as number));
    this.#timesNs[LAST] = nowNs;
  }

  /** Ends the operation at its last mark and records `total`; no time of after it counts. Throws as `mark`. */
  stop(): void {
    this.total.record((this.#timesNs[LAST] as number) - (this.#timesNs[STARTED] as number));
    this.#timesNs.fill(Number.NaN);
  }

  /** The histogram of one stage. */
  histogram(name: Name): LatencyHistogram {
    return this.#histograms[this.stages[name]] as LatencyHistogram;
  }

  /** A summary of each stage, by name. */
  summary(): Record<Name, LatencySummary> {
    return Object.fromEntries(this.#names.map((name) => [name, this.histogram(name).summary()])) as Record<
      Name,
      LatencySummary
    >;
  }

  /** Forgets everything recorded. */
  reset(): void {
    for (const histogram of this.#histograms) histogram.reset();
    this.total.reset();
  }
}
