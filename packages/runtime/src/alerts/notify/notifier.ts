import type { Clock, Random } from "@pitlane/perf";
import type { AlertDesk } from "../desk.ts";
import type { Alert } from "../rules.ts";
import { Courier } from "./courier.ts";
import { digest, nextRepeatMs, type Told } from "./digest.ts";
import type { AlertSink } from "./sink.ts";

export interface NotifierOptions {
  readonly desk: Pick<AlertDesk, "active" | "onChange">;
  readonly sinks: readonly AlertSink[];
  /** Id of the session's run, for the messages. */
  readonly run: string;
  /** Changes within this time of the first go out together, milliseconds. */
  readonly groupMs: number;
  /** An unacknowledged alert is told again after this, milliseconds; 0 for never. */
  readonly repeatMs: number;
  readonly clock: Clock;
  readonly random: Pick<Random, "next">;
  /** Told when a sink does not take its messages; without secrets. */
  readonly onFault: (message: string) => void;
}

/** How long the close waits for messages under way. */
const CLOSE_MS = 5000;

/**
 * Tells sinks of a desk's alerts: gathered, each difference once, again while nobody acknowledges, and when they are over.
 *
 *     desk -> per sink: what changed within `groupMs` -> digest -> queue of 100 -> attempts with backoff -> sink
 *
 * Each sink has its own queue and its own memory of what it was told: one that fails holds up no other, and no trading.
 *
 * @example
 * const notifier = new Notifier({ desk, sinks, run: run.id, groupMs: 5000, repeatMs: 3_600_000, clock, random, onFault });
 * // ...
 * await notifier.close(); // what is gathered goes out
 */
export class Notifier {
  readonly #outboxes: readonly Outbox[];
  readonly #stop: () => void;

  constructor(options: NotifierOptions) {
    this.#outboxes = options.sinks.map((sink, index) => new Outbox(sink, index, options));
    this.#stop = options.desk.onChange((alert) => {
      for (const outbox of this.#outboxes) outbox.change(alert);
    });
  }

  /** Sends what is gathered, waits up to 5 s for what is under way, and closes the sinks. May be called again. */
  async close(): Promise<void> {
    this.#stop();
    await Promise.all(this.#outboxes.map((outbox) => outbox.close()));
  }
}

/** One sink's share. */
class Outbox {
  readonly #sink: AlertSink;
  readonly #index: number;
  readonly #options: NotifierOptions;
  readonly #courier: Courier;
  readonly #groupMs: number;
  readonly #repeatMs: number;
  readonly #changed = new Map<string, Alert>();
  #told: ReadonlyMap<string, Told> = new Map();
  #groupDueMs = Number.POSITIVE_INFINITY;
  #messages = 0;
  #timer: AbortController | undefined;
  #closed: Promise<void> | undefined;

  constructor(sink: AlertSink, index: number, options: NotifierOptions) {
    const { clock, random, onFault, groupMs, repeatMs } = options;
    this.#sink = sink;
    this.#index = index;
    this.#options = options;
    this.#courier = new Courier({ sink, clock, random, onFault });
    this.#groupMs = sink.isGrouped ? groupMs : 0;
    this.#repeatMs = repeatMs === 0 ? Number.POSITIVE_INFINITY : repeatMs;
  }

  change(alert: Alert): void {
    if (this.#closed !== undefined) return;
    this.#changed.set(alert.id, alert);
    this.#groupDueMs = Math.min(this.#groupDueMs, this.#nowMs + this.#groupMs);
    if (this.#groupMs === 0) this.#flush();
    else this.#arm();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#timer?.abort();
    this.#send();
    await this.#courier.close(CLOSE_MS);
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicNs() / 1e6;
  }

  #flush(): void {
    this.#send();
    this.#arm();
  }

  #send(): void {
    const { desk, run, clock } = this.#options;
    const { least } = this.#sink;
    const changed = [...this.#changed.values()];
    this.#changed.clear();
    this.#groupDueMs = Number.POSITIVE_INFINITY;
    const { items, told } = digest({ told: this.#told, changed, least, repeatMs: this.#repeatMs, nowMs: this.#nowMs });
    this.#told = told;
    if (items.length === 0) return;
    // A repeat shows what the value is by now.
    const active = new Map(desk.active.map((alert) => [alert.id, alert]));
    const current = items.map(({ news, alert }) => ({ news, alert: active.get(alert.id) ?? alert }));
    this.#messages++;
    this.#courier.take({ id: `${run}-${this.#index}-${this.#messages}`, run, atUs: clock.nowUs(), items: current });
  }

  /** Sleeps until the group is complete or a repeat is due, whichever is first. */
  #arm(): void {
    this.#timer?.abort();
    const dueMs = Math.min(this.#groupDueMs, nextRepeatMs(this.#told, this.#sink.least, this.#repeatMs));
    if (dueMs === Number.POSITIVE_INFINITY) return;
    const timer = new AbortController();
    this.#timer = timer;
    void this.#options.clock.sleep(Math.max(0, dueMs - this.#nowMs), timer.signal).then(
      () => this.#flush(),
      () => {}, // armed anew, or closed
    );
  }
}
