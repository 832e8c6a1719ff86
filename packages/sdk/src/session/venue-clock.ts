import { type Clock, inRange, integerInRange } from "@pitlane/perf";
import { SingleFlight } from "@pitlane/perf/flow";
import type { ClientEmitter } from "../client-events.ts";
import { NetworkError, ProtocolError, RequestError } from "../errors.ts";
import { type SlewedTime, settledTime, slewTowards, tellUs } from "./slew.ts";

export interface VenueClockOptions {
  /** Asks the venue for its time: microseconds since the epoch, as exact as it says. Should not be retried, nor wait in a queue: that is measured. */
  readonly readServerTimeUs: (signal: AbortSignal) => Promise<number>;
  /** Told `clockMeasured`, `clockStepped`, and `retried` when a measurement failed and is repeated later. */
  readonly events: ClientEmitter;
  /** Probes per measurement, of which the one with the shortest round trip counts; 1 to 100, default 5. */
  readonly probes?: number | undefined;
  /** From one measurement to the next, in milliseconds; 1,000 to 86,400,000, default 1,800,000 (30 minutes). */
  readonly intervalMs?: number | undefined;
  /** Default 1,000 ms ahead of the venue, 2,500 ms behind it. */
  readonly tolerates?: ClockTolerance | undefined;
  readonly clock: Clock;
}

/** How far a timestamp may be off before the venue refuses it, in milliseconds; 0.001 to 86,400,000 each. */
export interface ClockTolerance {
  readonly aheadMs: number;
  /** Less than what the venue says, since requests take time on their way. */
  readonly behindMs: number;
}

/** The venue's time. Fits wherever a `Pick<Clock, "nowUs">` is asked for. */
export interface VenueClock {
  /** The venue's time, in whole microseconds since the epoch; the host's before the first measurement. Goes back after it only with a `clockStepped`. */
  nowUs(): number;
  /** As `nowUs`, in whole milliseconds. */
  nowMs(): number;
  /** Measures for the first time, and every `intervalMs` from then on. @throws {RequestError} When no probe was answered. */
  start(signal?: AbortSignal): Promise<void>;
  /**
   * A timestamp was refused: measures, but not within a second of the last measurement, as refusals come in crowds. Where the time
   * told is beyond what the venue tolerates, it is what was measured from now on. @throws {RequestError} When no probe was answered.
   */
  resync(signal?: AbortSignal): Promise<void>;
  /** Ends the measuring; what was found holds on. */
  close(): Promise<void>;
}

interface Probe {
  readonly midNs: number;
  readonly serverUs: number;
  readonly roundTripNs: number;
}

const MIN_GAP_NS = 1e9;
const RETRY_MS = 30_000;

/**
 * Tells a venue's time, for requests that are refused when their timestamp is off.
 *
 * It runs on the monotonic clock, so a host whose clock is set costs nothing. A measurement takes the probe with the shortest
 * round trip, halfway through which the venue is taken to have read its clock: the error is at most half that round trip, and
 * what the venue's resolution leaves out. The first measurement counts at once; later ones only change the speed, until the
 * difference is worked in (`slewTowards`): no jump, and never back. One exception: when the venue has refused a timestamp, and the
 * time told is further off than it tolerates, every call would be refused until that was worked in, cancels too. Its clock was set
 * then, or this machine was suspended; the time told steps, and `clockStepped` tells. Its timer holds the process open until `close`.
 * Source: D. Mills, "Network Time Protocol", RFC 5905, section 10 (of several samples, the one with the least delay).
 *
 * @throws {InvalidInputError} When an option is out of range.
 * @example
 * const venueClock = createVenueClock({ readServerTimeUs, events, clock });
 * await venueClock.start();
 * const timestamp = venueClock.nowMs();
 */
export function createVenueClock(options: VenueClockOptions): VenueClock {
  return new MeasuredClock(options);
}

class MeasuredClock implements VenueClock {
  readonly #options: VenueClockOptions;
  readonly #probes: number;
  readonly #intervalMs: number;
  readonly #tolerates: ClockTolerance;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #flights = new SingleFlight<"measure", void>();
  #time: SlewedTime | undefined; // as told
  #measuredTime = settledTime(0, 0); // without what is still to be worked in
  #toldUs = 0;
  #measuredNs = Number.NEGATIVE_INFINITY;
  #isRunning = false;

  constructor(options: VenueClockOptions) {
    this.#options = options;
    this.#probes = integerInRange("probes", options.probes ?? 5, 1, 100);
    this.#intervalMs = integerInRange("intervalMs", options.intervalMs ?? 1_800_000, 1_000, 86_400_000);
    const { aheadMs, behindMs } = options.tolerates ?? { aheadMs: 1_000, behindMs: 2_500 };
    inRange("tolerates.aheadMs", aheadMs, 0.001, 86_400_000);
    inRange("tolerates.behindMs", behindMs, 0.001, 86_400_000);
    this.#tolerates = { aheadMs, behindMs };
    this.#clock = options.clock;
  }

  nowUs(): number {
    if (this.#time === undefined) return this.#clock.nowUs();
    // Sums of floats may round a microsecond back where one stretch ends and the next begins.
    this.#toldUs = Math.max(this.#toldUs, Math.floor(tellUs(this.#time, this.#clock.monotonicNs())));
    return this.#toldUs;
  }

  nowMs(): number {
    return Math.floor(this.nowUs() / 1000);
  }

  async start(signal?: AbortSignal): Promise<void> {
    if (this.#isRunning) return;
    await this.#measured(signal);
    if (this.#isRunning) return; // another caller's
    this.#isRunning = true;
    void this.#run();
  }

  async resync(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#clock.monotonicNs() - this.#measuredNs >= MIN_GAP_NS) await this.#measured(signal);
    this.#stepBeyondTolerance();
  }

  async close(): Promise<void> {
    this.#stop.abort(new NetworkError("the venue clock was closed", { outcome: "unsent" }));
  }

  #measured(signal: AbortSignal | undefined): Promise<void> {
    const measure = () => this.#measure();
    const all = this.#flights.run("measure", measure); // without a signal: nobody's abort ends what others wait for
    all.catch(() => {});
    return signal === undefined ? all : this.#flights.run("measure", measure, signal);
  }

  async #measure(): Promise<void> {
    const { signal } = this.#stop;
    let best: Probe | undefined;
    let failure: unknown;
    for (let i = 0; i < this.#probes; i++) {
      try {
        const probe = await this.#probe(signal);
        if (best === undefined || probe.roundTripNs < best.roundTripNs) best = probe;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof RequestError)) throw error;
        failure = error;
      }
    }
    if (best === undefined) throw failure;
    this.#take(best);
  }

  async #probe(signal: AbortSignal): Promise<Probe> {
    signal.throwIfAborted();
    const sentNs = this.#clock.monotonicNs();
    const serverUs = await this.#options.readServerTimeUs(signal);
    const roundTripNs = this.#clock.monotonicNs() - sentNs;
    signal.throwIfAborted();
    if (!Number.isSafeInteger(Math.round(serverUs)) || serverUs <= 0) {
      throw new ProtocolError(`the venue's time must be microseconds since the epoch, got ${String(serverUs)}`);
    }
    return { midNs: sentNs + roundTripNs / 2, serverUs, roundTripNs };
  }

  #take({ midNs, serverUs, roundTripNs }: Probe): void {
    const nowNs = this.#clock.monotonicNs();
    const trueUs = serverUs + (nowNs - midNs) / 1000;
    this.#time = this.#time === undefined ? settledTime(nowNs, trueUs) : slewTowards(this.#time, nowNs, trueUs);
    this.#measuredTime = settledTime(nowNs, trueUs);
    this.#measuredNs = nowNs;
    const offsetUs = Math.round(trueUs - this.#clock.nowUs());
    this.#options.events.emit("clockMeasured", { offsetUs, roundTripUs: Math.round(roundTripNs / 1000) });
  }

  #stepBeyondTolerance(): void {
    const { aheadMs, behindMs } = this.#tolerates;
    const nowNs = this.#clock.monotonicNs();
    const trueUs = Math.floor(tellUs(this.#measuredTime, nowNs));
    const steppedUs = trueUs - this.nowUs();
    if (steppedUs >= -aheadMs * 1000 && steppedUs <= behindMs * 1000) return;
    this.#time = settledTime(nowNs, trueUs);
    this.#toldUs = trueUs;
    this.#options.events.emit("clockStepped", { steppedUs });
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#clock.sleep(failures === 0 ? this.#intervalMs : Math.min(RETRY_MS, this.#intervalMs), signal);
        await this.#measured(undefined);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        this.#tellRetry(error, failures);
      }
    }
  }

  #tellRetry(cause: unknown, attempt: number): void {
    const error =
      cause instanceof RequestError
        ? cause
        : new NetworkError("the venue's time was not read", { outcome: "unsent", cause });
    const delayMs = Math.min(RETRY_MS, this.#intervalMs);
    this.#options.events.emit("retried", { call: "server time", attempt, delayMs, error });
  }
}
