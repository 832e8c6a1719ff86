import type { Clock } from "@pitlane/perf";
import { CircuitBreaker } from "@pitlane/perf/flow";
import type { ClientEmitter } from "../client-events.ts";
import type { Endpoint, EndpointChoice } from "./endpoints.ts";
import { type Probe, Prober } from "./prober.ts";
import {
  afterFailure,
  afterSuccess,
  type ChallengeRules,
  costOf,
  nextWins,
  type Score,
  type ScoreRules,
  UNKNOWN,
} from "./score.ts";

export interface ServiceRules extends ChallengeRules {
  readonly probeEveryMs: number;
  readonly probeTimeoutMs: number;
  readonly downProbeMs: number;
  readonly consecutiveErrors: number;
}

export interface ServiceRegionsOptions {
  readonly service: string;
  /** At least one. */
  readonly endpoints: readonly Endpoint[];
  /** Undefined for a single endpoint. */
  readonly probe: Probe | undefined;
  readonly rules: ServiceRules;
  readonly events: Pick<ClientEmitter, "emit"> | undefined;
  readonly clock: Pick<Clock, "monotonicNs" | "sleep">;
}

/** What is known of an endpoint. */
export interface EndpointStatus {
  readonly endpoint: Endpoint;
  /** Calls go here now. */
  readonly isPresent: boolean;
  readonly isDown: boolean;
  /** Smoothed, in milliseconds; NaN before the first. */
  readonly latencyMs: number;
  /** Smoothed, 0 to 1. */
  readonly errorRate: number;
}

const LEAST_PROBE_TIMEOUT_MS = 250;
const STEADY_NS = 30e9; // an endpoint that was well for this long has its past forgiven

interface State {
  readonly endpoint: Endpoint;
  readonly breaker: CircuitBreaker;
  score: Score;
  wins: number; // in a row, against the present one
  isSuspect: boolean; // the next probe that fails brings it down
  isDue: boolean; // for a probe, now
  reason: string; // why it is going down, while it is told
  upNs: number; // since when it is well
  restMs: number; // until the next probe, while it is down
  prober: Prober | undefined;
}

/** The choice among the endpoints of one service: see `createRegions`, which makes it and has checked its rules. */
export class ServiceRegions implements EndpointChoice {
  readonly #options: ServiceRegionsOptions;
  readonly #scoreRules: ScoreRules;
  readonly #states: ReadonlyMap<Endpoint, State>;
  readonly #listeners = new Set<(endpoint: Endpoint, reason: string) => void>();
  #present: State;
  #isStarted = false;

  constructor(options: ServiceRegionsOptions) {
    this.#options = options;
    this.#scoreRules = { alpha: 0.2, staleNs: 60 * options.rules.probeEveryMs * 1e6 };
    const states = options.endpoints.map((endpoint) => this.#createState(endpoint));
    this.#states = new Map(states.map((state) => [state.endpoint, state]));
    this.#present = states[0] as State;
  }

  pick(exclude?: ReadonlySet<Endpoint>): Endpoint {
    if (!this.#isStarted) this.#start();
    const present = this.#present;
    const isWell = present.breaker.state === "closed";
    if (isWell && exclude?.has(present.endpoint) !== true) return present.endpoint;
    const best = this.#best(exclude);
    if (best === undefined) return this.#givenUp(exclude) ?? present.endpoint;
    if (!isWell) this.#moveTo(best, `${present.endpoint.url} is down`);
    return best.endpoint;
  }

  succeeded(endpoint: Endpoint, latencyMs: number): void {
    const state = this.#states.get(endpoint);
    if (state === undefined) return;
    const ticket = state.breaker.tryEnter();
    if (ticket !== 0) state.breaker.succeeded(ticket);
    // Probes are like each other and calls are not: where there are probes, a call tells only that it did not fail.
    if (this.#options.probe === undefined) this.#scored(state, latencyMs);
    else if (state.score.errorRate > 0.001) this.#scored(state, state.score.latencyMs);
  }

  failed(endpoint: Endpoint, error: Error): void {
    const state = this.#states.get(endpoint);
    if (state === undefined) return;
    this.#count(state, error);
    this.suspect(endpoint);
  }

  suspect(endpoint: Endpoint): void {
    const state = this.#states.get(endpoint);
    if (state === undefined || state.isSuspect || state.breaker.state !== "closed") return;
    state.isSuspect = true;
    state.isDue = true;
    state.prober?.wake();
  }

  onDown(listener: (endpoint: Endpoint, reason: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  status(): readonly EndpointStatus[] {
    return Array.from(this.#states.values(), (state) => ({
      endpoint: state.endpoint,
      isPresent: state === this.#present,
      isDown: !this.#isUp(state),
      latencyMs: state.score.latencyMs,
      errorRate: state.score.errorRate,
    }));
  }

  /** Ends the probes; none begins any more. */
  async close(): Promise<void> {
    this.#isStarted = true;
    await Promise.all(Array.from(this.#states.values(), ({ prober }) => prober?.close()));
  }

  #createState(endpoint: Endpoint): State {
    const { probe, rules, clock } = this.#options;
    const breaker = new CircuitBreaker({
      consecutiveErrors: rules.consecutiveErrors,
      // Probes, which alone try an endpoint that is down, come later than this; without them it is when a call may try.
      openMs: probe === undefined ? rules.probeEveryMs : rules.downProbeMs / 2,
      onChange: (to, from) => {
        if (from === "closed") this.#wentDown(state);
        else if (to === "closed") this.#cameUp(state);
      },
      clock,
    });
    const state: State = {
      endpoint,
      breaker,
      score: UNKNOWN,
      wins: 0,
      isSuspect: false,
      isDue: false,
      reason: "",
      upNs: Number.NEGATIVE_INFINITY,
      restMs: rules.downProbeMs,
      prober: undefined,
    };
    return state;
  }

  #start(): void {
    this.#isStarted = true;
    const { probe, clock } = this.#options;
    if (probe === undefined) return;
    for (const state of this.#states.values()) {
      state.prober = new Prober({
        endpoint: state.endpoint,
        probe,
        timeoutMs: () => this.#probeTimeoutMs(state),
        restMs: () => this.#restMs(state),
        onSuccess: (latencyMs) => this.#probedWell(state, latencyMs),
        onFailure: (error) => this.#probedBadly(state, error),
        clock,
      });
    }
  }

  #probeTimeoutMs({ score }: State): number {
    const { probeTimeoutMs } = this.#options.rules;
    if (Number.isNaN(score.latencyMs)) return probeTimeoutMs;
    return Math.min(probeTimeoutMs, Math.max(LEAST_PROBE_TIMEOUT_MS, 4 * score.latencyMs)); // TLS takes three round trips more
  }

  #restMs(state: State): number {
    if (state.isDue) return 0;
    return state.breaker.state === "closed" ? this.#options.rules.probeEveryMs : state.restMs;
  }

  #probedWell(state: State, latencyMs: number): void {
    state.isSuspect = false;
    state.isDue = false;
    const ticket = state.breaker.tryEnter();
    if (ticket !== 0 && state.breaker.state !== "closed") state.breaker.succeeded(ticket);
    this.#scored(state, latencyMs);
  }

  #probedBadly(state: State, error: Error): void {
    const wasSuspect = state.isSuspect;
    state.isDue = false;
    if (state.breaker.state !== "closed") {
      this.#count(state, error);
      state.restMs = Math.min(2 * state.restMs, this.#options.rules.probeEveryMs);
    } else if (wasSuspect) {
      this.#count(state, error);
      while (state.breaker.state === "closed") state.breaker.failed(state.breaker.tryEnter()); // it opens by failures in a row
    } else {
      this.#count(state, error);
      this.suspect(state.endpoint); // one lost probe is no proof
    }
  }

  #count(state: State, error: Error): void {
    state.score = afterFailure(state.score, this.#options.clock.monotonicNs(), this.#scoreRules);
    state.wins = 0;
    state.reason = error.message;
    const ticket = state.breaker.tryEnter();
    if (ticket !== 0) state.breaker.failed(ticket);
  }

  #scored(state: State, latencyMs: number): void {
    const nowNs = this.#options.clock.monotonicNs();
    const { rules } = this.#options;
    state.score = afterSuccess(state.score, latencyMs, nowNs, this.#scoreRules);
    const present = this.#present;
    if (state === present || !this.#isUp(state) || !this.#isUp(present)) return;
    const cost = costOf(state.score, nowNs, this.#scoreRules);
    const presentCost = costOf(present.score, nowNs, this.#scoreRules);
    state.wins = nextWins(state.wins, cost, presentCost, rules);
    if (state.wins >= rules.samples)
      this.#moveTo(state, `it costs ${cost.toFixed(1)} instead of ${presentCost.toFixed(1)} ms`);
  }

  #wentDown(state: State): void {
    if (this.#states.size === 1) return; // there is nowhere to go
    const { service, rules, events, clock } = this.#options;
    const { region, url } = state.endpoint;
    const isRelapse = clock.monotonicNs() - state.upNs < STEADY_NS;
    state.restMs = isRelapse ? Math.min(2 * state.restMs, rules.probeEveryMs) : rules.downProbeMs;
    state.isSuspect = false;
    state.isDue = false;
    state.prober?.wake();
    events?.emit("endpointDown", { service, region, url, reason: state.reason });
    if (state === this.#present) {
      const best = this.#best(undefined);
      if (best !== undefined) this.#moveTo(best, state.reason);
    }
    for (const listener of this.#listeners) listener(state.endpoint, state.reason);
  }

  #cameUp(state: State): void {
    if (this.#states.size === 1) return;
    const { service, events, clock } = this.#options;
    const { region, url } = state.endpoint;
    state.upNs = clock.monotonicNs();
    events?.emit("endpointUp", { service, region, url });
  }

  #moveTo(state: State, reason: string): void {
    const { service, events } = this.#options;
    const from = this.#present.endpoint.region;
    const to = state.endpoint.region;
    this.#present = state;
    for (const other of this.#states.values()) other.wins = 0;
    if (from !== to) events?.emit("regionChanged", { service, from, to, reason });
  }

  /** The cheapest one that is well and not excluded; of equal ones the first. */
  #best(exclude: ReadonlySet<Endpoint> | undefined): State | undefined {
    const nowNs = this.#options.clock.monotonicNs();
    let best: State | undefined;
    let leastCost = Number.POSITIVE_INFINITY;
    for (const state of this.#states.values()) {
      if (!this.#isUp(state) || exclude?.has(state.endpoint) === true) continue;
      const cost = costOf(state.score, nowNs, this.#scoreRules);
      if (best !== undefined && cost >= leastCost) continue;
      best = state;
      leastCost = cost;
    }
    return best;
  }

  /**
   * Where none is well and there are no probes, only trying finds one that is well again: each has its turn, the one that may be tried
   * soonest first. It is no choice, and told to nobody, until it has gone well there.
   */
  #givenUp(exclude: ReadonlySet<Endpoint> | undefined): Endpoint | undefined {
    const isTried = exclude?.has(this.#present.endpoint) === true;
    if (this.#options.probe !== undefined || !isTried || this.#best(undefined) !== undefined) return undefined;
    let soonest: State | undefined;
    for (const state of this.#states.values()) {
      if (exclude.has(state.endpoint)) continue;
      if (soonest === undefined || state.breaker.retryAfterMs < soonest.breaker.retryAfterMs) soonest = state;
    }
    return soonest?.endpoint;
  }

  /** Calls may go there. Without a probe nobody but a call can find out that an endpoint is well again. */
  #isUp({ breaker }: State): boolean {
    return breaker.state === "closed" || (this.#options.probe === undefined && breaker.retryAfterMs === 0);
  }
}
