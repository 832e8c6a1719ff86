import type { Duplex } from "node:stream";
import type { Clock } from "@pitlane/perf";
import { WebSocket } from "ws";

/** Most bytes waiting for one reader, 16 MiB; a slower one is cut off. */
const MOST_BUFFERED_BYTES = 16 * 1024 * 1024;

const PONG_DEADLINE_NS = 60e9;

/**
 * The server's end of one WebSocket, of whatever protocol: bounded sending, pings with a deadline, and the end.
 *
 * A reader that leaves more than 16 MiB unread is cut off: the market does not wait for it, and memory is bounded.
 */
export class Peer {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #awaited = new Map<string, () => void>(); // payload of a ping -> what its pong does
  #pings = 0;
  #keptAliveNs = -1; // when the keep-alive ping that waits for its pong was sent

  constructor(socket: WebSocket, stream: Duplex, clock: Pick<Clock, "monotonicNs">) {
    this.#socket = socket;
    this.#stream = stream;
    this.#clock = clock;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Sends a text frame; nothing once the socket is closing. */
  send(text: string): void {
    if (!this.isOpen) return;
    this.#socket.send(text);
    if (this.#socket.bufferedAmount > MOST_BUFFERED_BYTES) this.#socket.terminate();
  }

  /** Sends a ping, or ends the connection when the last one has waited a minute for its pong. */
  keepAlive(): void {
    if (!this.isOpen) return;
    const nowNs = this.#clock.monotonicNs();
    if (this.#keptAliveNs < 0) {
      this.#keptAliveNs = nowNs;
      this.#ping(() => {
        this.#keptAliveNs = -1;
      });
    } else if (nowNs - this.#keptAliveNs >= PONG_DEADLINE_NS) this.#socket.terminate();
  }

  /** Takes a pong; false when it answers no ping of ours. */
  receivePong(payload: string): boolean {
    const onPong = this.#awaited.get(payload);
    if (onPong === undefined) return false;
    this.#awaited.delete(payload);
    onPong();
    return true;
  }

  /** Lets the frames sent until `uncork` leave in one write. */
  cork(): void {
    this.#stream.cork();
  }

  uncork(): void {
    this.#stream.uncork();
  }

  /** True while the reader is behind by more than the stream's buffer. */
  get isBehind(): boolean {
    return this.isOpen && this.#stream.writableNeedDrain;
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
   * Resolves when the reader has answered a ping sent now, after everything before it, or the connection is gone.
   * @throws The signal's reason when `signal` aborts.
   */
  roundTrip(signal: AbortSignal): Promise<void> {
    return this.#until((done) => {
      if (!this.isOpen) done();
      const payload = this.#ping(done);
      return () => this.#awaited.delete(payload);
    }, signal);
  }

  /** Starts the closing handshake. */
  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  /** Ends the connection at once. */
  terminate(): void {
    this.#socket.terminate();
  }

  #ping(onPong: () => void): string {
    const payload = String(++this.#pings);
    this.#awaited.set(payload, onPong);
    if (this.isOpen) this.#socket.ping(payload);
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
