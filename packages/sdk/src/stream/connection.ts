import { type Clock, integerInRange, type Random } from "@pitlane/perf";
import { backoffMs } from "@pitlane/perf/flow";
import WebSocket from "ws";
import { NetworkError } from "../errors.ts";

export interface ConnectionOptions {
  /** Where to connect, with path and query. */
  readonly url: string;
  /** Called on every open, before the first message. */
  readonly onOpen: () => void;
  /** Called for every text frame, synchronously from the socket, with the moment it reached us. Must not throw. */
  readonly onMessage: (text: string, receivedAtUs: number, receivedNs: number) => void;
  /** Called once for every open socket that is lost, before any attempt to reconnect; not after `close`. */
  readonly onLost: (reason: string) => void;
  /** Every loss and every failed attempt. The connection goes on by itself. */
  readonly onError: (error: NetworkError) => void;
  /** Limit for connecting, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** A socket that brought nothing for this long, not even a ping, is dead, in milliseconds; 10 to 3,600,000, default 75,000. */
  readonly silenceMs?: number;
  readonly clock: Clock;
  readonly random: Pick<Random, "next">;
}

const SILENCE_MS = 75_000; // Binance pings every 20 s and gives up after 60 s without an answer
const BACKOFF = { baseMs: 250, capMs: 30_000 } as const;
const STEADY_NS = 10e9; // a socket that lived this long clears the count of failures
const CLOSE_GRACE_MS = 1_000; // how long a peer gets to answer our close frame
const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/**
 * One WebSocket that stays: it reconnects with full-jitter backoff, 250 ms to 30 s, until closed. Pings are answered; a socket
 * that is silent for `silenceMs` is given up. What was sent over it is not repeated: `onOpen` says it again.
 *
 * @example
 * const connection = new Connection({ url, onOpen, onMessage, onLost, onError, connectTimeoutMs: 5_000, clock, random });
 * await connection.close();
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #silenceMs: number;
  readonly #stop = new AbortController();
  #socket: WebSocket | undefined;
  #isOpen = false;
  #attempt = 0;
  #openedNs = 0;
  #heardNs = 0;
  #silenceTimer: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;

  /** Starts connecting at once. @throws {InvalidInputError} When `silenceMs` is out of range. */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#silenceMs = integerInRange("silenceMs", options.silenceMs ?? SILENCE_MS, 10, 3_600_000);
    this.#connect();
  }

  /** Sends a text frame; false when the socket is not open. */
  trySend(text: string): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(text);
    return true;
  }

  /** Gives up the present socket and connects anew, as after a loss; not before `afterMs` milliseconds. */
  restart(reason: string, afterMs = 0): void {
    if (this.#socket !== undefined) this.#lose(this.#socket, reason, afterMs);
  }

  /** Closes for good; resolves when the socket is gone. Nothing is called back afterwards. */
  close(): Promise<void> {
    this.#closed ??= this.#shut();
    return this.#closed;
  }

  #connect(): void {
    const { url, connectTimeoutMs, onOpen, onMessage, clock } = this.#options;
    const options: WebSocket.ClientOptions & { readonly closeTimeout: number } = {
      perMessageDeflate: false, // compression costs more time than it saves on these small frames
      handshakeTimeout: connectTimeoutMs,
      maxPayload: MAX_FRAME_BYTES,
      closeTimeout: CLOSE_GRACE_MS, // newer than its types
    };
    const socket = new WebSocket(url, options);
    this.#socket = socket;
    let error: Error | undefined;

    socket.on("open", () => {
      if (this.#socket !== socket) return;
      this.#openedNs = clock.monotonicNs();
      this.#heardNs = this.#openedNs;
      this.#isOpen = true;
      this.#watch(socket, this.#silenceMs);
      onOpen();
    });
    socket.on("message", (data: Buffer) => {
      const receivedNs = clock.monotonicNs();
      const receivedAtUs = clock.nowUs();
      if (this.#socket !== socket) return;
      this.#heardNs = receivedNs;
      onMessage(data.toString("utf8"), receivedAtUs, receivedNs);
    });
    socket.on("ping", () => {
      this.#heardNs = clock.monotonicNs();
    });
    socket.on("error", (cause) => {
      error = cause; // "close" always follows
    });
    socket.on("close", (code, reason) => {
      if (this.#socket !== socket) return;
      const words = code === 1006 ? "cut off" : `closed by the venue (${[code, reason].join(" ").trim()})`;
      this.#lost(error?.message ?? words, error, 0);
    });
  }

  /** Drops a socket that is of no use any more, without waiting for its peer. */
  #lose(socket: WebSocket, reason: string, afterMs: number): void {
    this.#socket = undefined;
    socket.terminate();
    this.#lost(reason, undefined, afterMs);
  }

  #lost(reason: string, cause: Error | undefined, afterMs: number): void {
    const { url, onLost, onError, clock } = this.#options;
    const wasOpen = this.#isOpen;
    if (wasOpen && clock.monotonicNs() - this.#openedNs >= STEADY_NS) this.#attempt = 0;
    this.#socket = undefined;
    this.#isOpen = false;
    clearTimeout(this.#silenceTimer);
    if (wasOpen) onLost(reason);
    const message = `${new URL(url).host} ${wasOpen ? "was lost" : "could not be connected"}: ${reason}`;
    onError(new NetworkError(message, { outcome: wasOpen ? "unknown" : "unsent", cause }));
    if (!this.#stop.signal.aborted) void this.#reconnectLater(afterMs);
  }

  async #reconnectLater(afterMs: number): Promise<void> {
    const { clock, random } = this.#options;
    try {
      const delayMs = backoffMs(this.#attempt++, { ...BACKOFF, random });
      await clock.sleep(Math.max(delayMs, afterMs), this.#stop.signal);
    } catch (error) {
      if (this.#stop.signal.aborted) return; // closed meanwhile
      throw error;
    }
    this.#connect();
  }

  #watch(socket: WebSocket, inMs: number): void {
    this.#silenceTimer = setTimeout(() => {
      const silentMs = (this.#options.clock.monotonicNs() - this.#heardNs) / 1e6;
      if (silentMs >= this.#silenceMs) this.#lose(socket, `nothing was heard for ${Math.floor(silentMs)} ms`, 0);
      else this.#watch(socket, Math.ceil(this.#silenceMs - silentMs));
    }, inMs);
  }

  async #shut(): Promise<void> {
    this.#stop.abort(new Error("closed"));
    clearTimeout(this.#silenceTimer);
    const socket = this.#socket;
    this.#socket = undefined; // its events are not ours any more
    if (socket === undefined) return;
    await new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
      socket.close(1000);
    });
  }
}
