import { ProtocolError } from "../../errors.ts";
import type { EndpointChoice } from "../../region/endpoints.ts";
import type { Connection } from "../../stream/connection.ts";
import type { Link } from "../../stream/link.ts";
import { Settlement } from "../../stream/settlement.ts";
import { EventFeed, type FeedOptions } from "./event-feed.ts";
import { isPong, openSocket, PING, type SocketParts } from "./socket.ts";
import type { MoreColumns } from "./wire/read.ts";
import { type EucalyptusTrade, parseEucalyptus } from "./wire/tracked.ts";

interface EucalyptusEventBase {
  /** When the frame reached us, wall time in microseconds. */
  readonly receivedAtUs: number;
  /** The same moment on the monotonic clock. */
  readonly receivedNs: number;
}

/** What the socket said, or the word that some of it is missing for good: it numbers nothing and repeats nothing. */
export type EucalyptusEvent = EucalyptusEventBase &
  (
    | { readonly kind: "trade"; readonly trade: EucalyptusTrade & MoreColumns }
    /** A message that is no row, untouched. */
    | { readonly kind: "unknown"; readonly message: unknown }
    /** `lost`: until the `resync`. `overflow`: a `for await` was too slow, and no `resync` follows. */
    | { readonly kind: "gap"; readonly cause: "lost" | "overflow"; readonly reason: string }
    | { readonly kind: "resync" }
  );

export type EucalyptusStreamOptions = FeedOptions<EucalyptusEvent>;

/** Trades of the wallets that the user tracks. */
export interface EucalyptusStream extends AsyncIterable<EucalyptusEvent> {
  /** Resolves when the socket is open; rejects when closed before that. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

const PING_EVERY_NS = 30e9;

/**
 * Opens the socket that pushes trades of tracked wallets without being asked. Its columns are best effort: see `EucalyptusTrade`.
 *
 * @throws {InvalidInputError} When an option breaks its rule; nothing was opened then.
 */
export function openEucalyptusStream(
  options: EucalyptusStreamOptions,
  endpoints: EndpointChoice,
  parts: SocketParts,
): EucalyptusStream {
  return new AxiomEucalyptusStream(options, endpoints, parts);
}

class AxiomEucalyptusStream implements EucalyptusStream {
  readonly #parts: SocketParts;
  readonly #feed: EventFeed<EucalyptusEvent>;
  readonly #connection: Connection;
  readonly #ready = new Settlement();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal | undefined;
  #isLost = false;
  #pingedNs = 0;
  #closed: Promise<void> | undefined;

  constructor(options: EucalyptusStreamOptions, endpoints: EndpointChoice, parts: SocketParts) {
    options.signal?.throwIfAborted();
    this.#parts = parts;
    this.#signal = options.signal;
    this.#feed = new EventFeed(options, toGap, () => this.close());
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
      onTick: (nowNs: number) => this.#ping(nowNs),
    };
    this.#connection = openSocket(endpoints, false, events, parts, this.#stop.signal);
    this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  [Symbol.asyncIterator](): AsyncIterator<EucalyptusEvent, undefined> {
    return this.#feed.iterate();
  }

  close(): Promise<void> {
    this.#closed ??= this.#shut();
    return this.#closed;
  }

  readonly #onAbort = () => void this.close();

  async #shut(): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#stop.abort(new Error("the stream was closed"));
    this.#ready.reject(new Error("the stream was closed before its socket was open"));
    this.#feed.end();
    await this.#connection.close();
    this.#parts.onClose();
  }

  #onOpen(link: Link): void {
    link.ready();
    this.#pingedNs = this.#parts.clock.monotonicNs();
    this.#ready.resolve();
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#feed.push({ kind: "resync", ...this.#now() });
  }

  /** As the site does; whether this socket answers is not known, so that the pings of the protocol judge it. */
  #ping(nowNs: number): void {
    if (nowNs - this.#pingedNs < PING_EVERY_NS) return;
    this.#pingedNs = nowNs;
    this.#connection.trySend(PING);
  }

  #onFrame(data: Buffer, isBinary: boolean, at: EucalyptusEventBase): void {
    if (isPong(data, isBinary)) return;
    try {
      const message = parseJson(data);
      const rows = toRows(message);
      if (rows === undefined) this.#feed.push({ kind: "unknown", message, ...at });
      else for (const row of rows) this.#feed.push({ kind: "trade", trade: parseEucalyptus(row), ...at });
    } catch (error) {
      this.#feed.report(error);
    }
  }

  #now(): EucalyptusEventBase {
    const { clock } = this.#parts;
    return { receivedAtUs: clock.nowUs(), receivedNs: clock.monotonicNs() };
  }
}

function toGap(dropped: number, { receivedAtUs, receivedNs }: EucalyptusEvent): EucalyptusEvent {
  const reason = `overflow: ${dropped} events were dropped, the consumer is too slow`;
  return { kind: "gap", cause: "overflow", reason, receivedAtUs, receivedNs };
}

/** One row, or a list of rows; undefined for what is neither. */
function toRows(message: unknown): readonly unknown[] | undefined {
  if (!Array.isArray(message)) return undefined;
  return message.length > 0 && message.every(Array.isArray) ? message : [message];
}

function parseJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString("utf8"));
  } catch {
    throw new ProtocolError(`a frame of the eucalyptus socket is no JSON: ${data.length} bytes`);
  }
}
