import { randomBytes, randomFillSync } from "node:crypto";
import * as net from "node:net";
import * as tls from "node:tls";
import { FrameParser, type FrameSink, maskedFrame, OPCODE } from "./ws-frames.ts";
import { type HandshakeAnswer, problemOf, readAnswer, socketUrl, upgradeRequest } from "./ws-handshake.ts";

/** What a socket tells. It ends with one of `onRefused` and `onClose`, or with `terminate` and no word. */
export interface SocketEvents {
  onOpen(): void;
  /** Bytes came over the open socket. Told before their frames, of which there may be many or none. */
  onRead(): void;
  /** `data` is valid only during the call. */
  onMessage(data: Buffer, isBinary: boolean): void;
  onPong(): void;
  /** The handshake was answered with another status than 101. */
  onRefused(answer: HandshakeAnswer): void;
  /**
   * No frame comes any more: the peer has closed it, or broken the protocol, or the connection is gone.
   * @param code Of the peer's close frame; 1005 where that had none, 1006 where no such frame came.
   */
  onClose(code: number, reason: string, error: Error | undefined): void;
}

export interface SocketOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Largest message, in bytes; a larger one ends the socket. */
  readonly maxBytes: number;
  /** How long the peer gets to answer a close frame and to close the connection, in milliseconds. */
  readonly closeTimeoutMs: number;
  /** Options of node:net and node:tls beside the address: a certificate or a resolver of one's own, say. */
  readonly connect?: (tls.ConnectionOptions & Pick<net.TcpSocketConnectOpts, "lookup" | "family">) | undefined;
}

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2; // our close frame is out, and the peer may still send
const OVER = 3; // all is told
const READ_BYTES = 65_536; // as Node's own reads
const KEY_BYTES = 256; // of 64 frames
const MOST_WAITING_BYTES = 65_536; // a peer that leaves so much unread gets no pongs

/**
 * A client's WebSocket, without compression: RFC 6455. Pings are answered.
 *
 * The connection reads into one buffer, again and again, and a message is handed out where it lies there: no stream, no copy, no
 * promise, and in exchange its bytes are gone after the call. There is no limit for connecting: the owner calls `terminate`.
 *
 * @example
 * const socket = new ClientSocket("wss://stream.example.com/ws", { maxBytes: 2 ** 20, closeTimeoutMs: 5_000 }, events);
 * socket.send("hello"); // in onOpen
 * await socket.close(1000);
 */
export class ClientSocket {
  readonly #events: SocketEvents;
  readonly #closeTimeoutMs: number;
  readonly #key = randomBytes(16).toString("base64");
  readonly #parser: FrameParser;
  readonly #socket: net.Socket;
  readonly #maskKeys = new Uint8Array(KEY_BYTES);
  #masked = KEY_BYTES; // bytes of them that are used up
  #answer = ""; // to the handshake, as far as it came
  #state = CONNECTING;
  #closeTimer: NodeJS.Timeout | undefined;

  /** Starts connecting. @throws {SyntaxError | TypeError} When the URL or a header cannot be sent. */
  constructor(url: string, { headers = {}, maxBytes, closeTimeoutMs, connect }: SocketOptions, events: SocketEvents) {
    this.#events = events;
    this.#closeTimeoutMs = closeTimeoutMs;
    this.#parser = new FrameParser(maxBytes, this.#sink());
    const target = socketUrl(url);
    const request = upgradeRequest(target, headers, this.#key);
    const host = target.hostname.replace(/^\[(.*)\]$/, "$1");
    const isSecure = target.protocol === "wss:";
    const options = {
      ...connect,
      host,
      port: Number(target.port) || (isSecure ? 443 : 80),
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BYTES),
        callback: (length: number, bytes: Uint8Array) => this.#read(bytes as Buffer, length),
      },
    };
    const socket = isSecure
      ? tls.connect({ servername: net.isIP(host) === 0 ? host : "", ...options })
      : net.connect(options);
    this.#socket = socket;
    let failure: Error | undefined;
    socket.once(isSecure ? "secureConnect" : "connect", () => socket.write(request, "latin1"));
    socket.on("error", (error) => {
      failure = error; // "close" always follows
    });
    socket.on("close", () => {
      clearTimeout(this.#closeTimer);
      this.#end(1006, "", failure);
    });
  }

  /** Whether what is sent can still go out. */
  get isOpen(): boolean {
    return this.#state === OPEN;
  }

  /** Sends a message, text or bytes; false when the socket is not open. */
  trySend(message: string | Uint8Array): boolean {
    return this.#tryWrite(typeof message === "string" ? OPCODE.text : OPCODE.binary, message);
  }

  /** Sends a ping; false when the socket is not open. */
  tryPing(): boolean {
    return this.#tryWrite(OPCODE.ping, "");
  }

  /**
   * Ends it with a close frame, or at once where it was not open yet. Resolves when the connection is gone, after `closeTimeoutMs`
   * at the latest.
   */
  close(code: number): Promise<void> {
    if (this.#state === CONNECTING) this.terminate();
    this.#sendClose(code);
    const socket = this.#socket;
    return new Promise((resolve) => {
      if (socket.closed) resolve();
      else socket.once("close", () => resolve());
    });
  }

  /** Cuts it off. Nothing is told any more. */
  terminate(): void {
    if (this.#state === OVER) return; // the connection is gone, or will be within `closeTimeoutMs`
    this.#state = OVER;
    this.#parser.stop();
    this.#socket.destroy();
  }

  #sink(): FrameSink {
    const events = this.#events;
    return {
      onMessage: (data, isBinary) => events.onMessage(data, isBinary),
      onPing: (data) => {
        if (this.#socket.writableLength < MOST_WAITING_BYTES) this.#tryWrite(OPCODE.pong, data);
      },
      onPong: () => events.onPong(),
      onClose: (code, reason) => this.#leave(code, code, reason, undefined),
      onViolation: (code, what) => this.#leave(code, 1006, "", new Error(what)),
    };
  }

  /** True: the connection reads on. */
  #read(bytes: Buffer, length: number): boolean {
    const from = this.#state === CONNECTING ? this.#readAnswer(bytes, length) : 0;
    if (this.#state === OVER || this.#state === CONNECTING) return true; // what comes behind the end is read and thrown away
    this.#events.onRead();
    try {
      this.#parser.read(bytes, from, length);
    } catch (error) {
      // Of a reader. What is left of the chunk is lost, and who goes on must not believe that nothing is.
      this.#socket.destroy(error as Error);
      throw error;
    }
    return true;
  }

  /** Returns where the frames begin; where there are none, the state says so. */
  #readAnswer(bytes: Buffer, length: number): number {
    const before = this.#answer.length;
    this.#answer += bytes.toString("latin1", 0, length);
    let answer: HandshakeAnswer | undefined;
    try {
      answer = readAnswer(this.#answer);
    } catch (error) {
      this.#fail(error as Error);
    }
    if (answer === undefined) return 0;
    this.#answer = "";
    if (answer.status !== 101) {
      this.terminate();
      this.#events.onRefused(answer);
      return 0;
    }
    const problem = problemOf(answer, this.#key);
    if (problem !== undefined) {
      this.#fail(new Error(problem));
      return 0;
    }
    this.#state = OPEN;
    this.#events.onOpen();
    return answer.length - before;
  }

  #fail(error: Error): void {
    this.#socket.destroy();
    this.#end(1006, "", error);
  }

  /** Answers the peer's close frame, or closes because of it, and lets the connection end: what still comes is read and thrown away. */
  #leave(sent: number, code: number, reason: string, error: Error | undefined): void {
    this.#sendClose(sent);
    this.#socket.end();
    this.#end(code, reason, error);
  }

  #end(code: number, reason: string, error: Error | undefined): void {
    if (this.#state === OVER) return;
    this.#state = OVER;
    this.#parser.stop();
    this.#events.onClose(code, reason, error);
  }

  #sendClose(code: number): void {
    if (!this.#tryWrite(OPCODE.close, code === 1005 ? "" : Uint8Array.of(code >> 8, code & 255))) return;
    this.#state = CLOSING;
    this.#closeTimer = setTimeout(() => this.#socket.destroy(), this.#closeTimeoutMs);
  }

  #tryWrite(opcode: number, payload: string | Uint8Array): boolean {
    if (this.#state !== OPEN) return false;
    if (this.#masked === KEY_BYTES) {
      randomFillSync(this.#maskKeys);
      this.#masked = 0;
    }
    const socket = this.#socket;
    socket.write(maskedFrame(opcode, payload, this.#maskKeys, this.#masked));
    this.#masked += 4;
    // The first message of a turn leaves at once; those that follow in it leave in one write, at its end.
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    return true;
  }
}
