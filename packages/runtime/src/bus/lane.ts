import { type Clock, InvalidInputError, inRange, integerInRange } from "@pitlane/perf";
import {
  CONFLATED,
  createCounts,
  DISPATCHED,
  DROPPED,
  type LaneCounters,
  MISSED,
  OVER_BOUND,
  REFUSALS,
  toCounters,
  type Waiting,
} from "./counters.ts";
import type { LaneKind } from "./lane-kind.ts";

/**
 * What a full lane does. `keep` never drops: it grows past its bound and says so. `dropOldest` gives up the oldest and counts it.
 * `refuse` is back-pressure: the event is not taken, and the publisher is told when there is room again.
 */
export type FullPolicy = "keep" | "dropOldest" | "refuse";

export interface LaneOptions {
  /** Events held before the policy applies; 1 to 2^20. */
  readonly capacity: number;
  readonly whenFull: FullPolicy;
  /** An event dispatched later than this after it was published has missed its deadline. `Infinity` for none. */
  readonly deadlineMs: number;
}

/** Given an event, when it was published (monotonic), its instrument's and its kind's number, and the time now: NaN without a clock. */
export type Dispatch<Event> = (
  event: Event,
  queuedNs: number,
  instrumentIndex: number,
  kindIndex: number,
  nowNs: number,
) => void;

export interface LaneParts<Event> extends LaneOptions {
  /** Events are held back until released, or until so many have come since the last release; 0 when they never are. */
  readonly releaseAt: number;
  /** Told of each event given up. */
  readonly onDrop: (event: Event, instrumentIndex: number) => void;
  /** Told once when a lane that has refused events is half empty again. */
  readonly onRoom: () => void;
}

/** What became of a pushed event: it waits; it waits, but the lane was over its bound; it was not taken. */
export const TAKEN = 0;
export const TAKEN_OVER_BOUND = 1;
export const REFUSED = 2;

export type Pushed = typeof TAKEN | typeof TAKEN_OVER_BOUND | typeof REFUSED;

// Slots at first, doubled as they fill: a ring that is mostly short stays within a core's cache, which it walks round and round.
const FIRST_LENGTH = 256;

const POLICIES: readonly FullPolicy[] = ["keep", "dropOldest", "refuse"];

/**
 * One queue of the bus: a ring over parallel arrays.
 *
 *             head             head + size
 *              v                v
 * #events  [ . q1 t1 b1 t2 q2 q3 . . ]    the event
 * #kinds   [ . Q  T  B  T  Q  Q  . . ]    its kind, which knows the slot of the waiting event of each instrument
 * #instruments, #queuedNs                  its instrument's number; when it was published
 *
 * An event of a conflated kind replaces the waiting one of its instrument, in its place: the newest state, at the time the first
 * change was due. A barrier ends that: what comes after it is queued behind it.
 *
 * What is queued, dropped and conflated follows from the calls alone. Times are kept for counters.
 */
export class Lane<Event> {
  readonly #parts: LaneParts<Event>;
  readonly #deadlineNs: number;
  readonly #registered: LaneKind[] = [];
  readonly #conflated: LaneKind[] = []; // those of them that are, to be told of barriers
  #events: (Event | undefined)[];
  #kinds: (LaneKind | undefined)[];
  #instruments: Int32Array;
  #queuedNs: Float64Array;
  #mask: number;
  #head = 0; // slot of the oldest event
  #size = 0;
  #released = 0; // of the oldest events, how many a held lane may dispatch
  #peak = 0; // most that waited at once since the last look
  #maxDepth = 0; // and before it
  #isRefusing = false;
  #dropped: Event | undefined; // told of once the lane is whole again: who is told may publish
  #droppedInstrument = -1;

  /** @throws {InvalidInputError} When an option is out of range. */
  constructor(parts: LaneParts<Event>) {
    const { capacity, whenFull, deadlineMs } = parts;
    integerInRange("capacity", capacity, 1, 2 ** 20);
    if (!POLICIES.includes(whenFull))
      throw new InvalidInputError(`whenFull must be one of ${POLICIES.join(", ")}; got ${String(whenFull)}`);
    if (deadlineMs !== Number.POSITIVE_INFINITY) inRange("deadlineMs", deadlineMs, 0, 1e9);
    this.#parts = parts;
    this.#deadlineNs = deadlineMs * 1e6;
    const length = Math.min(FIRST_LENGTH, 2 ** Math.ceil(Math.log2(capacity)));
    this.#events = new Array<Event | undefined>(length).fill(undefined);
    this.#kinds = new Array<LaneKind | undefined>(length).fill(undefined);
    this.#instruments = new Int32Array(length);
    this.#queuedNs = new Float64Array(length);
    this.#mask = length - 1;
  }

  /** Tells the lane of a kind before its first event. */
  register(kind: LaneKind): void {
    this.#registered.push(kind);
    if (kind.isConflated) this.#conflated.push(kind);
  }

  /** Events waiting. */
  get depth(): number {
    return this.#size;
  }

  /** Events that may be dispatched now. */
  get ready(): number {
    return this.#parts.releaseAt === 0 ? this.#size : this.#released;
  }

  /** Lets everything that waits now be dispatched. */
  release(): void {
    this.#released = this.#size;
  }

  /** Queues an event. `TAKEN_OVER_BOUND` when something was dropped for it or the lane has grown. */
  push(event: Event, kind: LaneKind, instrumentIndex: number, nowNs: number): Pushed {
    if (kind.isConflated) {
      const waiting = kind.waitingSlot(instrumentIndex);
      if (waiting >= 0) {
        this.#events[waiting] = event;
        this.#queuedNs[waiting] = nowNs;
        kind.counts[CONFLATED]! += 1;
        return TAKEN;
      }
    }
    const { capacity, releaseAt } = this.#parts;
    const isWithinBound = this.#size < capacity;
    if (!isWithinBound && !this.#makeRoom(kind)) return REFUSED;
    if (this.#size > this.#mask) this.#grow();
    const slot = (this.#head + this.#size) & this.#mask;
    this.#events[slot] = event;
    this.#kinds[slot] = kind;
    this.#instruments[slot] = instrumentIndex;
    this.#queuedNs[slot] = nowNs;
    this.#size++;
    if (kind.isConflated) kind.setWaiting(instrumentIndex, slot);
    else if (kind.isBarrier) this.#endConflation(instrumentIndex);
    if (this.#size > this.#peak) this.#peak = this.#size;
    if (releaseAt !== 0 && this.#size - this.#released >= releaseAt) this.#released = this.#size;
    if (this.#dropped !== undefined) this.#tellDropped();
    return isWithinBound ? TAKEN : TAKEN_OVER_BOUND;
  }

  /** Removes the oldest event and hands it over. Only while `ready` is not 0. */
  next(dispatch: Dispatch<Event>, clock: Pick<Clock, "monotonicNs"> | undefined): void {
    const slot = this.#head;
    const event = this.#events[slot] as Event;
    const kind = this.#kinds[slot] as LaneKind;
    const instrumentIndex = this.#instruments[slot]!;
    const queuedNs = this.#queuedNs[slot]!;
    this.#events[slot] = undefined; // lets the collector have it
    if (kind.isConflated && kind.waitingSlot(instrumentIndex) === slot) kind.endWaiting(instrumentIndex);
    this.#head = (slot + 1) & this.#mask;
    this.#size--;
    if (this.#released > 0) this.#released--;
    kind.counts[DISPATCHED]! += 1;
    let nowNs = Number.NaN;
    if (clock !== undefined) {
      nowNs = clock.monotonicNs();
      if (nowNs - queuedNs > this.#deadlineNs) kind.counts[MISSED]! += 1;
    }
    if (this.#isRefusing && this.#size <= this.#parts.capacity >> 1) {
      this.#isRefusing = false;
      this.#parts.onRoom();
    }
    dispatch(event, queuedNs, instrumentIndex, kind.index, nowNs);
  }

  /** Most events that waited at once since the last call, those that wait now among them. */
  takePeak(): number {
    const peak = this.#peak;
    this.#maxDepth = Math.max(this.#maxDepth, peak);
    this.#peak = this.#size;
    return peak;
  }

  /** Adds what waits here to `waiting`, by number of kind. */
  countWaiting(waiting: Waiting[]): void {
    for (let i = 0; i < this.#size; i++) {
      const slot = (this.#head + i) & this.#mask;
      const ofKind = waiting[this.#kinds[slot]!.index]!;
      ofKind.depth++;
      ofKind.oldestNs = Math.min(ofKind.oldestNs, this.#queuedNs[slot]!);
    }
  }

  /** The lane's counters: the sums of its kinds'. */
  counters(waiting: readonly Waiting[], nowNs: number): LaneCounters {
    const counts = createCounts();
    const all: Waiting = { depth: this.#size, oldestNs: Number.POSITIVE_INFINITY };
    for (const kind of this.#registered) {
      kind.counts.forEach((count, i) => {
        counts[i]! += count;
      });
      all.oldestNs = Math.min(all.oldestNs, waiting[kind.index]!.oldestNs);
    }
    return { ...toCounters(counts, all, nowNs), maxDepth: Math.max(this.#maxDepth, this.#peak) };
  }

  /** Applies the policy; false when the new event is refused. */
  #makeRoom(kind: LaneKind): boolean {
    const { whenFull } = this.#parts;
    if (whenFull === "refuse") {
      kind.counts[REFUSALS]! += 1;
      this.#isRefusing = true;
      return false;
    }
    if (whenFull === "dropOldest") this.#dropOldest();
    else kind.counts[OVER_BOUND]! += 1;
    return true;
  }

  /** Gives up the oldest event that is no barrier; none when there are barriers only. */
  #dropOldest(): void {
    let barriers = 0;
    let slot = this.#head;
    while (barriers < this.#size && this.#kinds[slot]!.isBarrier) {
      barriers++;
      slot = (slot + 1) & this.#mask;
    }
    if (barriers === this.#size) return;
    const kind = this.#kinds[slot]!;
    const instrumentIndex = this.#instruments[slot]!;
    this.#dropped = this.#events[slot];
    this.#droppedInstrument = instrumentIndex;
    kind.counts[DROPPED]! += 1;
    if (kind.isConflated && kind.waitingSlot(instrumentIndex) === slot) kind.endWaiting(instrumentIndex);
    for (; barriers > 0; barriers--) {
      const before = (slot - 1) & this.#mask;
      this.#events[slot] = this.#events[before];
      this.#kinds[slot] = this.#kinds[before];
      this.#instruments[slot] = this.#instruments[before]!;
      this.#queuedNs[slot] = this.#queuedNs[before]!;
      slot = before;
    }
    this.#events[slot] = undefined;
    this.#head = (slot + 1) & this.#mask;
    this.#size--;
    if (this.#released > 0) this.#released--;
  }

  #tellDropped(): void {
    const dropped = this.#dropped as Event;
    this.#dropped = undefined;
    this.#parts.onDrop(dropped, this.#droppedInstrument);
  }

  #endConflation(instrumentIndex: number): void {
    for (let i = 0; i < this.#conflated.length; i++) this.#conflated[i]!.endWaiting(instrumentIndex);
  }

  #grow(): void {
    const length = (this.#mask + 1) * 2;
    const events = new Array<Event | undefined>(length).fill(undefined);
    const kinds = new Array<LaneKind | undefined>(length).fill(undefined);
    const instruments = new Int32Array(length);
    const queuedNs = new Float64Array(length);
    for (let i = 0; i < this.#size; i++) {
      const slot = (this.#head + i) & this.#mask;
      const kind = this.#kinds[slot]!;
      events[i] = this.#events[slot];
      kinds[i] = kind;
      instruments[i] = this.#instruments[slot]!;
      queuedNs[i] = this.#queuedNs[slot]!;
      if (kind.isConflated && kind.waitingSlot(instruments[i]!) === slot) kind.setWaiting(instruments[i]!, i);
    }
    this.#events = events;
    this.#kinds = kinds;
    this.#instruments = instruments;
    this.#queuedNs = queuedNs;
    this.#mask = length - 1;
    this.#head = 0;
  }
}
