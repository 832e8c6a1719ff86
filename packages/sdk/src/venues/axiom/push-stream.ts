import { ProtocolError } from "../../errors.ts";
import type { EndpointChoice } from "../../region/endpoints.ts";
import type { Connection } from "../../stream/connection.ts";
import type { Keepalive } from "../../stream/keepalive.ts";
import type { Link } from "../../stream/link.ts";
import { Settlement } from "../../stream/settlement.ts";
import { offAbort, onAbort } from "../../transport/on-abort.ts";
import { EventFeed, type FeedOptions } from "./event-feed.ts";
import { openSocket, type SocketParts } from "./socket.ts";

interface ReceivedAt {
  /** When the frame reached us, wall time in microseconds. */
  readonly receivedAtUs: number;
  /** The same moment on the monotonic clock. */
  readonly receivedNs: number;
}

/** The word that something is missing for good: these sockets number nothing and repeat nothing. */
type Loss =
  /**
   * `lost`: until the `resync`. `undecodable`: one frame could not be read. `overflow`: a `for await` was too slow. No `resync` follows
   * these two.
   */
  | { readonly kind: "gap"; readonly cause: "lost" | "undecodable" | "overflow"; readonly reason: string }
  | { readonly kind: "resync" };

/** What a socket said, or the word that some of it is missing. */
export type PushEvent<C> = ReceivedAt & (C | Loss);

/** A socket that says things without being asked for each. */
export interface PushStream<C> extends AsyncIterable<PushEvent<C>> {
  /** Resolves when the socket is open; rejects when closed before that. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** What is particular to a socket. */
export interface PushSocket<C> {
  /** As errors call it. */
  readonly name: string;
  /** What the venue answers on it; see `openSocket`. */
  readonly keepalive?: Keepalive;
  /** Reads a frame. An error it throws goes to `onError` and is a `gap`, and the stream goes on. */
  readonly read: (data: Buffer, isBinary: boolean) => readonly C[];
  /** Called on every open, before the first frame. */
  readonly onOpen?: (link: Link) => void;
  /** Called about ten times a second. */
  readonly onTick?: (nowNs: number) => void;
}

/**
 * Keeps one such socket open under the client's session, and gives what it says to a feed. Every loss is a `gap`, every open after it a
 * `resync`.
 */
export class PushConnection<C> implements PushStream<C> {
  readonly #parts: SocketParts;
  readonly #feed: EventFeed<PushEvent<C>>;
  readonly #socket: PushSocket<C>;
  readonly #connection: Connection;
  readonly #ready = new Settlement();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal | undefined;
  #isLost = false;
  #closed: Promise<void> | undefined;

  /** @throws {InvalidInputError} When an option breaks its rule; nothing was opened then. */
  constructor(
    options: FeedOptions<PushEvent<C>>,
    socket: PushSocket<C>,
    endpoints: EndpointChoice,
    parts: SocketParts,
  ) {
    options.signal?.throwIfAborted();
    this.#parts = parts;
    this.#socket = socket;
    this.#signal = options.signal;
    this.#feed = new EventFeed<PushEvent<C>>(options, toGap, () => this.close());
    const events = {
      onOpen: (link: Link) => this.#onOpen(link),
      onFrame: (data: Buffer, isBinary: boolean, receivedAtUs: number, receivedNs: number, link: Link) => {
        if (link.isCurrent) this.#onFrame(data, isBinary, { receivedAtUs, receivedNs });
      },
      onLost: (reason: string) => {
        this.#isLost = true;
        this.#feed.push({ kind: "gap", cause: "lost", reason, ...this.#now() });
      },
      onError: (error: Error) => this.#feed.report(error),
      ...(socket.onTick === undefined ? {} : { onTick: socket.onTick }),
    };
    this.#connection = openSocket(endpoints, socket.keepalive, events, parts, this.#stop.signal);
    onAbort(this.#signal, this.#onAbort);
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Sends a text frame; false while no socket is open. */
  trySend(text: string): boolean {
    return this.#connection.trySend(text);
  }

  [Symbol.asyncIterator](): AsyncIterator<PushEvent<C>, undefined> {
    return this.#feed.iterate();
  }

  close(): Promise<void> {
    this.#closed ??= this.#shut();
    return this.#closed;
  }

  readonly #onAbort = { handleEvent: () => void this.close() };

  async #shut(): Promise<void> {
    offAbort(this.#signal, this.#onAbort);
    this.#stop.abort(new Error("the stream was closed"));
    this.#ready.reject(new Error("the stream was closed before its socket was open"));
    this.#feed.end();
    await this.#connection.close();
    this.#parts.onClose();
  }

  #onOpen(link: Link): void {
    link.ready();
    this.#socket.onOpen?.(link);
    this.#ready.resolve();
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#feed.push({ kind: "resync", ...this.#now() });
  }

  #onFrame(data: Buffer, isBinary: boolean, at: ReceivedAt): void {
    try {
      for (const content of this.#socket.read(data, isBinary)) this.#feed.push({ ...content, ...at });
    } catch (error) {
      this.#feed.report(error);
      const reason = error instanceof Error ? error.message : String(error);
      this.#feed.push({ kind: "gap", cause: "undecodable", reason, ...at });
    }
  }

  #now(): ReceivedAt {
    const { clock } = this.#parts;
    return { receivedAtUs: clock.nowUs(), receivedNs: clock.monotonicNs() };
  }
}

/** A frame's JSON. @throws {ProtocolError} When it is none; not showing it. */
export function parseFrame(name: string, data: Buffer): unknown {
  try {
    return JSON.parse(data.toString("utf8"));
  } catch {
    throw new ProtocolError(`a frame of the ${name} socket is no JSON: ${data.length} bytes`);
  }
}

function toGap<C>(reason: string, { receivedAtUs, receivedNs }: PushEvent<C>): PushEvent<C> {
  return { kind: "gap", cause: "overflow", reason, receivedAtUs, receivedNs };
}
