import type { Clock } from "@pitlane/perf";
import type { Endpoint } from "../region/endpoints.ts";
import type { Keepalive, LinkKeeper } from "./keepalive.ts";
import type { HandshakeAnswer } from "./ws-handshake.ts";
import { ClientSocket, type SocketOptions } from "./ws-socket.ts";

/** One open socket of a connection, as those see it who talk over it. */
export interface Link {
  readonly endpoint: Endpoint;
  /** False for a successor that has not taken over yet, and for a socket that was left. */
  readonly isCurrent: boolean;
  /** `ready` was called. */
  readonly isReady: boolean;
  /** Sends a text frame; false when the socket is not open any more. */
  trySend(text: string): boolean;
  /** What it was opened for is subscribed: a successor takes over now. Later calls do nothing. */
  ready(): void;
  /** Gives the socket up, as after a loss; no new one before `afterMs` milliseconds. */
  drop(reason: string, afterMs?: number): void;
}

/** Pings of the protocol. */
export interface PingOptions {
  /** In milliseconds, 10 to 3,600,000. */
  readonly everyMs: number;
  /** Without an answer for this long the socket is dead, in milliseconds, 10 to 600,000. */
  readonly withinMs: number;
  /**
   * For sockets that are rarely silent: one goes out also when nothing was heard for this long, and when that is not answered for as
   * long again, a successor is opened at another endpoint, in milliseconds, 10 to 3,600,000. Default: neither.
   */
  readonly quietMs?: number;
}

/** How a socket ended. */
export interface LinkEnd {
  readonly reason: string;
  readonly cause: Error | undefined;
  readonly wasOpen: boolean;
  /** Of a refused handshake, HTTP. */
  readonly status: number | undefined;
  /** How long to stay away: asked by the venue or by `drop`, in milliseconds. */
  readonly afterMs: number;
  /** Says something of the endpoint: no connection, no answer, a gateway's error; not that we were refused or sent away. */
  readonly isItsFault: boolean;
  /** Its endpoint was given up by those who watch it. */
  readonly isEndpointDown: boolean;
}

/** The end of a socket that was never open, and says nothing of its endpoint. */
export function linkEnd(reason: string, cause: Error | undefined): LinkEnd {
  return {
    reason,
    cause,
    wasOpen: false,
    status: undefined,
    afterMs: 0,
    isItsFault: false,
    isEndpointDown: false,
  };
}

/** What all sockets of a connection have in common. */
export interface LinkOptions {
  readonly connectTimeoutMs: number;
  readonly silenceMs: number;
  readonly ping: PingOptions | undefined;
  readonly keepalive: Keepalive | undefined;
  readonly maxFrameBytes: number;
  readonly closeTimeoutMs: number;
  readonly clock: Pick<Clock, "nowUs" | "monotonicNs">;
  readonly onOpen: (link: SocketLink) => void;
  readonly onReady: (link: SocketLink) => void;
  /** `data` is valid only during the call. */
  readonly onFrame: (data: Buffer, isBinary: boolean, receivedAtUs: number, receivedNs: number, link: Link) => void;
  /** It has gone quiet, and may be dead. */
  readonly onSuspect: (link: SocketLink) => void;
  /** Once for every socket, however it ended, except by `close`. */
  readonly onEnd: (link: SocketLink, end: LinkEnd) => void;
}

const ANSWER_WITHIN_MS = 10_000; // of a keepalive, where no pings are sent
// Close codes by which a server says that it is the one in trouble: RFC 6455, 7.4.1, and the IANA registry.
const ITS_FAULT = new Set([1006, 1011, 1012, 1013, 1014]);

/**
 * One WebSocket from the handshake to its end: frames with the moment of their arrival, pings, keepalives, silence. It owns one
 * timer while it connects and none after that: `tick` is called by its connection.
 */
export class SocketLink implements Link {
  readonly endpoint: Endpoint;
  readonly #options: LinkOptions;
  readonly #socket: ClientSocket;
  #connectTimer: NodeJS.Timeout | undefined;
  #isOpen = false;
  #isOver = false;
  #isReady = false;
  #heardNs = 0;
  #pingedNs = 0; // last ping sent
  #isPongDue = false;
  #isSuspect = false; // told, of the present ping
  readonly #keeper: LinkKeeper | undefined;
  #originUs = 0; // wall time of the monotonic clock's zero: one reading serves both times of what is read
  /** Written by its connection. */
  isCurrent = false;
  readonly dialedNs: number;
  openedNs = 0;

  /** Starts connecting. @throws {SyntaxError | TypeError} When the URL or a header cannot be sent. */
  constructor(
    endpoint: Endpoint,
    target: string,
    headers: Readonly<Record<string, string>> | undefined,
    options: LinkOptions,
  ) {
    this.endpoint = endpoint;
    this.#options = options;
    this.#keeper = options.keepalive?.(this);
    const { connectTimeoutMs, maxFrameBytes: maxBytes, closeTimeoutMs } = options;
    this.#socket = this.#open(endpoint.url + target, { headers, maxBytes, closeTimeoutMs });
    this.dialedNs = options.clock.monotonicNs();
    this.#connectTimer = setTimeout(() => {
      this.blame(`it took more than ${connectTimeoutMs} ms`);
    }, connectTimeoutMs);
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.#isOver;
  }

  trySend(text: string): boolean {
    return !this.#isOver && this.#socket.trySend(text);
  }

  ready(): void {
    if (this.#isReady || !this.isOpen) return;
    this.#isReady = true;
    this.#options.onReady(this);
  }

  drop(reason: string, afterMs = 0): void {
    this.#end(reason, { afterMs });
  }

  /** As `drop`, when the endpoint is the reason. */
  blame(reason: string): void {
    this.#end(reason, { isItsFault: true });
  }

  /** As `drop`, when those who watch the endpoint gave it up. */
  leaveEndpoint(reason: string): void {
    this.#end(reason, { isEndpointDown: true });
  }

  /** Ends it with a close frame; resolves when it is gone, after `closeTimeoutMs` at the latest. Its frames are not delivered any more. */
  close(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#connectTimer);
    return this.#socket.close(1000);
  }

  /** Judges silence, and sends what is due. */
  tick(nowNs: number): void {
    if (!this.isOpen) return;
    const { silenceMs, ping, clock, onSuspect } = this.#options;
    this.#originUs = clock.nowUs() - clock.monotonicNs() / 1000;
    const silentMs = (nowNs - this.#heardNs) / 1e6;
    if (silentMs >= silenceMs) return this.blame(`nothing was heard for ${Math.floor(silentMs)} ms`);
    const withinMs = ping?.withinMs ?? ANSWER_WITHIN_MS;
    if (ping !== undefined) {
      const { everyMs, quietMs = Number.POSITIVE_INFINITY } = ping;
      const sinceMs = (nowNs - this.#pingedNs) / 1e6;
      if (!this.#isPongDue) {
        if (sinceMs >= everyMs || silentMs >= quietMs) {
          this.#pingedNs = nowNs;
          this.#isPongDue = true;
          this.#isSuspect = false;
          this.#socket.tryPing();
        }
      } else if (sinceMs >= withinMs) return this.blame(`a ping got no answer in ${withinMs} ms`);
      else if (sinceMs >= quietMs && silentMs >= quietMs && !this.#isSuspect) {
        this.#isSuspect = true;
        onSuspect(this);
      }
    }
    this.#keeper?.tick(nowNs, withinMs);
  }

  #open(url: string, options: SocketOptions): ClientSocket {
    const { clock, onOpen, onFrame } = this.#options;
    const keeper = this.#keeper;
    let readNs = 0; // when the bytes came that are read now; as a field it would be made anew for every frame
    let readAtUs = 0;
    return new ClientSocket(url, options, {
      onOpen: () => {
        clearTimeout(this.#connectTimer);
        this.#originUs = clock.nowUs() - clock.monotonicNs() / 1000;
        const nowNs = clock.monotonicNs();
        this.openedNs = nowNs;
        this.#heardNs = nowNs;
        this.#pingedNs = nowNs;
        keeper?.opened(nowNs);
        this.#isOpen = true;
        onOpen(this);
      },
      // Frames that were read together came together: what each waits for those before it is part of its latency.
      onRead: () => {
        readNs = clock.monotonicNs();
        readAtUs = Math.round(this.#originUs + readNs / 1000);
        this.#heardNs = readNs;
      },
      onMessage: (data, isBinary) => {
        if (this.#isOver || keeper?.tryTake(data, isBinary)) return;
        onFrame(data, isBinary, readAtUs, readNs, this);
      },
      onPong: () => {
        this.#isPongDue = false;
      },
      onRefused: (answer) => this.#onRefused(answer),
      onClose: (code, reason, cause) => {
        const words = code === 1006 ? "cut off" : `closed by the venue (${[code, reason].join(" ").trim()})`;
        // An error for several addresses has no words of its own.
        const said = cause === undefined ? words : cause.message || String((cause as NodeJS.ErrnoException).code);
        this.#end(said, { cause, isItsFault: ITS_FAULT.has(code) });
      },
    });
  }

  #onRefused({ status, headers }: HandshakeAnswer): void {
    const seconds = Number(headers.get("retry-after"));
    const isOurs = status >= 400 && status < 500 && status !== 404; // 404: a gateway that knows no such service
    this.#end(`the handshake was answered with HTTP ${status}`, {
      status,
      afterMs: seconds > 0 ? seconds * 1000 : 0,
      isItsFault: !isOurs,
    });
  }

  #end(reason: string, more: Partial<LinkEnd>): void {
    if (this.#isOver) return;
    const wasOpen = this.#isOpen;
    this.#isOver = true;
    clearTimeout(this.#connectTimer);
    this.#socket.terminate();
    this.#options.onEnd(this, { ...linkEnd(reason, undefined), wasOpen, ...more });
  }
}
