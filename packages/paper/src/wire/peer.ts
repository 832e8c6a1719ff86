import type { Duplex } from "node:stream";
import type { Clock } from "@pitlane/perf";
import { WebSocket } from "ws";
import type { ActiveFault } from "../faults/active-fault.ts";
import type { Conditions } from "../faults/conditions.ts";
import type { Timeline } from "../timeline.ts";
import { performErrand } from "./errand.ts";
import { FrameBatch } from "./frame-batch.ts";
import { type Frame, FrameLine } from "./frame-line.ts";
import type { Errand } from "./protocol.ts";

/** Most bytes waiting for one reader, 16 MiB; a slower one is cut off. */
const MOST_BUFFERED_BYTES = 16 * 1024 * 1024;

const PONG_DEADLINE_NS = 60e9;

export interface PeerOptions {
  readonly clock: Pick<Clock, "monotonicNs">;
  readonly conditions: Conditions;
  readonly timeline: Timeline;
  /** Path of its handshake. */
  readonly path: string;
  /** Bans the client's address. */
  readonly ban: (forMs: number) => void;
  /** Counts so much request weight of the client's address as used, at least. */
  readonly useWeight: (weight: number) => void;
}

/**
 * The server's end of one WebSocket, of whatever protocol: bounded sending, pings with a deadline, and the end. What it sends passes the
 * faults and the distance of its port.
 *
 * A reader that leaves more than 16 MiB unread is cut off: the market does not wait for it, and memory is bounded.
 */
export class Peer {
  /** Path of its handshake, without the query. */
  readonly path: string;
  readonly openedNs: number;
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #options: PeerOptions;
  readonly #line: FrameLine;
  readonly #batch: FrameBatch;
  readonly #awaited = new Map<string, () => void>(); // payload of a ping -> what its pong does
  #pings = 0;
  #keptAliveNs = -1; // when the keep-alive ping that waits for its pong was sent
  #isClosing = false;
  #halts = 0;

  constructor(socket: WebSocket, stream: Duplex, options: PeerOptions) {
    const { clock, conditions, timeline, path } = options;
    this.path = path;
    this.openedNs = clock.monotonicNs();
    this.#socket = socket;
    this.#stream = stream;
    this.#options = options;
    this.#batch = new FrameBatch(stream);
    this.#line = new FrameLine({ conditions, clock, timeline, path, write: (frame) => this.#write(frame) });
  }

  get isOpen(): boolean {
    return !this.#isClosing && this.#socket.readyState === WebSocket.OPEN;
  }

  /**
   * Sends a message, text as text and bytes as binary, with all others of this turn of the event loop in one write; nothing once the
   * socket is closing.
   *
   * @param name What faults may be aimed at: its stream, method, event or room.
   */
  send(data: string | Uint8Array, name: string): void {
    if (!this.isOpen) return;
    if (this.#line.isClear) this.#batch.add(data);
    else this.#line.send({ kind: "message", data, isBinary: typeof data !== "string" }, name);
    this.#cutOffWhenFull();
  }

  /** Performs one request that came over it, as the faults of the moment will have it. @param name Its method. */
  run<A>(name: string, errand: Errand<A>): void {
    const { conditions, timeline, ban, useWeight } = this.#options;
    const treatment = conditions.treatMessage(name, this.path);
    if (treatment === undefined) errand.act((answer) => errand.send(answer));
    else performErrand(errand, treatment, { timeline, ban, useWeight, destroy: () => this.terminate() });
  }

  /** Sends a ping, or ends the connection when the last one has waited a minute for its pong. */
  keepAlive(): void {
    if (!this.isOpen || this.#line.isDead) return;
    const nowNs = this.#options.clock.monotonicNs();
    if (this.#keptAliveNs < 0) {
      this.#keptAliveNs = nowNs;
      this.#ping(() => {
        this.#keptAliveNs = -1;
      });
    } else if (nowNs - this.#keptAliveNs >= PONG_DEADLINE_NS) this.terminate();
  }

  /** Answers a ping of the client's. */
  answerPing(payload: Uint8Array): void {
    if (!this.isOpen || this.#line.isDead) return;
    this.#line.sendControl({ kind: "pong", data: payload });
    this.#cutOffWhenFull();
  }

  /** Takes a pong; false when it answers no ping of ours. */
  receivePong(payload: string): boolean {
    const onPong = this.#awaited.get(payload);
    if (onPong === undefined) return false;
    this.#awaited.delete(payload);
    onPong();
    return true;
  }

  /** True while the reader is behind by more than the stream's buffer. */
  get isBehind(): boolean {
    if (!this.isOpen) return false;
    this.#batch.flush();
    return this.#stream.writableNeedDrain;
  }

  /** Resolves when the reader has caught up, or the connection is gone. @throws The signal's reason when `signal` aborts. */
  caughtUp(signal: AbortSignal): Promise<void> {
    return this.#until((done) => {
      if (!this.isBehind) done();
      this.#stream.on("drain", done);
      return () => this.#stream.off("drain", done);
    }, signal);
  }

  /**
   * Resolves when the reader has answered a ping sent now, after everything before it, or the connection is gone or dead by a fault.
   * @throws The signal's reason when `signal` aborts.
   */
  roundTrip(signal: AbortSignal): Promise<void> {
    return this.#until((done) => {
      if (!this.isOpen || this.#line.isDead) done();
      const payload = this.#ping(done);
      return () => this.#awaited.delete(payload);
    }, signal);
  }

  /** Starts the closing handshake, after everything sent before. */
  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.#isClosing = true;
    this.#line.sendControl({ kind: "close", code, reason });
  }

  /** Ends the connection at once. */
  terminate(): void {
    this.#isClosing = true;
    this.#batch.flush(); // it was sent before
    this.#line.clear();
    this.#socket.terminate();
  }

  /** Neither reads nor writes until as many `resume`; what is sent meanwhile waits. */
  halt(): void {
    this.#halts++;
    if (this.#halts === 1) this.#socket.pause();
    this.#line.halt();
  }

  resume(): void {
    this.#halts--;
    if (this.#halts === 0) this.#socket.resume();
    this.#line.resume();
  }

  /** Loses the frames that `fault`, of kind silent, matches. */
  mute(fault: ActiveFault): void {
    this.#line.mute(fault);
  }

  unmute(fault: ActiveFault): void {
    this.#line.unmute(fault);
  }

  /** Lets out frames that wait to be overtaken. */
  releaseHeld(): void {
    this.#line.releaseHeld();
  }

  /** The connection is gone: nothing waits for it any more. */
  end(): void {
    this.#isClosing = true;
    this.#line.clear();
  }

  #cutOffWhenFull(): void {
    const { bufferedAmount } = this.#socket;
    if (bufferedAmount + this.#batch.bytes + this.#line.waitingBytes > MOST_BUFFERED_BYTES) this.terminate();
  }

  #write(frame: Frame): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#batch.flush();
    switch (frame.kind) {
      case "message":
        this.#socket.send(frame.data, { binary: frame.isBinary });
        return;
      case "ping":
        this.#socket.ping(frame.data);
        return;
      case "pong":
        this.#socket.pong(frame.data);
        return;
      case "close":
        this.#socket.close(frame.code, frame.reason);
    }
  }

  #ping(onPong: () => void): string {
    const payload = String(++this.#pings);
    this.#awaited.set(payload, onPong);
    if (this.isOpen && !this.#line.isDead) this.#line.sendControl({ kind: "ping", data: payload });
    return payload;
  }

  // Waits for what `start` waits for, the end of the connection, or the signal; then takes every listener back.
  async #until(start: (done: () => void) => () => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    let stop = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => reject(signal.reason);
        const onClose = () => resolve();
        signal.addEventListener("abort", onAbort);
        this.#stream.on("close", onClose);
        const stopWaiting = start(resolve);
        stop = () => {
          signal.removeEventListener("abort", onAbort);
          this.#stream.off("close", onClose);
          stopWaiting();
        };
      });
    } finally {
      stop();
    }
  }
}
