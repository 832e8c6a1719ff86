import { type Clock, integerInRange } from "@pitlane/perf";
import { type BusCounters, type EventCounters, type LaneCounters, toCounters, type Waiting } from "./counters.ts";
import { type BusEvent, type EventDefinition, type EventKind, LANES, type LaneName } from "./events.ts";
import { EventKinds } from "./kinds.ts";
import { type Dispatch, Lane, type LaneOptions, REFUSED, TAKEN } from "./lane.ts";
import { LaneKind } from "./lane-kind.ts";

/** How the lanes are when nothing else is said. */
const LANE_DEFAULTS: Readonly<Record<LaneName, LaneOptions>> = {
  critical: { capacity: 10_000, whenFull: "keep", deadlineMs: 10 },
  high: { capacity: 10_000, whenFull: "keep", deadlineMs: 50 },
  normal: { capacity: 10_000, whenFull: "dropOldest", deadlineMs: 200 },
  low: { capacity: 10_000, whenFull: "dropOldest", deadlineMs: Number.POSITIVE_INFINITY },
};

const DEFAULT_BATCH = 100;

// Of a batch, ten events from the normal lane for each from the low one.
const NORMAL_PER_LOW = 10;

export interface BusOptions {
  /** Given every event. Must not throw. */
  readonly dispatch: Dispatch<BusEvent>;
  /**
   * Asks for one more call of `drain` after pending input and output had their turn. Asked after every drain that leaves something: one
   * call on its way is enough.
   */
  readonly defer: () => void;
  /** Told when a lane is over its bound, once per lane until the bus is empty. */
  readonly onOverflow: (lane: LaneName, depth: number) => void;
  /** Told of each event given up by a full lane, when the one that it made room for is queued. */
  readonly onDrop?: (event: BusEvent, instrumentIndex: number) => void;
  /** Told once when a lane that refused events is half empty again: what was refused can be published now. */
  readonly onRoom?: (lane: LaneName) => void;
  /** The kinds there are; the runtime's own when left out. Shared with the dispatcher, so that both have the same numbers. */
  readonly kinds?: EventKinds;
  /** Events each lane holds before its policy applies; default 10,000. */
  readonly capacity?: number;
  /** What is other than in `LANE_DEFAULTS`. */
  readonly lanes?: Readonly<Partial<Record<LaneName, Partial<LaneOptions>>>>;
  /** Normal and low events dispatched before input and output get a turn; 1 to 1,000,000, default 100. */
  readonly batch?: number;
  /** Counts missed deadlines, and gives `dispatch` the time: one reading an event. Nothing is decided by it. */
  readonly clock?: Pick<Clock, "monotonicNs">;
}

/**
 * The event bus: four lanes, one synchronous dispatcher.
 *
 * `publish` only queues; `drain` dispatches. The more urgent lane always goes first, and what handlers publish takes its place among what
 * waits. One drain dispatches
 *
 *     critical, high   all that waited at its start and up to a batch more each
 *     normal, low      a batch together, ten to one while both wait
 *
 * and then lets input and output have a turn, so a flood of market data cannot keep a fill waiting on a socket, and what is urgent waits
 * for one turn at most. Every lane gets its share of every drain: none starves.
 *
 * The low lane waits until a batch of it is there or `flushLow` is called.
 *
 * Delivery: in order within a lane. Critical and high never drop; normal and low give up their oldest when over the bound, counted and
 * told. Quotes and books of one instrument are conflated while they wait: the newest is delivered, never across a gap or resync.
 *
 * What is dispatched when follows from the sequence of calls alone, whatever the time: the same calls give the same dispatches.
 *
 * @example
 * const bus = new Bus({ dispatch, defer: () => setImmediate(() => bus.drain()), onOverflow });
 * bus.publish(quote, instrumentIndex, clock.monotonicNs());
 * bus.drain();
 */
export class Bus {
  readonly #kinds: EventKinds;
  readonly #laneKinds: LaneKind[] = []; // by number of kind
  readonly #byName = new Map<string, LaneKind>();
  readonly #lanes: Readonly<Record<LaneName, Lane<BusEvent>>>;
  readonly #critical: Lane<BusEvent>;
  readonly #high: Lane<BusEvent>;
  readonly #normal: Lane<BusEvent>;
  readonly #low: Lane<BusEvent>;
  readonly #dispatch: Dispatch<BusEvent>;
  readonly #defer: () => void;
  readonly #onOverflow: (lane: LaneName, depth: number) => void;
  readonly #clock: Pick<Clock, "monotonicNs"> | undefined;
  readonly #batch: number;
  readonly #overflowed = new Set<LaneName>();
  #isDraining = false;
  #sinceLow = 0; // normal events dispatched since a low one was

  /** @throws {InvalidInputError} When an option is out of range. */
  constructor(options: BusOptions) {
    const {
      dispatch,
      defer,
      onOverflow,
      onDrop,
      onRoom,
      kinds,
      capacity,
      lanes,
      batch = DEFAULT_BATCH,
      clock,
    } = options;
    this.#dispatch = dispatch;
    this.#defer = defer;
    this.#onOverflow = onOverflow;
    this.#clock = clock;
    this.#batch = integerInRange("batch", batch, 1, 1e6);
    const lane = (name: LaneName): Lane<BusEvent> =>
      new Lane({
        releaseAt: name === "low" ? batch : 0,
        onDrop: (event, instrumentIndex) => onDrop?.(event, instrumentIndex),
        onRoom: () => onRoom?.(name),
        // Last: fields after a spread would have V8 11 make a class of objects for each lane of each bus, and look them all up at each event.
        ...LANE_DEFAULTS[name],
        ...(capacity === undefined ? {} : { capacity }),
        ...lanes?.[name],
      });
    this.#critical = lane("critical");
    this.#high = lane("high");
    this.#normal = lane("normal");
    this.#low = lane("low");
    this.#lanes = { critical: this.#critical, high: this.#high, normal: this.#normal, low: this.#low };
    this.#kinds = kinds ?? new EventKinds();
    this.#learnKinds();
  }

  /** The kinds of events there are, by number. */
  get kinds(): EventKinds {
    return this.#kinds;
  }

  /**
   * Adds a kind of event and returns its number.
   *
   * @throws {DuplicateEventKindError} When there is one of that name.
   * @example
   * bus.register(defineEvent("spread/signal", { lane: "high" }));
   */
  register<Kind extends EventKind>(definition: EventDefinition<Kind>): number {
    const index = this.#kinds.define(definition);
    this.#learnKinds();
    return index;
  }

  /**
   * Queues an event.
   *
   * @param instrumentIndex Small number of its instrument: conflation is per instrument and kind. -1 for an event of none.
   * @param nowNs Monotonic time of this call, for counters and latencies.
   * @returns False when its lane has back-pressure and is full: the event is not taken, and `onRoom` says when to come again.
   * @throws {UnknownEventKindError} When its kind was never registered.
   */
  publish(event: BusEvent, instrumentIndex: number, nowNs: number): boolean {
    const kind = this.#byName.get(event.kind) ?? this.#learn(event.kind);
    const name = kind.definition.lane;
    const lane = this.#lanes[name];
    const outcome = lane.push(event, kind, instrumentIndex, nowNs);
    if (outcome === TAKEN) return true;
    if (!this.#overflowed.has(name)) {
      this.#overflowed.add(name);
      this.#onOverflow(name, lane.depth);
    }
    return outcome !== REFUSED;
  }

  /** Dispatches what waits, a batch of it; asks for another call when there is more. A call from inside a handler returns at once. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      this.#drainOnce();
    } finally {
      this.#isDraining = false;
      if (this.#ready > 0) this.#defer();
      else if (this.#overflowed.size > 0 && this.depth === 0) this.#overflowed.clear(); // which is slow, empty or not
    }
  }

  /** Lets the low lane go, and drains. */
  flushLow(): void {
    this.#low.release();
    this.drain();
  }

  /** Events waiting in all lanes. */
  get depth(): number {
    return this.#critical.depth + this.#high.depth + this.#normal.depth + this.#low.depth;
  }

  /** Counts since the start, and what waits at `nowNs` (monotonic). Looks through everything that waits: for reports and metrics. */
  counters(nowNs: number): BusCounters {
    const waiting = this.#laneKinds.map((): Waiting => ({ depth: 0, oldestNs: Number.POSITIVE_INFINITY }));
    for (const name of LANES) this.#lanes[name].countWaiting(waiting);
    const kinds: Record<string, EventCounters> = {};
    for (const { index, definition, counts } of this.#laneKinds)
      kinds[definition.kind] = toCounters(counts, waiting[index]!, nowNs);
    const lanes = Object.fromEntries(LANES.map((name) => [name, this.#lanes[name].counters(waiting, nowNs)]));
    return { lanes: lanes as Record<LaneName, LaneCounters>, kinds };
  }

  /**
   * Most events of each lane that waited at once since the last call. How many wait at one moment says little: a burst that took seconds is
   * gone before a timer may look.
   */
  takePeaks(): Readonly<Record<LaneName, number>> {
    return {
      critical: this.#critical.takePeak(),
      high: this.#high.takePeak(),
      normal: this.#normal.takePeak(),
      low: this.#low.takePeak(),
    };
  }

  /** Events that a drain would dispatch. */
  get #ready(): number {
    return this.#critical.depth + this.#high.depth + this.#normal.depth + this.#low.ready;
  }

  #drainOnce(): void {
    const critical = this.#critical;
    const high = this.#high;
    const normal = this.#normal;
    const low = this.#low;
    const dispatch = this.#dispatch;
    const clock = this.#clock;
    let criticalLeft = critical.depth + this.#batch;
    let highLeft = high.depth + this.#batch;
    let left = this.#batch;
    for (;;) {
      if (critical.depth > 0 && criticalLeft > 0) {
        criticalLeft--;
        critical.next(dispatch, clock);
      } else if (high.depth > 0 && highLeft > 0) {
        highLeft--;
        high.next(dispatch, clock);
      } else if (left === 0) {
        return;
      } else if (low.ready > 0 && (this.#sinceLow >= NORMAL_PER_LOW || normal.depth === 0)) {
        left--;
        this.#sinceLow = 0;
        low.next(dispatch, clock);
      } else if (normal.depth > 0) {
        left--;
        this.#sinceLow++;
        normal.next(dispatch, clock);
      } else {
        return;
      }
    }
  }

  /** Takes over kinds that were defined since the last look. */
  #learnKinds(): void {
    const { definitions } = this.#kinds;
    for (let index = this.#laneKinds.length; index < definitions.length; index++) {
      const definition = definitions[index]!;
      const kind = new LaneKind(index, definition);
      this.#laneKinds.push(kind);
      this.#byName.set(definition.kind, kind);
      this.#lanes[definition.lane].register(kind);
    }
  }

  /** A kind that is not known here: defined on the shared kinds in the meantime, or never. */
  #learn(name: string): LaneKind {
    this.#learnKinds();
    const index = this.#kinds.indexOf(name);
    return this.#laneKinds[index]!;
  }
}
