import { InvalidInputError } from "@pitlane/perf";
import { checkList } from "../../checks.ts";
import { ProtocolError } from "../../errors.ts";
import type { EndpointChoice } from "../../region/endpoints.ts";
import type { Connection } from "../../stream/connection.ts";
import type { Link } from "../../stream/link.ts";
import { Settlement } from "../../stream/settlement.ts";
import { type SubscriptionDialect, Subscriptions } from "../../stream/subscriptions.ts";
import { offAbort, onAbort } from "../../transport/on-abort.ts";
import { EventFeed, type FeedOptions } from "./event-feed.ts";
import { type ReadRoom, type RoomEvent, readerOf } from "./room-events.ts";
import { checkRoom } from "./rooms.ts";
import { isPong, openSocket, type SocketParts, VENUE_PING } from "./socket.ts";

export interface RoomStreamOptions extends FeedOptions<RoomEvent> {
  /** Names of rooms: `axiomRooms` makes them, any other name may be joined too. At most 500 in all; default none. */
  readonly rooms?: readonly string[];
}

/** Rooms of the cluster socket. */
export interface RoomStream extends AsyncIterable<RoomEvent> {
  /** Resolves when the socket is open and has been asked for all rooms; rejects when closed before that. */
  readonly ready: Promise<void>;
  /** The rooms that are wanted now. */
  readonly rooms: ReadonlySet<string>;
  /** @throws {InvalidInputError} When a name cannot be one, or there would be too many. */
  join(...rooms: readonly string[]): void;
  leave(...rooms: readonly string[]): void;
  /** Closes for good: no event after it resolves. */
  close(): Promise<void>;
}

const MOST_ROOMS = 500; // ours: what the venue allows is not known

// One room a message, no answer to any. The pace is ours: the site joins all of its rooms at once.
const DIALECT: SubscriptionDialect = {
  namesPerMessage: 1,
  pace: { messages: 50, windowMs: 1_000 },
  subscribe: ([room]) => JSON.stringify({ action: "join", room }),
  unsubscribe: ([room]) => JSON.stringify({ action: "leave", room }),
};

/**
 * Opens a cluster socket and joins rooms.
 *
 * The venue numbers nothing, repeats nothing and confirms no join. So every loss of the socket is a hole: a `gap` names the rooms at
 * once, and a `resync` follows when they have been asked for again; what was said in between is lost for good. What a room sends that
 * has not the known form goes to `onError` and is a `gap` too, which nothing ends: there is nothing to fetch. What comes of a room that
 * is not known is an event of kind `unknown`.
 *
 * @throws {InvalidInputError} When an option breaks its rule; nothing was opened then.
 */
export function openRoomStream(options: RoomStreamOptions, endpoints: EndpointChoice, parts: SocketParts): RoomStream {
  return new AxiomRoomStream(options, endpoints, parts);
}

class AxiomRoomStream implements RoomStream {
  readonly #parts: SocketParts;
  readonly #feed: EventFeed<RoomEvent>;
  readonly #subscriptions: Subscriptions;
  readonly #connection: Connection;
  readonly #readers = new Map<string, ReadRoom>();
  readonly #ready = new Settlement();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal | undefined;
  #lostRooms: readonly string[] | undefined; // between a gap and its resync
  #isReady = false;
  #closed: Promise<void> | undefined;

  constructor(options: RoomStreamOptions, endpoints: EndpointChoice, parts: SocketParts) {
    checkList("rooms", options.rooms ?? []);
    const rooms = Array.from(options.rooms ?? [], (room, index) => checkRoom(`rooms[${index}]`, room));
    checkCount(new Set(rooms).size);
    options.signal?.throwIfAborted();
    this.#parts = parts;
    this.#signal = options.signal;
    this.#feed = new EventFeed(
      options,
      (reason, next) => this.#overflowed(reason, next),
      () => this.close(),
    );
    const onError = (error: Error) => this.#feed.report(error);
    this.#subscriptions = new Subscriptions({ dialect: DIALECT, names: rooms, onError, clock: parts.clock });
    const events = {
      onOpen: (link: Link) => {
        this.#subscriptions.opened(link);
        this.#whenJoined();
      },
      onFrame: (data: Buffer, isBinary: boolean, atUs: number, ns: number, link: Link) => {
        if (link.isCurrent) this.#onFrame(data, isBinary, atUs, ns);
      },
      onLost: (reason: string, link: Link) => this.#onLost(reason, link),
      onError,
      onTick: () => {
        this.#subscriptions.check();
        this.#whenJoined();
      },
    };
    this.#connection = openSocket(endpoints, VENUE_PING, events, parts, this.#stop.signal);
    onAbort(this.#signal, this.#onAbort);
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get rooms(): ReadonlySet<string> {
    return this.#subscriptions.wanted;
  }

  join(...rooms: readonly string[]): void {
    const names = rooms.map((room, index) => checkRoom(`rooms[${index}]`, room));
    checkCount(new Set([...this.rooms, ...names]).size);
    this.#subscriptions.add(names);
  }

  leave(...rooms: readonly string[]): void {
    this.#subscriptions.remove(rooms);
    for (const room of rooms) this.#readers.delete(room);
  }

  [Symbol.asyncIterator](): AsyncIterator<RoomEvent, undefined> {
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
    this.#ready.reject(new Error("the stream was closed before it had joined its rooms"));
    this.#feed.end();
    await this.#connection.close();
    this.#parts.onClose();
  }

  #onFrame(data: Buffer, isBinary: boolean, receivedAtUs: number, receivedNs: number): void {
    if (!this.#isReady) this.#whenJoined();
    if (isPong(data, isBinary)) return;
    let room: string | undefined;
    try {
      const message = parseRoomMessage(data);
      room = message.room;
      for (const content of this.#readerOf(room)(message.content)) {
        this.#feed.push({ room, receivedAtUs, receivedNs, ...content });
      }
    } catch (error) {
      this.#feed.report(error);
      const rooms = room === undefined ? [...this.rooms] : [room];
      const reason = error instanceof Error ? error.message : String(error);
      if (rooms.length > 0)
        this.#feed.push({ kind: "gap", cause: "undecodable", rooms, reason, receivedAtUs, receivedNs });
    }
  }

  /** Only rooms that are wanted have a place: a venue that sends others cannot make the map grow. */
  #readerOf(room: string): ReadRoom {
    const known = this.#readers.get(room);
    if (known !== undefined) return known;
    const reader = readerOf(room);
    if (this.rooms.has(room)) this.#readers.set(room, reader);
    return reader;
  }

  #onLost(reason: string, link: Link): void {
    this.#subscriptions.lost(link);
    this.#isReady = false;
    if (this.#lostRooms !== undefined || this.rooms.size === 0) return;
    this.#lostRooms = [...this.rooms];
    this.#feed.push({ kind: "gap", cause: "lost", rooms: this.#lostRooms, reason, ...this.#now() });
  }

  #whenJoined(): void {
    if (this.#isReady || !this.#connection.isReady) return;
    this.#isReady = true;
    this.#ready.resolve();
    const rooms = this.#lostRooms;
    this.#lostRooms = undefined;
    if (rooms !== undefined) this.#feed.push({ kind: "resync", rooms, ...this.#now() });
  }

  #overflowed(reason: string, { receivedAtUs, receivedNs }: RoomEvent): RoomEvent {
    return { kind: "gap", cause: "overflow", rooms: [...this.rooms], reason, receivedAtUs, receivedNs };
  }

  #now() {
    const { clock } = this.#parts;
    return { receivedAtUs: clock.nowUs(), receivedNs: clock.monotonicNs() };
  }
}

/** A message without a room, which was never seen, is one of the room "". */
export function parseRoomMessage(data: Buffer): { readonly room: string; readonly content: unknown } {
  let message: unknown;
  try {
    message = JSON.parse(data.toString("utf8"));
  } catch {
    throw new ProtocolError(`a frame of the cluster socket is no JSON: ${data.length} bytes`);
  }
  if (typeof message === "object" && message !== null && "room" in message && typeof message.room === "string") {
    return { room: message.room, content: "content" in message ? message.content : null };
  }
  return { room: "", content: message };
}

function checkCount(count: number): void {
  if (count > MOST_ROOMS) throw new InvalidInputError(`rooms must be at most ${MOST_ROOMS}, got ${count}`);
}
