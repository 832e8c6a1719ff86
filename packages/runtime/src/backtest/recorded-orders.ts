import type { Side } from "@pitlane/sdk";
import { balancesOf, type IntentEntry } from "../core/recovery.ts";
import { readRowsWithSegments } from "../journal/read.ts";
import type { ReportRecord } from "../orders/records.ts";

/** One order of a session, or of a backtest, as far as the two are compared. */
export interface ComparedOrder {
  readonly clientOrderId: string;
  readonly strategy: string;
  /** Id of the instrument. */
  readonly instrument: string;
  readonly side: Side;
  readonly sizeLots: number;
  /** NaN for an order without one. */
  readonly priceTicks: number;
  /** When the strategy wanted it, microseconds since the epoch. */
  readonly wantedAtUs: number;
  /** The venue's first word on it; NaN without one. */
  readonly firstReportAtUs: number;
  readonly fills: readonly ComparedFill[];
}

export interface ComparedFill {
  readonly priceTicks: number;
  readonly sizeLots: number;
  readonly fee: bigint;
  readonly feeAsset: string;
  readonly isMaker: boolean;
  /** At the venue. */
  readonly atUs: number;
}

/** What a backtest of a session needs beside its market. */
export interface RecordedOrders {
  /** Approved ones, in the order in which they were wanted. */
  readonly orders: readonly ComparedOrder[];
  /** What the account held at the start, by asset in its smallest unit; undefined when the journal does not say. */
  readonly balances: ReadonlyMap<string, bigint> | undefined;
}

/**
 * The orders of a session from its journal, with what became of them. A fill that was told twice counts once.
 *
 * @throws {InvalidInputError} When it is missing or no journal. @throws The signal's reason.
 */
export async function readRecordedOrders(journalPath: string, signal?: AbortSignal): Promise<RecordedOrders> {
  const orders = new Map<
    string,
    { -readonly [Key in keyof ComparedOrder]: ComparedOrder[Key] } & { fills: ComparedFill[] }
  >();
  const seen = new Set<string>();
  let balances: ReadonlyMap<string, bigint> | undefined;
  for await (const { kind, atUs, body } of readRowsWithSegments(journalPath)) {
    signal?.throwIfAborted();
    if (kind === "intent") {
      const {
        clientOrderId,
        strategy,
        instrument,
        side,
        sizeLots,
        priceTicks = Number.NaN,
        approved,
      } = read<IntentEntry>(body);
      if (approved)
        orders.set(clientOrderId, {
          clientOrderId,
          strategy,
          instrument,
          side,
          sizeLots,
          priceTicks,
          wantedAtUs: atUs,
          firstReportAtUs: Number.NaN,
          fills: [],
        });
    } else if (kind === "report") {
      const { clientOrderId, fills } = read<ReportRecord>(body);
      const order = orders.get(clientOrderId);
      if (order === undefined) continue;
      if (Number.isNaN(order.firstReportAtUs)) order.firstReportAtUs = atUs;
      for (const { tradeId, priceTicks, sizeLots, fee, feeAsset, isMaker, atUs: filledAtUs } of fills) {
        const name = `${clientOrderId} ${tradeId}`;
        if (seen.has(name)) continue;
        seen.add(name);
        order.fills.push({ priceTicks, sizeLots, fee: BigInt(fee), feeAsset, isMaker, atUs: filledAtUs });
      }
    } else if (kind === "account" && balances === undefined) balances = balancesOf(read(body));
  }
  return { orders: [...orders.values()], balances };
}

/** Times from wanting an order to the venue's first word on it, in microseconds: what a backtest can draw its latency from. */
export function roundTripsUs(orders: readonly ComparedOrder[]): readonly number[] {
  return orders.flatMap(({ wantedAtUs, firstReportAtUs }) =>
    Number.isNaN(firstReportAtUs) ? [] : [Math.max(0, firstReportAtUs - wantedAtUs)],
  );
}

function read<T>(body: string | Uint8Array): T {
  return JSON.parse(body as string) as T;
}
