import { createCounts } from "./counters.ts";
import type { EventDefinition } from "./events.ts";

const NOT_WAITING = -1;

/** What a lane keeps of one kind of event: its counts and, when it is conflated, the slot of the waiting one of each instrument. */
export class LaneKind {
  readonly index: number;
  readonly definition: EventDefinition;
  readonly isConflated: boolean;
  readonly isBarrier: boolean;
  readonly counts: Float64Array = createCounts();
  #slots: Int32Array; // by instrument index + 1: -1 is the index of "no instrument"

  constructor(index: number, definition: EventDefinition) {
    this.index = index;
    this.definition = definition;
    this.isConflated = definition.conflate;
    this.isBarrier = definition.barrier;
    this.#slots = new Int32Array(definition.conflate ? 64 : 0).fill(NOT_WAITING);
  }

  /** Slot of the waiting event of an instrument, or -1. */
  waitingSlot(instrumentIndex: number): number {
    const at = instrumentIndex + 1;
    return at < this.#slots.length ? this.#slots[at]! : NOT_WAITING;
  }

  setWaiting(instrumentIndex: number, slot: number): void {
    const at = instrumentIndex + 1;
    if (at >= this.#slots.length) this.#makeRoomFor(at);
    this.#slots[at] = slot;
  }

  /** Forgets the waiting event of an instrument: what follows is queued behind rather than put in its place. */
  endWaiting(instrumentIndex: number): void {
    const at = instrumentIndex + 1;
    if (at < this.#slots.length) this.#slots[at] = NOT_WAITING;
  }

  #makeRoomFor(at: number): void {
    const slots = new Int32Array(2 ** Math.ceil(Math.log2(at + 1))).fill(NOT_WAITING);
    slots.set(this.#slots);
    this.#slots = slots;
  }
}
