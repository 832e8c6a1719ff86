import {
  describeEntry,
  describeShape,
  entriesIn,
  type JournalEntry,
  type JournalRow,
  lastRow,
  readRowsWithSegments,
  shapesOf,
  storyLines,
  tellOrder,
  toJson,
  withoutShapes,
} from "pitlane";
import type { OrderStoryInfo, StoryPhase, StoryStep } from "../protocol.ts";
import { parseBody } from "./rows.ts";

const CHUNK = 2000;
/** Rows that are searched for the intent, from the end backwards. */
const MOST_LOOKED = 200_000;
/** Rows before the intent in which the market that it answered is looked for. */
const MARKET_ROWS = 50;

export interface StoryQuery {
  readonly path: string;
  readonly clientOrderId: string;
}

/**
 * One order end to end. The journal has no index of orders, so it is searched from its end backwards until the order's intent, which is
 * its first row, 200,000 rows at most; then what the intent answered is read. Undefined when no row names the order.
 *
 * @throws As `readRowsWithSegments`.
 */
export async function readStory({ path, clientOrderId }: StoryQuery): Promise<OrderStoryInfo | undefined> {
  const { rows, isWhole } = await findRows(path, clientOrderId);
  const first = rows[0];
  if (first === undefined) return undefined;
  const story = await tellOrder(entriesIn(around(path, first.seq, rows), {}), clientOrderId);
  const startUs = (story.entries.find(({ kind }) => kind === "intent") ?? story.entries[0])?.atUs ?? 0;
  const steps = [...story.before, ...story.entries].flatMap((entry) => stepsOf(entry, startUs));
  return { clientOrderId, steps, lines: storyLines(story), isWhole };
}

/** Rows that name the order, oldest first. */
async function findRows(path: string, clientOrderId: string): Promise<{ rows: JournalRow[]; isWhole: boolean }> {
  const needle = JSON.stringify(clientOrderId);
  let found: JournalRow[] = [];
  let until = lastRow(path)?.seq ?? 0;
  for (let looked = 0; until >= 1; looked += CHUNK) {
    if (looked >= MOST_LOOKED) return { rows: found, isWhole: false };
    const from = Math.max(1, until - CHUNK + 1);
    const here: JournalRow[] = [];
    for await (const row of readRowsWithSegments(path, { fromSeq: from, untilSeq: until }))
      if (typeof row.body === "string" && row.body.includes(needle) && namesOrder(row.body, clientOrderId))
        here.push(row);
    found = [...here, ...found];
    if (here.some(({ kind }) => kind === "intent")) break;
    until = from - 1;
  }
  return { rows: found, isWhole: true };
}

function namesOrder(body: string, clientOrderId: string): boolean {
  return parseBody(body)?.["clientOrderId"] === clientOrderId;
}

/** The row that lists the instruments, the market before the order, and the order's own rows. */
async function* around(path: string, seq: number, own: readonly JournalRow[]): AsyncGenerator<JournalRow> {
  const from = Math.max(2, seq - MARKET_ROWS);
  yield* readRowsWithSegments(path, { untilSeq: 1 });
  for await (const row of readRowsWithSegments(path, { fromSeq: from, untilSeq: seq - 1 }))
    if (typeof row.body !== "string") yield row;
  yield* own;
}

/** An intent says four things: what a strategy's hook wanted, what other hooks made of it, what risk said, and whether it is sent. */
function stepsOf(entry: JournalEntry, startUs: number): StoryStep[] {
  const { seq, atUs, kind } = entry;
  const body = JSON.parse(toJson(entry.body)) as Record<string, unknown>; // amounts as text
  const step = (phase: StoryPhase, text: string): StoryStep => ({
    phase,
    seq,
    atUs,
    sinceIntentUs: atUs - startUs,
    kind,
    text,
    body,
  });
  if (kind !== "intent") return [step(phaseOf(entry), describeEntry(entry))];
  const votes = Array.isArray(body["votes"]) ? (body["votes"] as readonly unknown[]) : [];
  const shapes = shapesOf(body);
  const wish = withoutShapes(body, shapes);
  const price = wish["priceTicks"] === undefined ? "" : ` at ${wish["priceTicks"]} ticks`;
  const trigger = wish["triggerTicks"] === undefined ? "" : ` triggered at ${wish["triggerTicks"]} ticks`;
  const wanted = `${wish["strategy"]} wants: ${wish["side"]} ${wish["sizeLots"]} lots of ${wish["instrument"]}${price}, ${wish["type"]}${trigger}`;
  const isApproved = body["approved"] === true;
  return [
    step("hook", wanted),
    ...shapes.map((shape) => step("shape", describeShape(shape))),
    ...votes.map((vote) => step("risk", voteText(vote))),
    step(isApproved ? "request" : "risk", isApproved ? "approved: sent once its turn comes" : "denied: never sent"),
  ];
}

function phaseOf({ kind, record }: JournalEntry): StoryPhase {
  if (record > 0) return "event";
  if (kind === "cancel" || kind === "amend" || kind === "cancel.end" || kind === "amend.end") return "request";
  if (kind === "report" || kind === "failure" || kind === "overdue" || kind === "reconciled") return "report";
  return "other";
}

function voteText(vote: unknown): string {
  if (typeof vote === "string") return `${vote} allows`;
  const { voter, allowed, reason } = vote as { voter: unknown; allowed: unknown; reason?: unknown };
  return allowed === true ? `${voter} allows` : `${voter} denies: ${reason}`;
}
