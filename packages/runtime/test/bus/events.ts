import type { BusEvent } from "../../src/bus/events.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const at = { instrument, venueAtUs: 0, receivedAtUs: 0, receivedNs: 0 };

export const trade = (tradeId: number): BusEvent => ({
  kind: "trade",
  ...at,
  tradeId,
  priceTicks: 1,
  sizeLots: 1,
  aggressor: "buy",
  isBackfilled: false,
});

export const quote = (sequence: number): BusEvent => ({
  kind: "quote",
  ...at,
  bidTicks: 1,
  bidLots: 1,
  askTicks: 2,
  askLots: 1,
  sequence,
});

export const gap = (reason: string): BusEvent => ({ kind: "gap", ...at, channel: "quote", cause: "sequence", reason });

export const report = (atUs: number): BusEvent => ({
  kind: "report",
  instrument,
  report: {
    instrument,
    clientOrderId: "a",
    venueOrderId: "1",
    status: "accepted",
    side: "buy",
    sizeLots: 1,
    filledLots: 0,
    fills: [],
    atUs,
  },
});

/** A kind of the test's own: its content is a number. */
export const custom = (kind: string, value: number): BusEvent => ({ kind, value }) as unknown as BusEvent;

/** A short name for an event: "trade 3". */
export function nameOf(event: BusEvent): string {
  switch (event.kind) {
    case "trade":
      return `trade ${event.tradeId}`;
    case "quote":
      return `quote ${event.sequence}`;
    case "gap":
      return `gap ${event.reason}`;
    case "report":
      return `report ${event.report.atUs}`;
    default:
      return `${event.kind} ${(event as unknown as { readonly value: number }).value}`;
  }
}
