import type { ServerResponse } from "node:http";
import type { Writable } from "node:stream";
import type { Clock } from "@pitlane/perf";
import type { Behind, StreamEvents } from "./protocol.ts";
import { jsonText, SECURITY_HEADERS } from "./reply.ts";

/** Most open streams. */
export const MOST_CLIENTS = 50;
/** Events that wait for a slow client, besides the latest sample and market. */
export const MOST_WAITING = 100;
/** A client that has read nothing for so long is dropped. */
const MOST_STALLED_MS = 30_000;
const HEARTBEAT_MS = 15_000;
/** Writes before the event loop turns: a write to a socket takes tens of microseconds, and an order must not wait for those of 50. */
const WRITES_A_TURN = 2;
/** When a browser that lost the stream tries again. */
const RETRY_MS = 2000;

type EventName = keyof StreamEvents;
/** The newest of these says all that older ones did. */
const REPLACED: ReadonlySet<EventName> = new Set(["sample", "market"]);

interface Frame {
  readonly name: EventName;
  readonly bytes: Uint8Array;
}

/**
 * One stream of server-sent events to every open page:
 *
 *     event --written out once--> in turns --> client 1: socket
 *                                              client 2: socket is full --> latest sample, latest market, <= 100 others
 *
 * While a client's socket has not taken what it was given, samples and markets are replaced by newer ones and the oldest of the others are
 * left out: a client holds one event more than its socket's buffer, and those that wait. It is told how many it missed before the next
 * sample, and dropped after 30 s in which it read nothing. So a page that sleeps costs neither memory nor the trading thread's time.
 */
export class PushHub {
  readonly #clients = new Set<Client>();
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #due: { readonly client: Client; readonly frame: Frame }[] = []; // in the order in which they were given
  #turn: NodeJS.Immediate | undefined;
  #nextId = 1;
  #heartbeatNs: number;

  constructor(clock: Pick<Clock, "monotonicNs">) {
    this.#clock = clock;
    this.#heartbeatNs = clock.monotonicNs();
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Instruments that somebody watches. */
  get instruments(): ReadonlySet<string> {
    return new Set([...this.#clients].flatMap(({ instrument }) => instrument ?? []));
  }

  /**
   * Takes a response over: its head is written, and events follow until it is closed.
   *
   * @param instrument Whose market it wants. @returns Undefined when there are too many.
   */
  add(response: ServerResponse, instrument: string | undefined, onGone: () => void): Client | undefined {
    if (this.#clients.size >= MOST_CLIENTS) return undefined;
    const client = new Client(response, instrument, this.#clock.monotonicNs());
    this.#clients.add(client);
    response.on("drain", () => client.flush(this.#clock.monotonicNs()));
    response.on("close", () => {
      this.#clients.delete(client);
      onGone();
    });
    response.on("error", () => response.destroy()); // a reset connection: "close" follows
    response.writeHead(200, {
      ...SECURITY_HEADERS,
      "content-type": "text/event-stream; charset=utf-8",
      "x-accel-buffering": "no",
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
    return client;
  }

  /** Gives an event to all, or to those that watch `instrument`. Written out once, and not at all while nobody would get it. */
  send<Name extends EventName>(name: Name, data: StreamEvents[Name], instrument?: string): void {
    let frame: Frame | undefined;
    for (const client of this.#clients) {
      if (instrument !== undefined && client.instrument !== instrument) continue;
      frame ??= this.#frame(name, data);
      this.#give(client, frame);
    }
  }

  /** Gives an event to one client. */
  sendTo<Name extends EventName>(client: Client, name: Name, data: StreamEvents[Name]): void {
    this.#give(client, this.#frame(name, data));
  }

  /** To be called some times a second: drops who reads nothing, and keeps idle connections from being taken for dead. */
  tick(): void {
    const nowNs = this.#clock.monotonicNs();
    const isDue = nowNs - this.#heartbeatNs >= HEARTBEAT_MS * 1e6;
    if (isDue) this.#heartbeatNs = nowNs;
    for (const client of this.#clients) {
      if (client.isStalled(nowNs)) client.drop();
      else if (isDue) client.beat();
    }
  }

  /** Ends all streams. */
  close(): void {
    clearImmediate(this.#turn);
    this.#due.length = 0;
    for (const client of this.#clients) client.drop();
  }

  #give(client: Client, frame: Frame): void {
    this.#due.push({ client, frame });
    this.#turn ??= setImmediate(() => this.#write());
  }

  /** Some of what is due; the rest after input and output had their turn. */
  #write(): void {
    this.#turn = undefined;
    const nowNs = this.#clock.monotonicNs();
    for (const { client, frame } of this.#due.splice(0, WRITES_A_TURN))
      if (this.#clients.has(client)) client.give(frame, nowNs);
    if (this.#due.length > 0) this.#turn = setImmediate(() => this.#write());
  }

  #frame<Name extends EventName>(name: Name, data: StreamEvents[Name]): Frame {
    return { name, bytes: Buffer.from(`id: ${this.#nextId++}\nevent: ${name}\ndata: ${jsonText(data)}\n\n`) };
  }
}

/** One open stream. */
export class Client {
  readonly instrument: string | undefined;
  readonly #response: Pick<Writable, "write" | "destroy" | "writableLength">;
  readonly #latest = new Map<EventName, Frame>();
  readonly #waiting: Frame[] = [];
  readonly #missed: Record<keyof Behind, number> = { sample: 0, market: 0, alert: 0, log: 0, journal: 0 };
  #isBlocked = false;
  #unsent = 0; // bytes that the socket had not taken when it was last looked at
  #progressNs: number;

  constructor(
    response: Pick<Writable, "write" | "destroy" | "writableLength">,
    instrument: string | undefined,
    nowNs: number,
  ) {
    this.#response = response;
    this.instrument = instrument;
    this.#progressNs = nowNs;
  }

  give(frame: Frame, nowNs: number): void {
    if (!this.#isBlocked) {
      this.#write(frame, nowNs);
      return;
    }
    if (REPLACED.has(frame.name)) {
      if (this.#latest.has(frame.name)) this.#miss(frame.name);
      this.#latest.set(frame.name, frame);
      return;
    }
    if (this.#waiting.length >= MOST_WAITING) {
      const oldest = this.#waiting.shift();
      if (oldest !== undefined) this.#miss(oldest.name);
    }
    this.#waiting.push(frame);
  }

  /** Events that it has not been given yet. */
  get waiting(): number {
    return this.#waiting.length + this.#latest.size;
  }

  /** The socket has taken all it was given. */
  flush(nowNs: number): void {
    this.#isBlocked = false;
    while (!this.#isBlocked) {
      const frame = this.#waiting.shift() ?? this.#takeLatest();
      if (frame === undefined) return;
      this.#write(frame, nowNs);
    }
  }

  /** True when it has taken nothing for too long. */
  isStalled(nowNs: number): boolean {
    const unsent = this.#response.writableLength;
    if (!this.#isBlocked || unsent < this.#unsent) this.#progressNs = nowNs;
    this.#unsent = unsent;
    return nowNs - this.#progressNs > MOST_STALLED_MS * 1e6;
  }

  beat(): void {
    if (!this.#isBlocked) this.#isBlocked = !this.#response.write(": still here\n\n");
  }

  drop(): void {
    this.#response.destroy();
  }

  #write(frame: Frame, nowNs: number): void {
    const behind = frame.name === "sample" ? this.#takeBehind() : undefined;
    if (behind !== undefined) this.#response.write(`event: behind\ndata: ${JSON.stringify(behind)}\n\n`);
    if (this.#response.write(frame.bytes)) return;
    this.#isBlocked = true;
    this.#unsent = this.#response.writableLength;
    this.#progressNs = nowNs;
  }

  #miss(name: EventName): void {
    if (name in this.#missed) this.#missed[name as keyof Behind]++;
  }

  #takeLatest(): Frame | undefined {
    for (const [name, frame] of this.#latest) {
      this.#latest.delete(name);
      return frame;
    }
    return undefined;
  }

  #takeBehind(): Behind | undefined {
    const missed = this.#missed;
    if (Object.values(missed).every((count) => count === 0)) return undefined;
    const behind: Behind = { ...missed };
    for (const name of Object.keys(missed) as (keyof Behind)[]) missed[name] = 0;
    return behind;
  }
}
