import { type BusEvent, CONFLATED, type EventKind, LANE_OF, type LaneName } from "./events.ts";
import { Lane, type LaneCounters } from "./lane.ts";

export interface BusOptions {
  /** Given every event, in order of lane and time, with the monotonic time it was published at. Must not throw. */
  readonly dispatch: (event: BusEvent, queuedNs: number) => void;
  /** Runs `task` after pending input and output had their turn: `setImmediate` in a program. */
  readonly defer: (task: () => void) => void;
  /** Told when a lane is over its bound, once per lane and drain. */
  readonly onOverflow: (lane: LaneName, depth: number) => void;
  /** Events a lane holds before its policy applies; default 10,000. */
  readonly capacity?: number;
  /** Events dispatched before input and output get a turn; default 100. */
  readonly batch?: number;
}

const KEYS: Readonly<Record<EventKind, number>> = {
  report: 0,
  order: 1,
  fill: 2,
  gap: 3,
  resync: 4,
  quote: 5,
  book: 6,
  trade: 7,
};
const KINDS = 8;

// Shares of a batch: critical and high go first and whole; then ten normal for each low, so that low is late but never starved.
const NORMAL_PER_LOW = 10;

/**
 * The event bus: four lanes, one synchronous dispatcher.
 *
 * `publish` only queues. `drain` dispatches: everything critical, then everything high, then normal and low ten to one. What
 * handlers publish is dispatched by the same drain. After a batch it yields to the event loop, so that a flood of market data cannot keep
 * a fill waiting on a socket.
 *
 * Delivery: in order within a lane. Critical and high never drop; normal and low give up their oldest when over the
 * bound, counted. Quotes and books of one instrument are conflated while they wait: the newest is delivered.
 *
 * @example
 * const bus = new Bus({ dispatch, defer: (task) => setImmediate(task), onOverflow });
 * bus.publish(quote, instrumentIndex, clock.monotonicNs());
 * bus.drain();
 */
export class Bus {
  readonly #lanes: Readonly<Record<LaneName, Lane<BusEvent>>>;
  readonly #dispatch: (event: BusEvent, queuedNs: number) => void;
  readonly #defer: (task: () => void) => void;
  readonly #onOverflow: (lane: LaneName, depth: number) => void;
  readonly #batch: number;
  readonly #overflowed = new Set<LaneName>();
  #draining = false;
  #deferred = false;
  #sinceLow = 0;
  #queuedNs = 0; // of the event that #next returned last

  constructor({ dispatch, defer, onOverflow, capacity = 10_000, batch = 100 }: BusOptions) {
    this.#dispatch = dispatch;
    this.#defer = defer;
    this.#onOverflow = onOverflow;
    this.#batch = batch;
    this.#lanes = {
      critical: new Lane({ capacity, whenFull: "keep" }),
      high: new Lane({ capacity, whenFull: "keep" }),
      normal: new Lane({ capacity, whenFull: "dropOldest" }),
      low: new Lane({ capacity, whenFull: "dropOldest" }),
    };
  }

  /**
   * Queues an event.
   *
   * @param instrumentIndex Small number of its instrument: conflation is per instrument and kind.
   * @param nowNs Monotonic time of this call, for latencies.
   */
  publish(event: BusEvent, instrumentIndex: number, nowNs: number): void {
    const name = LANE_OF[event.kind];
    const lane = this.#lanes[name];
    const key = CONFLATED.has(event.kind) ? instrumentIndex * KINDS + KEYS[event.kind] : -1;
    if (!lane.push(event, key, nowNs) && !this.#overflowed.has(name)) {
      this.#overflowed.add(name);
      this.#onOverflow(name, lane.depth);
    }
  }

  /** Dispatches what waits, one batch now and the rest deferred. A call from inside a handler returns at once. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let left = this.#batch; left > 0; left--) {
        const event = this.#next();
        if (event === undefined) break;
        this.#dispatch(event, this.#queuedNs);
      }
    } finally {
      this.#draining = false;
    }
    if (this.depth > 0) this.#continueLater();
    else this.#overflowed.clear();
  }

  /** Events waiting in all lanes. */
  get depth(): number {
    const { critical, high, normal, low } = this.#lanes;
    return critical.depth + high.depth + normal.depth + low.depth;
  }

  counters(): Readonly<Record<LaneName, Readonly<LaneCounters>>> {
    const { critical, high, normal, low } = this.#lanes;
    return {
      critical: { ...critical.counters },
      high: { ...high.counters },
      normal: { ...normal.counters },
      low: { ...low.counters },
    };
  }

  #next(): BusEvent | undefined {
    const { critical, high, normal, low } = this.#lanes;
    if (critical.depth > 0) return this.#shift(critical);
    if (high.depth > 0) return this.#shift(high);
    if (low.depth > 0 && (this.#sinceLow >= NORMAL_PER_LOW || normal.depth === 0)) {
      this.#sinceLow = 0;
      return this.#shift(low);
    }
    this.#sinceLow++;
    return this.#shift(normal);
  }

  #shift(lane: Lane<BusEvent>): BusEvent | undefined {
    const event = lane.shift();
    this.#queuedNs = lane.lastQueuedNs;
    return event;
  }

  #continueLater(): void {
    if (this.#deferred) return;
    this.#deferred = true;
    this.#defer(() => {
      this.#deferred = false;
      this.drain();
    });
  }
}
