import type { Fill, Instrument, OrderReport } from "@pitlane/sdk";
import { JournalError } from "../journal/errors.ts";
import { type Intent, Order, type OrderState } from "./order.ts";

/** Finds an instrument of the run by its id. */
export type InstrumentOf = (id: string) => Instrument;

/** An instrument as the journal keeps it. */
export interface InstrumentRecord extends Omit<Instrument, "minNotional"> {
  /** Decimal digits of the bigint. */
  readonly minNotional: string;
}

/** The venue's word on an order as the journal keeps it. */
export interface ReportRecord extends Omit<OrderReport, "instrument" | "fills"> {
  readonly instrument: string;
  readonly fills: readonly FillRecord[];
}

/** A fill of a report; what the report says already is left out. */
export interface FillRecord
  extends Pick<Fill, "tradeId" | "priceTicks" | "sizeLots" | "feeAsset" | "isMaker" | "atUs"> {
  /** Decimal digits of the bigint. */
  readonly fee: string;
}

/** An intent as the journal keeps it. */
export interface IntentRecord extends Omit<Intent, "instrument" | "expectedProfit"> {
  readonly instrument: string;
  /** Decimal digits of the bigint. */
  readonly expectedProfit?: string;
}

/** An order as snapshots keep it. */
export interface OrderRecord {
  readonly clientOrderId: string;
  readonly strategy: string;
  readonly owner: number;
  readonly bornAtUs: number;
  readonly intent: IntentRecord;
  readonly state: OrderState;
  /** Journals of before amendments have neither. */
  readonly sizeLots?: number;
  readonly amendLots?: number;
  readonly filledLots: number;
  readonly bookedLots: number;
  readonly venueOrderId: string;
  readonly reason: string;
  readonly cancelWanted: boolean;
  readonly cancelling: boolean;
  /** Left out where it is false. */
  readonly mustEnd?: boolean;
  readonly wasAccepted: boolean;
  readonly tradeIds: readonly string[];
}

export function toInstrumentRecord(instrument: Instrument): InstrumentRecord {
  return { ...instrument, minNotional: instrument.minNotional.toString() };
}

export function fromInstrumentRecord(record: InstrumentRecord): Instrument {
  return { ...record, minNotional: BigInt(record.minNotional) };
}

export function toIntentRecord({ instrument, expectedProfit, ...terms }: Intent): IntentRecord {
  const record: IntentRecord = { instrument: instrument.id, ...terms };
  return expectedProfit === undefined ? record : { ...record, expectedProfit: expectedProfit.toString() };
}

export function fromIntentRecord(
  { instrument, expectedProfit, ...terms }: IntentRecord,
  instrumentOf: InstrumentOf,
): Intent {
  const intent: Intent = { instrument: instrumentOf(instrument), ...terms };
  return expectedProfit === undefined ? intent : { ...intent, expectedProfit: BigInt(expectedProfit) };
}

// Written out, not spread: one is made for every report of a busy session.
export function toReportRecord(report: OrderReport): ReportRecord {
  return {
    clientOrderId: report.clientOrderId,
    venueOrderId: report.venueOrderId,
    instrument: report.instrument.id,
    status: report.status,
    side: report.side,
    sizeLots: report.sizeLots,
    filledLots: report.filledLots,
    fills: report.fills.map(toFillRecord),
    atUs: report.atUs,
    ...(report.reason === undefined ? {} : { reason: report.reason }),
  };
}

export function fromReportRecord(record: ReportRecord, instrumentOf: InstrumentOf): OrderReport {
  const instrument = instrumentOf(record.instrument);
  const { clientOrderId, venueOrderId, side } = record;
  const fills = record.fills.map(
    (fill): Fill => ({ ...fill, instrument, clientOrderId, venueOrderId, side, fee: BigInt(fill.fee) }),
  );
  return { ...record, instrument, fills };
}

export function toOrderRecord(order: Order): OrderRecord {
  const { clientOrderId, strategy, owner, bornAtUs, intent, state, filledLots, bookedLots, venueOrderId, reason } =
    order;
  const { sizeLots, amendLots, cancelWanted, cancelling, mustEnd, wasAccepted, tradeIds } = order;
  return {
    clientOrderId,
    strategy,
    owner,
    bornAtUs,
    intent: toIntentRecord(intent),
    state,
    sizeLots,
    amendLots,
    filledLots,
    bookedLots,
    venueOrderId,
    reason,
    cancelWanted,
    cancelling,
    ...(mustEnd && { mustEnd }),
    wasAccepted,
    tradeIds,
  };
}

export function fromOrderRecord(record: OrderRecord, instrumentOf: InstrumentOf): Order {
  const { clientOrderId, strategy, owner, bornAtUs, intent, tradeIds, ...fields } = record;
  const order = new Order(clientOrderId, strategy, owner, fromIntentRecord(intent, instrumentOf), bornAtUs);
  Object.assign(order, fields);
  for (const id of tradeIds) order.noteBooked(id);
  return order;
}

/** Finds instruments by id. @throws {JournalError} From what it returns, for an id that is none of them. */
export function instrumentsById(instruments: readonly Instrument[]): InstrumentOf {
  const byId = new Map(instruments.map((instrument) => [instrument.id, instrument]));
  return (id) => {
    const found = byId.get(id);
    if (found === undefined) throw new JournalError(`the journal names ${id}, which is no instrument of its run`);
    return found;
  };
}

function toFillRecord({ tradeId, priceTicks, sizeLots, fee, feeAsset, isMaker, atUs }: Fill): FillRecord {
  return { tradeId, priceTicks, sizeLots, fee: fee.toString(), feeAsset, isMaker, atUs };
}
