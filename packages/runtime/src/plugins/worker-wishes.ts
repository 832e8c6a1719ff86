import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { InvalidInputError } from "@pitlane/perf";
import type { Instrument } from "@pitlane/sdk";
import { bodyText } from "../journal/body-text.ts";
import { INTENT_KINDS } from "../orders/kinds.ts";
import { type Intent, LONGEST_TAG } from "../orders/order.ts";
import type { Signal } from "../orders/signal.ts";
import {
  AMEND,
  CANCEL,
  MESSAGE_LAYOUT,
  type MessageRecord,
  type MessageRing,
  ROUTE,
  SIDES,
  SIGNAL,
  SUBMIT,
  TIMES_IN_FORCE,
  type WishNote,
  type WorkerMessage,
} from "./worker-protocol.ts";

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Writes a worker's wishes into its ring: numbers as a record, what is none as a note before it. Each says whether there was room. */
export class WishWriter {
  readonly #ring: MessageRing;
  readonly #notes: MessagePort;
  readonly #record: Writable<MessageRecord> = MESSAGE_LAYOUT.createRecord();
  /** When the market event that is being handled was received, monotonic; NaN while none is. */
  triggerNs = Number.NaN;

  constructor(ring: MessageRing, notes: MessagePort) {
    this.#ring = ring;
    this.#notes = notes;
  }

  /** @throws {InvalidInputError} When a number is none, or the tag is too long. */
  submit(ref: number, instrument: number, intent: Intent): boolean {
    const record = this.#terms(SUBMIT, ref, instrument, intent);
    record.type = choice("an intent's type", INTENT_KINDS, intent.type);
    record.triggerTicks = optional("an intent's triggerTicks", intent.triggerTicks);
    record.trailingBps = optional("an intent's trailingBps", intent.trailingBps);
    return this.#push(noteOf(intent));
  }

  /** Throws as `submit`. */
  signal(ref: number, instrument: number, signal: Signal): boolean {
    const record = this.#terms(SIGNAL, ref, instrument, signal);
    record.confidence = finite("a signal's confidence", signal.confidence);
    record.maxSlippageBps = optional("a signal's maxSlippageBps", signal.maxSlippageBps);
    return this.#push(noteOf(signal));
  }

  cancel(ref: number): boolean {
    this.#record.kind = CANCEL;
    this.#record.ref = ref;
    return this.#push(undefined);
  }

  /** Throws as `submit`. */
  amend(ref: number, sizeLots: number): boolean {
    this.#record.kind = AMEND;
    this.#record.ref = ref;
    this.#record.sizeLots = finite("sizeLots", sizeLots);
    return this.#push(undefined);
  }

  /** @param route The decision as the journal keeps it. */
  route(route: object): boolean {
    this.#record.kind = ROUTE;
    return this.#push({ route: JSON.parse(bodyText(route)) as object }); // plain data already: its amounts are text
  }

  #terms(kind: number, ref: number, instrument: number, terms: Intent | Signal): Writable<MessageRecord> {
    const { side, sizeLots, priceTicks, timeInForce, priority, confidence, maxLatencyMs, reduceOnly, tag = "" } = terms;
    if (tag.length > LONGEST_TAG)
      throw new InvalidInputError(`an intent's tag has ${LONGEST_TAG} characters at most, got ${tag.length}`);
    const record = this.#record;
    record.kind = kind;
    record.ref = ref;
    record.instrument = instrument;
    record.side = choice("an intent's side", SIDES, side);
    record.timeInForce = choice("an intent's timeInForce", TIMES_IN_FORCE, timeInForce);
    record.priceTicks = optional("an intent's priceTicks", priceTicks);
    record.sizeLots = finite("an intent's sizeLots", sizeLots);
    record.priority = optional("an intent's priority", priority);
    record.confidence = optional("an intent's confidence", confidence);
    record.maxLatencyMs = optional("an intent's maxLatencyMs", maxLatencyMs);
    record.reduceOnly = reduceOnly === true ? 1 : 0;
    return record;
  }

  #push(note: WishNote | undefined): boolean {
    // This thread alone pushes: room that is there stays until the record is in, and no note comes without its record.
    if (this.#ring.size >= this.#ring.capacity || this.#ring.closed) return false;
    this.#record.triggerNs = this.triggerNs;
    this.#record.hasNote = note === undefined ? 0 : 1;
    if (note !== undefined) this.#notes.postMessage(note);
    return this.#ring.tryPush(this.#record);
  }
}

/**
 * Reads what `WishWriter` has written, in the session.
 *
 * @param idOf The client order id of an order whose number the session has given.
 */
export function readWish(
  record: MessageRecord,
  notes: MessagePort,
  instruments: readonly Instrument[],
  idOf: (ref: number) => string | undefined,
): WorkerMessage {
  const note = record.hasNote === 1 ? (receiveMessageOnPort(notes)?.message as WishNote | undefined) : {};
  if (note === undefined) throw new Error("a wish in the ring has no note on the port");
  const { kind, ref, sizeLots } = record;
  if (kind === ROUTE) return { type: "route", decision: note.route! };
  if (kind === CANCEL || kind === AMEND) {
    const clientOrderId = ref < 0 ? idOf(ref) : undefined;
    const order = { ref, ...(clientOrderId !== undefined && { clientOrderId }) };
    return kind === CANCEL ? { type: "cancel", ...order } : { type: "amend", ...order, sizeLots };
  }
  const instrument = instruments[record.instrument]!.id;
  const { priceTicks, priority, confidence, maxLatencyMs, maxSlippageBps } = record;
  const timeInForce = TIMES_IN_FORCE[record.timeInForce];
  const terms = {
    side: SIDES[record.side]!,
    sizeLots,
    ...(!Number.isNaN(priceTicks) && { priceTicks }),
    ...(timeInForce !== undefined && { timeInForce }),
    ...(!Number.isNaN(priority) && { priority }),
    ...(!Number.isNaN(maxLatencyMs) && { maxLatencyMs }),
    ...(record.reduceOnly === 1 && { reduceOnly: true }),
    ...(note.tag !== undefined && { tag: note.tag }),
    ...(note.expectedProfit !== undefined && { expectedProfit: note.expectedProfit.toString() }),
  };
  const isSure = !Number.isNaN(confidence);
  if (kind === SUBMIT) {
    const { triggerTicks, trailingBps } = record;
    const intent = {
      ...terms,
      type: INTENT_KINDS[record.type]!,
      ...(!Number.isNaN(triggerTicks) && { triggerTicks }),
      ...(!Number.isNaN(trailingBps) && { trailingBps }),
      ...(isSure && { confidence }),
    };
    return { type: "submit", ref, instrument, intent };
  }
  const signal = { ...terms, confidence, ...(!Number.isNaN(maxSlippageBps) && { maxSlippageBps }) };
  return { type: "signal", ref, instrument, signal };
}

function noteOf({ tag, expectedProfit }: Intent | Signal): WishNote | undefined {
  return tag === undefined && expectedProfit === undefined ? undefined : { tag, expectedProfit };
}

function choice<T>(what: string, choices: readonly T[], value: T): number {
  const index = choices.indexOf(value);
  if (index < 0)
    throw new InvalidInputError(`${what} must be one of ${choices.filter(Boolean).join(", ")}, got ${value}`);
  return index;
}

function finite(what: string, value: number): number {
  if (!Number.isFinite(value)) throw new InvalidInputError(`${what} must be a number, got ${value}`);
  return value;
}

/** NaN for what is left out. */
function optional(what: string, value: number | undefined): number {
  return value === undefined ? Number.NaN : finite(what, value);
}
