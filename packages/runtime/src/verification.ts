import { openRecording, type RecordedInstrument, type Recording, type RecordingListener } from "@pitlane/paper";
import type { Instrument, InstrumentCounters } from "@pitlane/sdk";
import { RecordedMarket, type RecordedMarketTally } from "@pitlane/sdk/binance";
import { describeBook } from "./describe.ts";
import type { InstrumentReport } from "./report.ts";
import { isAxiomLog, verifyAxiomLog } from "./verify-axiom.ts";
import { VERSION } from "./version.ts";

/** What a recorded session holds and whether it is right, as `pitlane verify --json FILE` writes it. Schema: `schema/verify.schema.json`. */
export interface Verification {
  /** Nothing undecoded, no gap, nothing out of order, every checksum matched, no book ever crossed. */
  readonly right: boolean;
  /** What is not right, one sentence each. */
  readonly problems: readonly string[];
  /** What is right and yet less than one may think: a book without a snapshot, say. */
  readonly notes: readonly string[];
  /** Pitlane's version. */
  readonly version: string;
  readonly session: {
    readonly files: readonly string[];
    readonly venue: string;
    readonly streams: readonly string[];
    /** Microseconds since the epoch. */
    readonly firstAtUs: number;
    readonly lastAtUs: number;
  };
  /** `in` = `decoded` + all of `ignored` + `undecoded`. */
  readonly messages: {
    readonly in: number;
    readonly decoded: number;
    readonly ignored: Readonly<Record<string, number>>;
    readonly undecoded: number;
  };
  /** What the decoded messages were; of Axiom the kinds of its events beside these. */
  readonly decoded: Readonly<Record<"depths" | "quotes" | "trades" | "aggTrades" | "bars" | "snapshots", number>> &
    Readonly<Record<string, number>>;
  readonly snapshots: { readonly applied: number; readonly unused: number; readonly stale: number };
  readonly gaps: number;
  readonly sequenceFailures: number;
  /** Books compared with the quote of the same sequence. */
  readonly checksums: { readonly checked: number; readonly matched: number };
  readonly crossed: number;
  /** The first of what went wrong, with its time and place. */
  readonly examples: readonly string[];
  /** By id; `book` is the final one, null when it was not in sync. */
  readonly instruments: Readonly<Record<string, InstrumentReport>>;
}

const MOST_EXAMPLES = 20;

/**
 * Reads a recorded session, in parts where `paths` are several, through the venue's decoder and book code, without a socket.
 * The files are read twice; memory does not grow with them but for the snapshots they hold as REST replies.
 *
 * @throws {RecordingError} When a file cannot be read, is no recording, or comes from a venue that is not supported.
 * @throws The signal's reason when `signal` aborts.
 * @example
 * const { right, problems } = await verifyRecording(["btcusdt.jsonl.gz"]);
 */
export async function verifyRecording(paths: readonly string[], signal?: AbortSignal): Promise<Verification> {
  if (paths[0] !== undefined && (await isAxiomLog(paths[0], signal))) return verifyAxiomLog(paths, signal);
  const beside = new BesideFrames();
  const recording = await openRecording(paths, signal, beside);
  const { product } = recording;
  const venue = product === "spot" ? "binance" : `binance-${product}`;
  const instruments = recording.instruments.map((recorded) => toInstrument(recorded, venue));
  const market = new RecordedMarket({ product, instruments });
  for await (const item of recording.read(signal)) {
    if (item.kind === "frame") market.frame(item.stream, Buffer.from(item.text), item.atUs, item.source);
    else market.snapshot(item.symbol, item.text, item.atUs);
  }
  const tally = market.finish();
  const messages = messagesOf(recording, tally, beside);
  const bookless = instruments.filter(
    (instrument, i) =>
      hasDepth(recording.instruments[i] as RecordedInstrument) && market.book(instrument) === undefined,
  );
  const diffless = instruments.filter(
    (instrument) => market.book(instrument) !== undefined && market.counters(instrument)?.bookUpdates === 0,
  );
  const problems = problemsOf(tally, messages.undecoded, beside.misplaced, bookless);
  const { depths, quotes, trades, aggTrades, bars, snapshots, gaps, sequenceFailures, crossed } = tally;
  return {
    right: problems.length === 0,
    problems,
    notes: notesOf(recording, tally, instruments, { bookless, diffless }),
    version: VERSION,
    session: {
      files: recording.paths,
      venue,
      streams: recording.streams,
      firstAtUs: recording.firstAtUs,
      lastAtUs: recording.lastAtUs,
    },
    messages,
    decoded: { depths, quotes, trades, aggTrades, bars, snapshots: snapshotsOf(tally) },
    snapshots,
    gaps,
    sequenceFailures,
    checksums: { checked: tally.checksumsChecked, matched: tally.checksumsChecked - tally.checksumFailures },
    crossed,
    examples: [...beside.examples, ...tally.examples].slice(0, MOST_EXAMPLES),
    instruments: describeInstruments(market, instruments),
  };
}

/** Collects what a recording has beside frames and snapshots. */
class BesideFrames implements RecordingListener {
  readonly others = new Map<string, number>();
  readonly examples: string[] = [];
  damaged = 0;
  misplaced = 0;

  readonly onDamaged = ({ message }: Error): void => {
    this.damaged++;
    this.#keep(message);
  };

  readonly onMisplaced = ({ message }: Error): void => {
    this.misplaced++;
    this.#keep(message);
  };

  readonly onOther = (name: string): void => {
    this.others.set(name, (this.others.get(name) ?? 0) + 1);
  };

  #keep(message: string): void {
    if (this.examples.length < MOST_EXAMPLES) this.examples.push(message);
  }
}

function snapshotsOf({ decoded, depths, quotes, trades, aggTrades, bars }: RecordedMarketTally): number {
  return decoded - depths - quotes - trades - aggTrades - bars;
}

/** @throws {TypeError} When a message is not accounted for: a fault of ours, which must not pass for a right recording. */
function messagesOf(
  recording: Recording,
  tally: RecordedMarketTally,
  { others, damaged }: BesideFrames,
): Verification["messages"] {
  const ignored = Object.fromEntries([...tally.ignored, ...others]);
  const sum = (counts: Iterable<number>) => [...counts].reduce((total, count) => total + count, 0);
  const total = recording.frames + recording.snapshots + sum(others.values()) + damaged;
  const undecoded = tally.undecoded + damaged;
  const accounted = tally.decoded + sum(Object.values(ignored)) + undecoded;
  if (accounted !== total) throw new TypeError(`of ${total} messages ${accounted} are accounted for`);
  return { in: total, decoded: tally.decoded, ignored, undecoded };
}

function problemsOf(
  tally: RecordedMarketTally,
  undecoded: number,
  misplaced: number,
  bookless: readonly Instrument[],
): readonly string[] {
  const { gaps, sequenceFailures, checksumsChecked, checksumFailures, crossed, errors, snapshots } = tally;
  const problems: string[] = [];
  if (undecoded > 0) problems.push(`${undecoded} messages cannot be decoded`);
  if (misplaced > 0) problems.push(`${misplaced} lines are out of the order of time`);
  if (gaps > 0) problems.push(`${gaps} gaps`);
  if (sequenceFailures > 0) problems.push(`${sequenceFailures} messages do not follow the one before them`);
  if (checksumFailures > 0)
    problems.push(`${checksumFailures} of ${checksumsChecked} books differ from the quote of the same sequence`);
  if (crossed > 0) problems.push(`${crossed} times a best bid was not below the best ask`);
  if (errors > 0) problems.push(`${errors} errors while the books were kept`);
  if (snapshots.stale > 0 && bookless.length > 0)
    problems.push(`no snapshot connects to the diffs of ${bookless.map(({ id }) => id).join(", ")}`);
  return problems;
}

function notesOf(
  recording: Recording,
  tally: RecordedMarketTally,
  instruments: readonly Instrument[],
  { bookless, diffless }: Readonly<Record<"bookless" | "diffless", readonly Instrument[]>>,
): readonly string[] {
  const notes = bookless.map(({ id }) => `${id}: no book is shown, for want of a snapshot that fits its diffs`);
  for (const { id } of diffless) notes.push(`${id}: no diff comes after its snapshot, which is shown as it is`);
  for (const { id, quote } of instruments) {
    if (quote === "")
      notes.push(`${id}: its base and quote assets cannot be told apart, so it goes by the venue's symbol`);
  }
  if (!recording.isProductTold) notes.push("nothing tells spot from futures: it was read as spot");
  if (tally.decoded === 0) notes.push("nothing in it is of a kind that is decoded");
  return notes;
}

function describeInstruments(
  market: RecordedMarket,
  instruments: readonly Instrument[],
): Readonly<Record<string, InstrumentReport>> {
  const described: Record<string, InstrumentReport> = {};
  for (const instrument of instruments) {
    const counters = market.counters(instrument) as InstrumentCounters;
    const book = market.book(instrument);
    described[instrument.id] = { ...counters, book: book === undefined ? null : describeBook(book, instrument) };
  }
  return described;
}

function hasDepth({ streams }: RecordedInstrument): boolean {
  return streams.some((stream) => /@depth(@\d+ms)?$/.test(stream));
}

/** Its scales are those of the recorded numbers; the venue's rules for orders are not in a recording, and not needed. */
export function toInstrument(recorded: RecordedInstrument, venue: string): Instrument {
  const { symbol: venueSymbol, base, quote, priceDecimals, sizeDecimals } = recorded;
  const delivery = /_(\d+)$/.exec(venueSymbol)?.[1];
  const pair = delivery === undefined ? `${base}/${quote}` : `${base}/${quote}-${delivery}`;
  const symbol = quote === "" ? venueSymbol : pair;
  return {
    id: `${venue}:${symbol}`,
    venue,
    symbol,
    venueSymbol,
    base,
    quote,
    trading: false,
    priceDecimals,
    sizeDecimals,
    tickIncrement: 1,
    lotIncrement: 1,
    minLots: 1,
    maxLots: Number.MAX_SAFE_INTEGER,
    minNotional: 0n,
  };
}
