import { baseUnits, type Instrument, notionalUnits } from "@pitlane/sdk";
import { readRows } from "../../src/journal/read.ts";
import { verifyJournal } from "../../src/journal/verify.ts";
import { fromInstrumentRecord, type InstrumentRecord, type ReportRecord } from "../../src/orders/records.ts";

/** What the exchange accepted, from its public ledger. */
export interface Ledger {
  readonly ids: ReadonlySet<string>;
  /** Ids that it accepted more than once. */
  readonly doubled: readonly string[];
}

/** What a journal says of its run, read from its rows by code of this file's own: what wrote them is not asked. */
export interface Testimony {
  readonly chainFault: string | undefined;
  /** Ids of the intents that were approved. */
  readonly ids: ReadonlySet<string>;
  /** Ids with more than one intent. */
  readonly doubled: readonly string[];
  /** The start, and all fills and fees since, by asset in its smallest unit. */
  readonly balances: ReadonlyMap<string, bigint>;
  /** What the session found to differ from the venue's word when it took over from a process that was killed. */
  readonly drifts: readonly string[];
  /** Times that a process took the run over. */
  readonly resumes: number;
  /** The last row: how many orders were open and unknown when the session closed; undefined when it was killed. */
  readonly end: { readonly open: number; readonly unknown: number } | undefined;
}

const PAGE = 1_000;

/** Reads the ledger of a paper exchange, page by page. */
export async function readLedger(restUrl: string): Promise<Ledger> {
  const ids = new Set<string>();
  const doubled: string[] = [];
  for (let from: number | null = 0; from !== null; ) {
    const answer = await fetch(`${restUrl}/_paper/ledger?from=${from}&limit=${PAGE}`);
    if (!answer.ok) throw new Error(`the ledger cannot be read: ${answer.status} ${await answer.text()}`);
    const page = (await answer.json()) as {
      readonly next: number | null;
      readonly orders: readonly { readonly clientOrderId: string; readonly account: string }[];
    };
    for (const { clientOrderId } of page.orders) {
      if (ids.has(clientOrderId)) doubled.push(clientOrderId);
      ids.add(clientOrderId);
    }
    from = page.next;
  }
  return { ids, doubled };
}

/** Reads a journal as the judge of its run. */
export function readTestimony(path: string): Testimony {
  const { fault } = verifyJournal(path);
  const ids = new Set<string>();
  const doubled: string[] = [];
  const balances = new Map<string, bigint>();
  const booked = new Set<string>();
  const drifts: string[] = [];
  let instruments = new Map<string, Instrument>();
  let resumes = 0;
  let end: Testimony["end"];
  const add = (asset: string, units: bigint) => balances.set(asset, (balances.get(asset) ?? 0n) + units);
  for (const { kind, body } of readRows(path)) {
    if (typeof body !== "string") continue;
    end = undefined;
    const entry = JSON.parse(body);
    if (kind === "run.start") {
      const records = entry.instruments as readonly InstrumentRecord[];
      instruments = new Map(records.map((record) => [record.id, fromInstrumentRecord(record)]));
    } else if (kind === "run.resume") resumes++;
    else if (kind === "account")
      for (const [asset, units] of Object.entries(entry)) add(asset, BigInt(units as string));
    else if (kind === "reconciled") drifts.push(...entry.drift);
    else if (kind === "run.end") end = { open: entry.open, unknown: entry.unknown };
    else if (kind === "intent" && entry.approved) {
      if (ids.has(entry.clientOrderId)) doubled.push(entry.clientOrderId);
      ids.add(entry.clientOrderId);
    } else if (kind === "report") {
      const report = entry as ReportRecord;
      const instrument = instruments.get(report.instrument);
      if (instrument === undefined) throw new Error(`${report.instrument} is no instrument of the run`);
      for (const { tradeId, priceTicks, sizeLots, fee, feeAsset } of report.fills) {
        const key = `${instrument.id} ${tradeId} ${report.clientOrderId}`;
        if (booked.has(key)) continue;
        booked.add(key);
        const sign = report.side === "buy" ? 1n : -1n;
        add(instrument.base, sign * baseUnits(instrument, sizeLots));
        add(instrument.quote, -sign * notionalUnits(instrument, priceTicks, sizeLots));
        add(feeAsset, -BigInt(fee));
      }
    }
  }
  return { chainFault: fault, ids, doubled, balances, drifts, resumes, end };
}
