import type { Clock } from "@pitlane/perf";
import { Journal } from "./journal/journal.ts";
import { VERSION } from "./version.ts";

/** What a stream said, or that it has a hole. */
export interface StreamEvent {
  readonly kind: string;
  /** When it reached us, wall time in microseconds. */
  readonly receivedAtUs: number;
}

export interface EventRecorderOptions {
  /** File to begin; its folder is made when missing. */
  readonly journalPath: string;
  readonly venue: string;
  /** What is recorded, for people: names of rooms and streams. */
  readonly sources: readonly string[];
  readonly clock: Clock;
  readonly onFault: (message: string) => void;
}

/** What was recorded. */
export interface EventTally {
  readonly path: string;
  readonly events: number;
  readonly gaps: number;
  readonly resyncs: number;
  /** Frames that could not be read and connections that were lost, as the client told. */
  readonly errors: number;
  readonly bytes: number;
  readonly headHash: string;
  /** Events by stream and kind. */
  readonly kinds: Readonly<Record<string, number>>;
}

const COMMIT_MS = 250;

/**
 * Records the events of a venue that has no order books but streams of its own: each as a row of JSON, `STREAM.KIND`, in a hash-chained
 * journal, safe from a kill but for the last quarter of a second. Fields keep the names and units that the client gives them.
 *
 * @example
 * const recorder = new EventRecorder({ journalPath: "tape/journal.db", venue: "axiom", sources: ["new_pairs"], clock, onFault });
 * recorder.open();
 * const stream = axiom.stream.rooms({ rooms: ["new_pairs"], onEvent: (event) => recorder.write("rooms", event), onError });
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #kinds = new Map<string, number>();
  #journal: Journal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #events = 0;
  #gaps = 0;
  #resyncs = 0;
  #errors = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Events written so far. */
  get events(): number {
    return this.#events;
  }

  /** Begins the journal. @throws {InvalidInputError} When it exists. */
  open(): void {
    const { journalPath, clock, venue, sources, onFault } = this.#options;
    const journal = Journal.create({ path: journalPath, clock });
    this.#journal = journal;
    journal.append("record.start", { version: VERSION, node: process.version, venue, sources });
    journal.commit();
    this.#timer = setInterval(() => {
      try {
        journal.commit();
      } catch (error) {
        onFault((error as Error).message); // the queue is kept; the next commit tries again
      }
    }, COMMIT_MS);
  }

  /** Takes an event of a stream; its monotonic time, which means nothing later, is left out. */
  write(stream: string, event: StreamEvent): void {
    const { kind, receivedNs: _receivedNs, ...body } = event as StreamEvent & { readonly receivedNs?: number };
    const name = `${stream}.${kind}`;
    this.#kinds.set(name, (this.#kinds.get(name) ?? 0) + 1);
    this.#events++;
    if (kind === "gap") this.#gaps++;
    else if (kind === "resync") this.#resyncs++;
    this.#opened().append(name, body);
  }

  /** Takes what a stream could not read or lost; its words are kept in the journal. */
  fault(stream: string, { name, message }: Error): void {
    this.#errors++;
    this.#opened().append("record.error", { stream, name, message });
    this.#options.onFault(message);
  }

  /** Ends the journal. @throws {JournalError} When the last events cannot be written. */
  close(reason: string): EventTally {
    clearInterval(this.#timer);
    const journal = this.#opened();
    const counts = { events: this.#events, gaps: this.#gaps, resyncs: this.#resyncs, errors: this.#errors };
    journal.append("record.end", { endedBy: reason, ...counts });
    journal.close();
    const { path, bytes, headHash } = journal;
    return { path, ...counts, bytes, headHash, kinds: Object.fromEntries([...this.#kinds].sort()) };
  }

  #opened(): Journal {
    if (this.#journal === undefined) throw new Error("the recorder was not opened");
    return this.#journal;
  }
}
