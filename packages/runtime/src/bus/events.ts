import type {
  BookEvent,
  Fill,
  GapEvent,
  Instrument,
  OrderReport,
  QuoteEvent,
  ResyncEvent,
  TradeEvent,
} from "@pitlane/sdk";
import type { OrderView } from "../orders/order.ts";

/** A lane is a queue with a deadline and a rule for what happens when it is full. Lower number, sooner served. */
export type LaneName = "critical" | "high" | "normal" | "low";

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

/** The catalogue: every kind of event, its content and its lane. */
export interface EventCatalogue {
  readonly report: ReportEvent;
  readonly order: OrderEvent;
  readonly fill: FillEvent;
  readonly gap: GapEvent;
  readonly resync: ResyncEvent;
  readonly quote: QuoteEvent;
  readonly book: BookEvent;
  readonly trade: TradeEvent;
}

export type EventKind = keyof EventCatalogue;
export type BusEvent = EventCatalogue[EventKind];

/** Lane of each kind. Gaps travel with the data they speak of: overtaking it, they would speak of another moment. */
export const LANE_OF: Readonly<Record<EventKind, LaneName>> = {
  report: "high",
  order: "high",
  fill: "high",
  gap: "normal",
  resync: "normal",
  quote: "normal",
  book: "normal",
  trade: "normal",
};

/** Kinds of which only the newest per instrument matters: an undelivered one is replaced, not queued twice. */
export const CONFLATED: ReadonlySet<EventKind> = new Set<EventKind>(["quote", "book"]);
