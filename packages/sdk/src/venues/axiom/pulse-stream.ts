import { decode } from "@msgpack/msgpack";
import { InvalidInputError, integerInRange } from "@pitlane/perf";
import { backoffMs } from "@pitlane/perf/flow";
import { checkFlag, checkObject } from "../../checks.ts";
import { ProtocolError } from "../../errors.ts";
import type { EndpointChoice } from "../../region/endpoints.ts";
import type { Connection } from "../../stream/connection.ts";
import type { Link } from "../../stream/link.ts";
import { Settlement } from "../../stream/settlement.ts";
import { offAbort, onAbort } from "../../transport/on-abort.ts";
import { EventFeed, type FeedOptions } from "./event-feed.ts";
import { type PulseFilter, pulseFilter } from "./pulse-filter.ts";
import { PulseTables, type PulseUpdate } from "./pulse-tables.ts";
import { openSocket, type SocketParts } from "./socket.ts";
import { PULSE_TABLES, type PulseRow, type PulseTable } from "./wire/pulse.ts";
import type { MoreColumns } from "./wire/read.ts";

/** What the venue is told that the user wants to see. */
export interface PulseState {
  readonly tables: Readonly<Record<PulseTable, boolean>>;
  readonly filters: Readonly<Record<PulseTable, PulseFilter>>;
  /** By `ca-` and the token's address; other keys were not seen. The form of an entry is the site's. */
  readonly blacklist: Readonly<Record<string, unknown>>;
  readonly showHiddenPulseTokens: boolean;
  readonly unhideMigrated: boolean;
  readonly pausedPairs: Readonly<Record<string, unknown>>;
}

interface PulseEventBase {
  /** When the frame reached us, wall time in microseconds. */
  readonly receivedAtUs: number;
  /** The same moment on the monotonic clock. */
  readonly receivedNs: number;
}

/**
 * `lost`: the socket was; the tables stay as they were until the next `replaced`. `undecodable`: a frame could not be read, so that the
 * tables lack what it said until the next `replaced`, which is asked for. `overflow`: a `for await` was too slow and events were
 * dropped; the tables are right all the same.
 */
export interface PulseGap {
  readonly kind: "gap";
  readonly cause: "lost" | "undecodable" | "overflow";
  readonly reason: string;
}

export type PulseEvent = PulseEventBase & (PulseUpdate | PulseGap);

export interface PulseStreamOptions extends FeedOptions<PulseEvent> {
  /** What is not given: all tables, filters that let everything pass, nothing hidden. */
  readonly state?: Partial<PulseState>;
  /** Most rows of a table, 1 to 10,000, default 500; beyond that the last in order go. How many the site keeps is not known. */
  readonly mostRows?: number;
}

/** The tables of the Pulse page, live. */
export interface PulseStream extends AsyncIterable<PulseEvent> {
  /** Resolves with the first tables; rejects when closed before that. */
  readonly ready: Promise<void>;
  /** Rows in the order of the site: the newest first, of `finalStretch` those first whose curve is nearest to its end. */
  rows(table: PulseTable): readonly (PulseRow & MoreColumns)[];
  /** False from a loss of the socket, or a frame that could not be read, to the next `replaced`: the tables may be old. */
  readonly isCurrent: boolean;
  /** Changes what is shown: sent now, and with every reconnect. */
  setState(state: Partial<PulseState>): void;
  /** Closes for good: no event after it resolves. */
  close(): Promise<void>;
}

/** The endpoints of a user, whose id decides which server has him. */
export type PulseEndpoints = (userId: string | undefined) => EndpointChoice;

const RETRY = { baseMs: 500, capMs: 30_000 } as const; // of a session that cannot be had, or of tables that cannot be read
const STEADY_NS = 10e9; // tables that were right for this long clear the count of failures

/**
 * Opens the Pulse socket of the session's user and keeps the tables that it tells of.
 *
 * The state goes out on every open, and the venue answers with whole tables: after a loss, told as a `gap`, the tables are right
 * again with the next `replaced`. A frame that cannot be read is such a loss too: another socket is opened for whole tables, after
 * 100 to 500 ms, and up to 30 s while that goes on. Frames are MessagePack or JSON.
 *
 * @throws {InvalidInputError} When an option breaks its rule; nothing was opened then.
 */
export function openPulseStream(
  options: PulseStreamOptions,
  endpoints: PulseEndpoints,
  parts: SocketParts,
): PulseStream {
  return new AxiomPulseStream(options, endpoints, parts);
}

class AxiomPulseStream implements PulseStream {
  readonly #parts: SocketParts;
  readonly #endpoints: PulseEndpoints;
  readonly #feed: EventFeed<PulseEvent>;
  readonly #tables: PulseTables;
  readonly #ready = new Settlement();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal | undefined;
  #state: PulseState;
  #connection: Connection | undefined;
  #isCurrent = false;
  #currentNs = 0; // since when it is
  #isRenewing = false;
  #renewals = 0; // in a row
  #closed: Promise<void> | undefined;

  constructor(options: PulseStreamOptions, endpoints: PulseEndpoints, parts: SocketParts) {
    const { state = {}, mostRows = 500, signal } = options;
    this.#tables = new PulseTables(integerInRange("mostRows", mostRows, 1, 10_000));
    this.#state = { ...DEFAULT_STATE, ...checkState(state) };
    signal?.throwIfAborted();
    this.#parts = parts;
    this.#endpoints = endpoints;
    this.#signal = signal;
    this.#feed = new EventFeed(options, toGap, () => this.close());
    onAbort(signal, this.#onAbort);
    void this.#start();
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  rows(table: PulseTable): readonly (PulseRow & MoreColumns)[] {
    return this.#tables.rows(table);
  }

  setState(state: Partial<PulseState>): void {
    this.#state = { ...this.#state, ...checkState(state) };
    this.#connection?.trySend(JSON.stringify({ type: "userState", state }));
  }

  [Symbol.asyncIterator](): AsyncIterator<PulseEvent, undefined> {
    return this.#feed.iterate();
  }

  close(): Promise<void> {
    this.#closed ??= this.#shut();
    return this.#closed;
  }

  readonly #onAbort = { handleEvent: () => void this.close() };

  /** Which server has the user is known with the session only, so that is waited for. */
  async #start(): Promise<void> {
    const { sessions, clock, random } = this.#parts;
    for (let attempt = 0; ; attempt++) {
      try {
        const { account } = await sessions.get(this.#stop.signal);
        if (this.#stop.signal.aborted) return;
        this.#connection = this.#connect(account);
        return;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#feed.report(error);
      }
      try {
        await clock.sleep(Math.max(100, backoffMs(attempt, { ...RETRY, random })), this.#stop.signal);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        throw error;
      }
    }
  }

  #connect(userId: string | undefined): Connection {
    const events = {
      onOpen: (link: Link) => {
        link.trySend(JSON.stringify({ type: "userState", state: this.#state }));
        link.ready();
      },
      onFrame: (data: Buffer, isBinary: boolean, receivedAtUs: number, receivedNs: number, link: Link) => {
        if (link.isCurrent) this.#onFrame(data, isBinary, { receivedAtUs, receivedNs });
      },
      onLost: (reason: string) => this.#onLost(reason),
      onError: (error: Error) => this.#feed.report(error),
    };
    return openSocket(this.#endpoints(userId), undefined, events, this.#parts, this.#stop.signal);
  }

  async #shut(): Promise<void> {
    offAbort(this.#signal, this.#onAbort);
    this.#stop.abort(new Error("the stream was closed"));
    this.#ready.reject(new Error("the stream was closed before its tables came"));
    this.#feed.end();
    this.#isCurrent = false;
    await this.#connection?.close();
    this.#parts.onClose();
  }

  #onFrame(data: Buffer, isBinary: boolean, at: PulseEventBase): void {
    let updates: readonly PulseUpdate[];
    try {
      updates = this.#tables.apply(parsePulseFrame(data, isBinary));
    } catch (error) {
      this.#feed.report(error);
      this.#onUnreadable(error instanceof Error ? error.message : String(error), at);
      return;
    }
    for (const update of updates) {
      if (update.kind === "replaced") {
        if (!this.#isCurrent) this.#currentNs = at.receivedNs;
        this.#isCurrent = true;
        this.#ready.resolve();
      } else if (update.kind === "unblocked") this.#unblock(update.tokenAddress);
      this.#feed.push({ ...at, ...update });
    }
  }

  #onUnreadable(reason: string, at: PulseEventBase): void {
    if (this.#isCurrent && at.receivedNs - this.#currentNs >= STEADY_NS) this.#renewals = 0;
    this.#outdate("undecodable", reason, at);
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    void this.#renew();
  }

  /** Another socket brings whole tables. At once would be a storm where every frame is bad. */
  async #renew(): Promise<void> {
    const { clock, random } = this.#parts;
    const waitMs = Math.max(100, backoffMs(this.#renewals++, { ...RETRY, random }));
    try {
      await clock.sleep(waitMs, this.#stop.signal);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      throw error;
    }
    this.#isRenewing = false;
    if (!this.#isCurrent) this.#connection?.recycle();
  }

  #unblock(tokenAddress: string): void {
    const { [`ca-${tokenAddress}`]: _, ...blacklist } = this.#state.blacklist;
    this.#state = { ...this.#state, blacklist };
  }

  #onLost(reason: string): void {
    const { clock } = this.#parts;
    this.#outdate("lost", reason, { receivedAtUs: clock.nowUs(), receivedNs: clock.monotonicNs() });
  }

  #outdate(cause: PulseGap["cause"], reason: string, at: PulseEventBase): void {
    if (!this.#isCurrent) return;
    this.#isCurrent = false;
    this.#feed.push({ ...at, kind: "gap", cause, reason });
  }
}

const OPEN = pulseFilter();
const DEFAULT_STATE: PulseState = {
  tables: { newPairs: true, finalStretch: true, migrated: true },
  filters: { newPairs: OPEN, finalStretch: OPEN, migrated: OPEN },
  blacklist: {},
  showHiddenPulseTokens: false,
  unhideMigrated: false,
  pausedPairs: {},
};

function checkState(state: Partial<PulseState>): Partial<PulseState> {
  checkObject("state", state);
  for (const name of Object.keys(state)) {
    if (name in DEFAULT_STATE) continue;
    throw new InvalidInputError(`state.${name} is none of ${Object.keys(DEFAULT_STATE).join(", ")}`);
  }
  for (const name of ["tables", "filters", "blacklist", "pausedPairs"] as const) {
    if (state[name] !== undefined) checkObject(`state.${name}`, state[name]);
  }
  for (const name of ["showHiddenPulseTokens", "unhideMigrated"] as const) {
    if (state[name] !== undefined) checkFlag(`state.${name}`, state[name]);
  }
  for (const name of Object.keys(state.tables ?? {})) {
    if (!PULSE_TABLES.includes(name as PulseTable)) {
      throw new InvalidInputError(`state.tables.${name} is none of ${PULSE_TABLES.join(", ")}`);
    }
  }
  return state;
}

function toGap(reason: string, { receivedAtUs, receivedNs }: PulseEvent): PulseEvent {
  return { kind: "gap", cause: "overflow", reason, receivedAtUs, receivedNs };
}

/** @throws {ProtocolError} When it is neither MessagePack, where it is binary, nor JSON. */
export function parsePulseFrame(data: Buffer, isBinary: boolean): unknown {
  try {
    // Copied: bytes within a message would be views of memory that the next frames overwrite.
    return isBinary ? decode(Buffer.from(data)) : JSON.parse(data.toString("utf8"));
  } catch {
    const form = isBinary ? "MessagePack" : "JSON";
    throw new ProtocolError(`a frame of the pulse socket is no ${form}: ${data.length} bytes`);
  }
}
