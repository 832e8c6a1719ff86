import type { Clock, Random } from "@pitlane/perf";
import { MetricsRegistry } from "@pitlane/perf/metrics";
import type { HookEntry } from "../hooks/kinds.ts";
import { reasonOf } from "./errors.ts";
import { ScopeParts } from "./parts.ts";
import { ScopeRandom } from "./scope-random.ts";
import type { VoteEntry } from "./services.ts";
import type { Json } from "./state.ts";
import { ScopeTimers, type TimersRecord } from "./timers.ts";

export interface ScopeOptions {
  readonly name: string;
  /** Index of the plugin in its session. */
  readonly owner: number;
  /** Time of the present input, microseconds since the epoch. */
  readonly nowUs: () => number;
  /** For `sleep` of what works beside the hooks. */
  readonly clock: Pick<Clock, "sleep">;
  /** Of this run and plugin. */
  readonly random: Random;
  /** Whether the plugin's caches keep anything. Default true. */
  readonly caches?: boolean;
  /** Told of a part that failed to close. */
  readonly onFault: (message: string) => void;
}

/** What a scope holds: all zero once it is closed. */
export interface ScopeCounts {
  readonly hooks: number;
  readonly votes: number;
  readonly timers: number;
  readonly provided: number;
  readonly closers: number;
  readonly knobs: number;
  readonly keys: number;
}

/** State of a scope apart from what the plugin's own `snapshot` gives. */
export interface ScopeRecord {
  readonly keys: Readonly<Record<string, Json>>;
  readonly timers: TimersRecord;
  readonly randomEpoch: number;
}

/** Everything one plugin has made. It all goes when the scope closes, in reverse order. */
export class Scope {
  readonly name: string;
  readonly owner: number;
  readonly clock: Clock;
  readonly random: ScopeRandom;
  readonly timers: ScopeTimers;
  readonly metrics: MetricsRegistry;
  readonly parts: ScopeParts;
  readonly keys = new Map<string, Json>();
  readonly hooks: HookEntry[] = [];
  readonly votes: VoteEntry[] = [];
  readonly provided = new Map<string, unknown>();
  /** True until setup has ended: registrations are taken. */
  isRegistering = true;
  readonly #closers: (() => void | Promise<void>)[] = [];
  readonly #stop = new AbortController();
  readonly #onFault: (message: string) => void;
  #closing: Promise<void> | undefined;

  constructor({ name, owner, nowUs, clock, random, caches = true, onFault }: ScopeOptions) {
    this.name = name;
    this.owner = owner;
    this.#onFault = onFault;
    const startUs = nowUs();
    this.clock = {
      nowUs,
      monotonicNs: () => (nowUs() - startUs) * 1000,
      sleep: (ms, signal) => clock.sleep(ms, signal),
    };
    this.random = new ScopeRandom(random);
    this.timers = new ScopeTimers(nowUs);
    this.metrics = new MetricsRegistry({ clock: this.clock });
    this.parts = new ScopeParts(name, this.clock, (close) => this.onClose(close), caches);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  onClose(close: () => void | Promise<void>): void {
    this.#closers.push(close);
  }

  counts(): ScopeCounts {
    return {
      hooks: this.hooks.length,
      votes: this.votes.length,
      timers: this.timers.count,
      provided: this.provided.size,
      closers: this.#closers.length,
      knobs: this.parts.knobs.length,
      keys: this.keys.size,
    };
  }

  /** Ends timers and registrations at once and the rest in reverse order; resolves when all is closed. Faults are told, and stop nothing. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.isRegistering = false;
    this.timers.clearAll();
    this.hooks.length = 0;
    this.votes.length = 0;
    this.provided.clear();
    this.parts.clear();
    this.#stop.abort();
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) {
      try {
        await close();
      } catch (error) {
        this.#onFault(`closing failed: ${reasonOf(error)}`);
      }
    }
    this.keys.clear();
  }
}
