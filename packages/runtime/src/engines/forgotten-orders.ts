import type { OrderReport } from "@pitlane/sdk";
import { clientOrderId, isFinal, numberOf, type Order, type OrderState } from "../orders/order.ts";

const SLOTS = 2 ** 16; // a power of two; 21 bytes each
const STATES: readonly OrderState[] = ["filled", "cancelled", "expired", "rejected", "denied"];

/** What a report says of an order that is forgotten. */
export interface LateWord {
  /** A sentence for people. */
  readonly fault: string;
  /** The venue knows the order under two ids. */
  readonly isDuplicate: boolean;
}

/**
 * What is left of the orders of a run that ended and are not kept any more: enough to tell a late report that says nothing new from one that
 * does. Client order ids follow from the run's key, the strategy and the number of its intent, so that an own id is known without keeping it.
 *
 *     key      number * strategies + strategy, its low 16 bits are the slot; 0 in a slot that is free
 *     lots     filled, all of them booked
 *     venueIds a hash of the venue's id; 0 for none
 *     states   how it ended
 *
 * A younger order takes the slot of an older one: of a single strategy the last 65,536 are left, 1.4 MB, made when the first is forgotten.
 * Hashes in place of the venue's ids save four fifths of the memory; two ids of one order are taken for the same once in four billion.
 */
export class ForgottenOrders {
  readonly #runKey: string;
  readonly #prefix: string;
  readonly #numbers: readonly number[];
  #kept: Columns | undefined;

  /** @param numbers Intents so far, by strategy: live. */
  constructor(runKey: string, numbers: readonly number[]) {
    this.#runKey = runKey;
    this.#prefix = `pl-${runKey}-`;
    this.#numbers = numbers;
  }

  /** From now on the order is known by what is left of it. It has ended, its fills are booked. */
  add({ clientOrderId: id, owner, state, filledLots, bookedLots, venueOrderId }: Order): void {
    this.#kept ??= new Columns();
    const { keys, lots, venueIds, states } = this.#kept;
    const key = this.#keyOf(owner, numberOf(id));
    const slot = key % SLOTS;
    keys[slot] = key;
    lots[slot] = Math.max(filledLots, bookedLots);
    venueIds[slot] = hashOf(venueOrderId);
    states[slot] = STATES.indexOf(state);
  }

  clear(): void {
    this.#kept = undefined;
  }

  /** True for the client order id of an intent of this run, whatever has become of it. */
  isOwn(id: string): boolean {
    return this.#keyOfId(id) > 0;
  }

  /** True when the report is on a forgotten order and tells nothing that was not known when it was forgotten. */
  hasHeard(report: OrderReport): boolean {
    if (this.#kept === undefined) return false;
    const slot = this.#slotOf(this.#keyOfId(report.clientOrderId));
    return slot >= 0 && isHeard(this.#kept, slot, report);
  }

  /** What is wrong with a report on an own order that is not known; undefined when nothing is: it is heard, or it is not on an own order. */
  judge(report: OrderReport): LateWord | undefined {
    const { clientOrderId: id, venueOrderId, status, instrument } = report;
    const key = this.#keyOfId(id);
    if (key === 0) return undefined;
    const slot = this.#slotOf(key);
    if (this.#kept === undefined || slot < 0) {
      const fault = `the venue reports order ${id} on ${instrument.id} ${status}, of which nothing is kept any more: whether that is news nobody can tell`;
      return { fault, isDuplicate: false };
    }
    const kept = this.#kept;
    if (isHeard(kept, slot, report)) return undefined;
    const was = `order ${id} ended as ${STATES[kept.states[slot]!]} with ${kept.lots[slot]} lots filled`;
    const isDuplicate = kept.venueIds[slot] !== 0 && !isSameId(kept, slot, venueOrderId);
    if (isDuplicate)
      return { fault: `${was}, and is known to the venue by another id too, ${venueOrderId}`, isDuplicate };
    return {
      fault: `${was}, and is now reported ${status} with ${lotsIn(report)}; nothing of that is booked`,
      isDuplicate,
    };
  }

  #keyOf(owner: number, number: number): number {
    return number * this.#numbers.length + owner;
  }

  /** 0 for an id that no intent of this run has. */
  #keyOfId(id: string): number {
    if (!id.startsWith(this.#prefix)) return 0;
    const owner = Number.parseInt(id.slice(this.#prefix.length), 36); // it reads as far as the next dash
    const number = numberOf(id);
    const wanted = this.#numbers[owner] ?? 0;
    if (!(number >= 1 && number <= wanted) || clientOrderId(this.#runKey, owner, number) !== id) return 0;
    return this.#keyOf(owner, number);
  }

  /** -1 when nothing is left of it. */
  #slotOf(key: number): number {
    const slot = key % SLOTS;
    return key > 0 && this.#kept?.keys[slot] === key ? slot : -1;
  }
}

class Columns {
  readonly keys = new Float64Array(SLOTS);
  readonly lots = new Float64Array(SLOTS);
  readonly venueIds = new Uint32Array(SLOTS);
  readonly states = new Uint8Array(SLOTS);
}

// As `isHeard` of the order machine. How much is filled in all tells of the fills too: all of them are booked.
function isHeard(kept: Columns, slot: number, report: OrderReport): boolean {
  const { venueOrderId, status } = report;
  if (lotsIn(report) > kept.lots[slot]! || !isSameId(kept, slot, venueOrderId)) return false;
  const state = STATES[kept.states[slot]!]!;
  return status === state || (!isFinal(status) && state !== "rejected" && state !== "denied");
}

/** Filled, by the report's own count or by its fills. */
function lotsIn({ filledLots, fills }: OrderReport): number {
  let lots = 0;
  for (const { sizeLots } of fills) lots += sizeLots;
  return Math.max(lots, filledLots);
}

function isSameId(kept: Columns, slot: number, venueOrderId: string): boolean {
  return venueOrderId === "" || hashOf(venueOrderId) === kept.venueIds[slot];
}

/** FNV-1a, 32 bits; 0 for nothing but "". */
function hashOf(text: string): number {
  if (text === "") return 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0 || 1;
}
