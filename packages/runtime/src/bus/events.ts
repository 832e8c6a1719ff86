import { InvalidInputError } from "@pitlane/perf";
import type {
  BarEvent,
  BookEvent,
  Fill,
  GapEvent,
  Instrument,
  OrderReport,
  QuoteEvent,
  ResyncEvent,
  TradeEvent,
} from "@pitlane/sdk";
import type { BuiltBarEvent } from "../engines/bars.ts";
import type { OrderView } from "../orders/order.ts";

/** A lane is a queue with a deadline and a rule for what happens when it is full. Earlier in this list, sooner served. */
export const LANES = ["critical", "high", "normal", "low"] as const;

export type LaneName = (typeof LANES)[number];

/** The venue said something of an order of ours. */
export interface ReportEvent {
  readonly kind: "report";
  readonly instrument: Instrument;
  readonly report: OrderReport;
}

/** An order of a strategy changed its state. Goes to that strategy alone. */
export interface OrderEvent {
  readonly kind: "order";
  readonly instrument: Instrument;
  readonly order: OrderView;
}

/** An order of a strategy traded. Goes to that strategy alone. */
export interface FillEvent {
  readonly kind: "fill";
  readonly instrument: Instrument;
  readonly order: OrderView;
  readonly fill: Fill;
}

/**
 * The catalogue: every kind of event and its content. A plugin adds its own by declaration merging and defines them at its setup.
 *
 * @example
 * declare module "pitlane" {
 *   interface EventCatalogue {
 *     readonly "spread/signal": { readonly kind: "spread/signal"; readonly basisPoints: number };
 *   }
 * }
 * bus.register(defineEvent("spread/signal", { lane: "high" }));
 */
export interface EventCatalogue {
  readonly report: ReportEvent;
  readonly order: OrderEvent;
  readonly fill: FillEvent;
  readonly gap: GapEvent;
  readonly resync: ResyncEvent;
  readonly quote: QuoteEvent;
  readonly book: BookEvent;
  readonly trade: TradeEvent;
  readonly bar: BarEvent;
}

export type EventKind = keyof EventCatalogue;
/** What travels on the bus: bars are a venue's, or were made of trades. */
export type BusEvent = EventCatalogue[EventKind] | BuiltBarEvent;

export interface EventOptions {
  readonly lane: LaneName;
  /** Only the newest per instrument matters: a waiting one is replaced by it, in its place, rather than queued twice. Default false. */
  readonly conflate?: boolean;
  /**
   * It says something of the events around it: none is conflated across it within its instrument and lane, and it is never dropped.
   * Default false.
   */
  readonly barrier?: boolean;
  /** `owner`: it is about one plugin's order, and its handlers alone hear of it. Default `all`. */
  readonly audience?: "all" | "owner";
}

/** A kind of event and how the bus treats it. */
export interface EventDefinition<Kind extends EventKind = EventKind> {
  readonly kind: Kind;
  readonly lane: LaneName;
  readonly conflate: boolean;
  readonly barrier: boolean;
  readonly audience: "all" | "owner";
}

const KIND_NAME = /^[A-Za-z][\w./:-]{0,63}$/;

/**
 * Says how the bus treats a kind of event.
 *
 * @throws {InvalidInputError} When the kind is no name, the lane is none of the four, or a kind is to be conflated and a barrier.
 * @example
 * bus.register(defineEvent("spread/signal", { lane: "high" }));
 */
export function defineEvent<Kind extends EventKind>(
  kind: Kind,
  { lane, conflate = false, barrier = false, audience = "all" }: EventOptions,
): EventDefinition<Kind> {
  if (typeof kind !== "string" || !KIND_NAME.test(kind))
    throw new InvalidInputError(
      `a kind of event must be named such as "my-plugin/signal"; got ${JSON.stringify(kind)}`,
    );
  if (!LANES.includes(lane))
    throw new InvalidInputError(`the lane of "${kind}" must be one of ${LANES.join(", ")}; got ${String(lane)}`);
  if (conflate && barrier)
    throw new InvalidInputError(`"${kind}" cannot be conflated and a barrier: a barrier is never replaced`);
  return { kind, lane, conflate, barrier, audience };
}

/**
 * The runtime's own kinds. Gaps travel with the data they speak of: overtaking it, they would speak of another moment, and a quote
 * conflated across one would be shown as if it were from before.
 */
export const BUILT_IN_EVENTS: readonly EventDefinition[] = [
  defineEvent("report", { lane: "high" }),
  defineEvent("order", { lane: "high", audience: "owner" }),
  defineEvent("fill", { lane: "high", audience: "owner" }),
  defineEvent("gap", { lane: "normal", barrier: true }),
  defineEvent("resync", { lane: "normal", barrier: true }),
  defineEvent("quote", { lane: "normal", conflate: true }),
  defineEvent("book", { lane: "normal", conflate: true }),
  defineEvent("trade", { lane: "normal" }),
  defineEvent("bar", { lane: "normal" }),
];
