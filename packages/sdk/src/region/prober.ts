import type { Clock } from "@pitlane/perf";
import { NetworkError, TimeoutError, VenueUnavailableError } from "../errors.ts";
import { HttpCall, type Send } from "../transport/transport.ts";
import type { Endpoint } from "./endpoints.ts";

/** Asks an endpoint whether it is well; rejects when it is not. The signal aborts when nobody waits for the answer any more. */
export type Probe = (endpoint: Endpoint, signal: AbortSignal) => Promise<void>;

/**
 * A probe by a GET: any answer is a sign of life, but those of status 500 and above.
 *
 * Give it pools of its own: in those of the calls it would wait behind them for a socket, and a busy endpoint would look like a dead one.
 *
 * @param send The `send` of pools, without layers.
 * @param path Something small: `/api/v3/ping`.
 * @example
 * const probePools = createPools({ connections: 1, clock });
 * const regions = createRegions({ endpoints, probes: { rest: httpProbe(probePools.send, "/api/v3/ping") }, clock });
 */
export function httpProbe(send: Send, path: string): Probe {
  return async (endpoint, signal) => {
    const call = new HttpCall({ method: "GET", path, isRead: true, signal });
    call.begin(endpoint.url);
    const { status } = await send(call);
    if (status < 500) return;
    throw new VenueUnavailableError(`${call.what} at ${endpoint.url}: HTTP ${status}`, { status, venueText: "" });
  };
}

export interface ProberOptions {
  readonly endpoint: Endpoint;
  readonly probe: Probe;
  /** Limit for the next probe, in milliseconds. */
  readonly timeoutMs: () => number;
  /** How long to rest now, in milliseconds; 0 to probe at once. Asked again whenever `wake` is called. */
  readonly restMs: () => number;
  readonly onSuccess: (latencyMs: number) => void;
  readonly onFailure: (error: Error) => void;
  readonly clock: Pick<Clock, "monotonicNs" | "sleep">;
}

/**
 * Probes one endpoint again and again, one probe at a time, with rests that others may cut short.
 *
 * A probe that seems to take too long because this process was held up says nothing: it is made again.
 */
export class Prober {
  readonly #options: ProberOptions;
  #alarm: AbortController | undefined; // ends the present rest
  #stop: AbortController | undefined; // ends the present probe
  #isClosed = false;
  readonly #ended: Promise<void>;

  /** Probes at once. */
  constructor(options: ProberOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  /** Makes it ask anew how long to rest. During a probe it does nothing: that is asked after each anyway. */
  wake(): void {
    this.#alarm?.abort();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#alarm?.abort();
    this.#stop?.abort(new Error("closed"));
    return this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      await this.#probe();
      while (!this.#isClosed && !(await this.#rest()));
    }
  }

  /** False when it was woken before its time. */
  async #rest(): Promise<boolean> {
    const { restMs, clock } = this.#options;
    const ms = restMs();
    if (ms === 0) return true;
    const alarm = new AbortController();
    this.#alarm = alarm;
    try {
      await clock.sleep(ms, alarm.signal);
      return true;
    } catch (error) {
      if (alarm.signal.aborted) return false;
      throw error;
    } finally {
      this.#alarm = undefined;
    }
  }

  async #probe(): Promise<void> {
    const { endpoint, probe, timeoutMs, onSuccess, onFailure, clock } = this.#options;
    const stop = new AbortController();
    this.#stop = stop;
    const limitMs = timeoutMs();
    const startedNs = clock.monotonicNs();
    let elapsedMs = 0;
    const stopped = new Promise<never>((_, reject) => {
      stop.signal.addEventListener("abort", () => reject(stop.signal.reason), { once: true });
    });
    const outOfTime = clock.sleep(limitMs, stop.signal).then(
      async () => {
        elapsedMs = (clock.monotonicNs() - startedNs) / 1e6;
        await new Promise(setImmediate); // an answer that came while this process was busy is read before that
        stop.abort(
          new TimeoutError(`${endpoint.url} did not answer a probe in ${Math.round(limitMs)} ms`, {
            outcome: "unknown",
          }),
        );
      },
      () => {}, // the probe was faster, or is not waited for any more
    );
    try {
      await Promise.race([stopped, probe(endpoint, stop.signal)]);
      onSuccess((clock.monotonicNs() - startedNs) / 1e6);
    } catch (error) {
      if (this.#isClosed || elapsedMs > limitMs * 1.5 + 50) return; // the latter: nothing was read in that time, so nothing is known
      onFailure(error instanceof Error ? error : new NetworkError(String(error), { outcome: "unknown" }));
    } finally {
      stop.abort();
      this.#stop = undefined;
      await outOfTime;
    }
  }
}
