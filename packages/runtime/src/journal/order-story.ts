import { formatUnits } from "@pitlane/sdk";
import type { VoteRecord } from "../hooks/verdict.ts";
import { describeShape, type ShapeRecord } from "../orders/shape.ts";
import { formatUs, type JournalEntry, toJson } from "./entries.ts";

/** What a journal says of one order, from what it answered to its last report. */
export interface OrderStory {
  readonly clientOrderId: string;
  /** The last market events of the instrument's before the intent, oldest first. */
  readonly before: readonly JournalEntry[];
  /** Entries that name the order. */
  readonly entries: readonly JournalEntry[];
}

/**
 * Picks what belongs to one order. Pure.
 *
 * @param instrumentIds As the run's `run.start` row lists them: inputs name instruments by their place there.
 */
export async function tellOrder(entries: AsyncIterable<JournalEntry>, clientOrderId: string): Promise<OrderStory> {
  const latest = new Map<string, JournalEntry>(); // by instrument and kind
  const own: JournalEntry[] = [];
  let instrumentIds: readonly string[] = [];
  let before: readonly JournalEntry[] = [];
  for await (const entry of entries) {
    const { kind, body, record } = entry;
    if (record > 0) {
      if (kind === "quote" || kind === "trade") latest.set(`${body["instrument"]} ${kind}`, entry);
      continue;
    }
    if (kind === "run.start" || kind === "run.resume") instrumentIds = idsIn(body["instruments"]) ?? instrumentIds;
    if (!names(body, clientOrderId)) continue;
    if (kind === "intent") {
      const instrument = instrumentIds.indexOf(String(body["instrument"]));
      before = ["quote", "trade"].flatMap((of) => latest.get(`${instrument} ${of}`) ?? []).sort(bySeq);
    }
    own.push(entry);
  }
  return { clientOrderId, before, entries: own };
}

function bySeq(a: JournalEntry, b: JournalEntry): number {
  return a.seq - b.seq || a.record - b.record;
}

function idsIn(instruments: unknown): readonly string[] | undefined {
  if (!Array.isArray(instruments)) return undefined;
  return instruments.map((instrument: string | { readonly id?: string }) =>
    typeof instrument === "string" ? instrument : String(instrument?.id),
  );
}

function names(body: JournalEntry["body"], clientOrderId: string): boolean {
  return body["clientOrderId"] === clientOrderId;
}

/** The story as lines for people: when, how long after the intent, what. Pure. */
export function storyLines({ before, entries }: OrderStory): string[] {
  const startUs = (entries.find(({ kind }) => kind === "intent") ?? entries[0])?.atUs ?? 0;
  return [...before, ...entries].map((entry) => {
    const ms = (entry.atUs - startUs) / 1000;
    const after = `${ms < 0 ? "" : "+"}${ms.toFixed(3)} ms`.padStart(14);
    return `${String(entry.seq).padStart(8)}  ${formatUs(entry.atUs)} ${after}  ${describeEntry(entry)}`;
  });
}

/** An amount as a journal has it, in the asset's smallest unit, in whole ones. A row that is damaged is shown as it is. */
function amountOf(units: unknown): string {
  return typeof units === "string" && /^-?\d+$/.test(units) ? formatUnits(BigInt(units)) : String(units);
}

/** An entry in a few words, for people. Pure. */
export function describeEntry({ kind, body }: JournalEntry): string {
  const text = (name: string) => String(body[name]);
  switch (kind) {
    case "quote":
      return `quote: bid ${text("bidLots")} at ${text("bidTicks")}, ask ${text("askLots")} at ${text("askTicks")}`;
    case "trade":
      return `trade: ${text("sizeLots")} at ${text("priceTicks")}, taken by the ${text("aggressor")} side`;
    case "intent": {
      const price = body["priceTicks"] === undefined ? "" : ` at ${text("priceTicks")} ticks`;
      const trigger = body["triggerTicks"] === undefined ? "" : ` triggered at ${text("triggerTicks")} ticks`;
      const trail = body["trailingBps"] === undefined ? "" : ` trailing by ${text("trailingBps")} basis points`;
      const order = `${text("side")} ${text("sizeLots")} lots of ${text("instrument")}${price}, ${text("type")}${trigger}${trail}`;
      const shapes = shapesOf(body);
      const changes = shapes.length === 0 ? "" : `; shaped by ${shapes.map(describeShape).join("; ")}`;
      const verdict = body["approved"] === true ? "approved" : "denied";
      return `intent of ${text("strategy")}: ${order}${changes}; ${verdict}${votesOf(body["votes"])}`;
    }
    case "report": {
      const fills = Array.isArray(body["fills"]) ? (body["fills"] as readonly Record<string, unknown>[]) : [];
      const parts = fills.map(
        ({ sizeLots, priceTicks, fee, feeAsset }) =>
          `fill ${sizeLots} at ${priceTicks}, fee ${amountOf(fee)} ${feeAsset}`,
      );
      return [`report: ${text("status")}, ${text("filledLots")} lots filled`, ...parts].join("; ");
    }
    case "cancel":
      return "cancel asked for";
    case "cancel.end":
      return body["refusal"] === undefined ? "cancel ended" : `cancel refused: ${text("refusal")}`;
    case "amend": {
      const shapes = shapesOf(body);
      const changes = shapes.length === 0 ? "" : `; shaped by ${shapes.map(describeShape).join("; ")}`;
      const verdict = body["approved"] === false ? "denied" : "asked for";
      return `amendment to ${text("sizeLots")} lots ${verdict}${changes}${votesOf(body["votes"])}`;
    }
    case "amend.end":
      return body["refusal"] === undefined ? "amendment ended" : `amendment refused: ${text("refusal")}`;
    case "overdue":
      return "overdue: the venue has said nothing of it within its latency budget";
    case "failure":
      return `failure: outcome ${text("outcome")}, ${text("reason")}`;
    default:
      return `${kind} ${toJson(body)}`;
  }
}

/** What plugins changed of an order, in the body of its `intent` row; nothing in journals of before there were such. */
export function shapesOf(body: JournalEntry["body"]): readonly ShapeRecord[] {
  return Array.isArray(body["shaped"]) ? (body["shaped"] as readonly ShapeRecord[]) : [];
}

function votesOf(votes: unknown): string {
  if (!Array.isArray(votes) || votes.length === 0) return "";
  const said = (votes as readonly VoteRecord[]).map((vote) => {
    if (typeof vote === "string") return `${vote} allows`;
    return vote.allowed ? `${vote.voter} allows` : `${vote.voter} denies: ${vote.reason}`;
  });
  return ` (${said.join(", ")})`;
}
