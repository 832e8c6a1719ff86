import { decodeInputs, describeEntry, type JournalRow } from "pitlane";
import type { JournalHead, JournalRowInfo } from "../protocol.ts";

const LONGEST_SUMMARY = 200;
const LONGEST_TEXT = 16_384;

/** What a table shows of a row. Pure. */
export function toHead(row: JournalRow): JournalHead {
  const { seq, atUs, kind } = row;
  if (typeof row.body !== "string")
    return { seq, atUs, kind, clientOrderId: null, summary: cut(countsOf(row.body).join(", "), LONGEST_SUMMARY) };
  const body = parseBody(row.body);
  const orderId = body?.["clientOrderId"];
  const summary = body === undefined ? row.body : describeEntry({ seq, record: 0, atUs, kind, body });
  return {
    seq,
    atUs,
    kind,
    clientOrderId: typeof orderId === "string" ? orderId : null,
    summary: cut(summary, LONGEST_SUMMARY),
  };
}

/** A row with what it says. Pure. */
export function toRowInfo(row: JournalRow): JournalRowInfo {
  const head = toHead(row);
  if (typeof row.body !== "string") {
    const counts = countsOf(row.body);
    return { ...head, text: counts.join("\n"), isCut: false, records: countRecords(row.body) };
  }
  const body = parseBody(row.body);
  const text = body === undefined ? row.body : JSON.stringify(body, undefined, 2);
  return { ...head, text: text.slice(0, LONGEST_TEXT), isCut: text.length > LONGEST_TEXT, records: null };
}

/** Undefined of a body that was changed so that it is no JSON object: its text is then shown as it stands. */
export function parseBody(text: string): Record<string, unknown> | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Records of a block by kind, most first: `12 quote`. */
function countsOf(block: Uint8Array): string[] {
  const counts = new Map<string, number>();
  try {
    for (const { kind } of decodeInputs(block)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  } catch (error) {
    return [(error as Error).message]; // a damaged block is a row like others: what is wrong with it stands in its place
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${count} ${kind}`);
}

function countRecords(block: Uint8Array): number {
  return block.byteLength < 5 ? 0 : new DataView(block.buffer, block.byteOffset, block.byteLength).getUint32(1, true);
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
