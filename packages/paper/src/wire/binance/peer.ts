import type { Duplex } from "node:stream";
import type { Clock } from "@pitlane/perf";
import { WebSocket } from "ws";

/** Most bytes waiting for one reader, 16 MiB; a slower one is cut off. */
export const MOST_BUFFERED_BYTES = 16 * 1024 * 1024;

const PONG_DEADLINE_NS = 60e9;
const ROUND_TRIP = "after:";

/**
 * The server's end of one WebSocket, of whatever protocol: bounded sending, pings with a deadline, and the end.
 *
 * A reader that leaves more than 16 MiB unread is cut off: the market does not wait for it, and memory is bounded.
 */
export class Peer {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #clock: Pick<Clock, "monotonicNs">;
  #pingedNs = -1; // when the ping that waits for its pong was sent
  #pings = 0;

  constructor(socket: WebSocket, stream: Duplex, clock: Pick<Clock, "monotonicNs">) {
    this.#socket = socket;
    this.#stream = stream;
    this.#clock = clock;
    socket.on("pong", () => {
      this.#pingedNs = -1;
    });
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
    if (this.#pingedNs >= 0) {
      if (nowNs - this.#pingedNs >= PONG_DEADLINE_NS) this.#socket.terminate();
      return;
    }
    this.#pingedNs = nowNs;
    this.#socket.ping(String(++this.#pings));
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

  /** Resolves when the reader has caught up, or the connection is gone. */
  caughtUp(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.isBehind) return resolve();
      const done = () => {
        this.#stream.off("drain", done);
        this.#stream.off("close", done);
        resolve();
      };
      this.#stream.on("drain", done);
      this.#stream.on("close", done);
    });
  }

  /** True for the pong to a ping of `roundTrip`: how many of those there are is our doing, not the reader's. */
  isRoundTrip(pong: Buffer): boolean {
    return pong.toString("latin1").startsWith(ROUND_TRIP);
  }

  /** Resolves when the reader has answered a ping sent now, after everything before it, or the connection is gone. */
  roundTrip(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.isOpen) return resolve();
      const payload = `${ROUND_TRIP}${++this.#pings}`;
      const done = () => {
        this.#socket.off("pong", onPong);
        this.#socket.off("close", done);
        resolve();
      };
      const onPong = (data: Buffer) => {
        if (data.toString() === payload) done();
      };
      this.#socket.on("pong", onPong);
      this.#socket.on("close", done);
      this.#socket.ping(payload);
    });
  }

  /** Starts the closing handshake. */
  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  /** Ends the connection at once. */
  terminate(): void {
    this.#socket.terminate();
  }
}
