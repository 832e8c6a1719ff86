import { type LoggedRecord, RecordingError, readSessionLog } from "@pitlane/paper";
import { InvalidInputError } from "@pitlane/perf";
import { RecordedAxiom, type RecordedAxiomTally } from "@pitlane/sdk/axiom";
import type { Verification } from "./verification.ts";
import { VERSION } from "./version.ts";

const MOST_EXAMPLES = 20;
const NONE = { depths: 0, quotes: 0, trades: 0, aggTrades: 0, bars: 0, snapshots: 0 } as const;

/** Whether a file begins as a session log of Axiom does: by its header, or by the host of its first connection. */
export async function isAxiomLog(path: string, signal?: AbortSignal): Promise<boolean> {
  try {
    for await (const records of readSessionLog(path, () => {}, signal)) {
      for (const record of records) {
        if (record.kind === "header") return record.exchange.toLowerCase() === "axiom";
        if (record.kind === "connect") return isAxiomHost(record.address);
      }
      if (records.length > 0) return false;
    }
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error; // who reads it next says what is wrong with it
  }
  return false;
}

/**
 * As `verifyRecording`, of a session of Axiom: its messages are decoded and counted. It has no books, and numbers nothing, so that holes
 * within a connection cannot be told.
 *
 * @throws {RecordingError} When a file cannot be read, or has no message in it.
 */
export async function verifyAxiomLog(paths: readonly string[], signal?: AbortSignal): Promise<Verification> {
  const session = new RecordedAxiom();
  const joined = new Set<string>();
  const opened = new Map<string, number>();
  const damages: string[] = [];
  let damaged = 0;
  let firstAtUs = Number.POSITIVE_INFINITY;
  let lastAtUs = Number.NEGATIVE_INFINITY;
  let late = 0;
  const onRecord = (record: LoggedRecord): void => {
    if (record.kind === "connect") {
      session.open(record.connection, record.address);
      opened.set(record.address, (opened.get(record.address) ?? 0) + 1);
    } else if (record.kind === "send") addRoom(joined, record.data);
    else if (record.kind === "http" || record.kind === "frame") {
      if (record.atUs < lastAtUs) late++;
      firstAtUs = Math.min(firstAtUs, record.atUs);
      lastAtUs = Math.max(lastAtUs, record.atUs);
      if (record.kind === "http") session.other(`http ${pathOf(record.url)}`);
      else session.frame(record.connection, record.data, record.isBinary, record.atUs);
    }
  };
  for (const path of paths) {
    const onDamaged = ({ message }: Error) => {
      damaged++;
      if (damages.length < MOST_EXAMPLES) damages.push(message);
    };
    for await (const records of readSessionLog(path, onDamaged, signal)) for (const record of records) onRecord(record);
  }
  const tally = session.finish();
  if (tally.in === 0) throw new RecordingError("has no message of Axiom in it", { path: paths[0] ?? "" });
  const undecoded = tally.undecoded + damaged;
  const problems = [
    ...(undecoded > 0 ? [`${undecoded} messages cannot be decoded`] : []),
    ...(late > 0 ? [`${late} messages do not follow the one before them`] : []),
  ];
  const sum = [...tally.decoded.values()].reduce((total, count) => total + count, 0);
  return {
    right: problems.length === 0,
    problems,
    notes: notesOf(tally, opened),
    version: VERSION,
    session: { files: paths, venue: "axiom", streams: [...joined], firstAtUs, lastAtUs },
    messages: { in: tally.in + damaged, decoded: sum, ignored: Object.fromEntries(tally.ignored), undecoded },
    decoded: { ...NONE, ...Object.fromEntries(tally.decoded) },
    snapshots: { applied: 0, unused: 0, stale: 0 },
    gaps: 0,
    sequenceFailures: late,
    checksums: { checked: 0, matched: 0 },
    crossed: 0,
    examples: [...damages, ...tally.examples].slice(0, MOST_EXAMPLES),
    instruments: {},
  };
}

function notesOf({ unmatched }: RecordedAxiomTally, opened: ReadonlyMap<string, number>): readonly string[] {
  const again = [...opened].filter(([, count]) => count > 1);
  return [
    "the venue numbers nothing: whether a message is missing cannot be told",
    ...again.map(([address, count]) => `${address} was opened ${count} times: what it said in between is not there`),
    ...(unmatched > 0 ? [`${unmatched} changes of Pulse are of pairs that no table has`] : []),
  ];
}

function addRoom(joined: Set<string>, data: Buffer): void {
  try {
    const { action, room } = JSON.parse(data.toString("utf8")) as {
      readonly action?: unknown;
      readonly room?: unknown;
    };
    if (action === "join" && typeof room === "string") joined.add(room);
  } catch {
    // a ping, or a message of Pulse: it names no room
  }
}

function isAxiomHost(url: string): boolean {
  return URL.canParse(url) && /(^|\.)axiom\.trade$/.test(new URL(url).hostname);
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : "a reply";
}
