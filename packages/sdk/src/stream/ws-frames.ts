import { isUtf8 } from "node:buffer";

/** What a parser finds, in the order of the bytes. Bytes are valid only during the call: what is kept must be copied. */
export interface FrameSink {
  onMessage(data: Buffer, isBinary: boolean): void;
  onPing(data: Buffer): void;
  onPong(): void;
  /** The last one. @param code 1005 when the frame had none. */
  onClose(code: number, reason: string): void;
  /** The peer broke the protocol: no further frame is read. @param code To close with. */
  onViolation(code: number, what: string): void;
}

/** RFC 6455, section 11.8. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const FIN = 0x80;
const TEXT = FIN | OPCODE.text;
const BINARY = FIN | OPCODE.binary;
const KEPT_BYTES = 65_536; // larger buffers are given back once their message is delivered
const EMPTY = Buffer.alloc(0);
// `subarray` takes 98 ns for each frame, the constructor behind it 40.
type MakeView = new (memory: ArrayBufferLike, at: number, length: number) => Buffer;
const View = (Buffer as unknown as { readonly [Symbol.species]: MakeView })[Symbol.species];

/**
 * Reads the frames of a server out of the chunks of a socket: RFC 6455, section 5, without extensions.
 *
 *   chunk   [ frame | frame | frame | fra ]      whole frames are handed out where they lie, without a copy
 *   carry                            [ fra|me ]  one that the next chunk ends is put together here, and nothing more
 *   message [ fragment | fragment ]              fragments are, until the last one
 *
 * All frames of a chunk are delivered before `read` returns. Text is not checked for UTF-8: whoever reads it does, and a bad message
 * costs itself and not the socket. Memory grows with what has come, to twice of it, and not with what a header announces.
 */
export class FrameParser {
  readonly #maxBytes: number;
  readonly #sink: FrameSink;
  #carry: Buffer = EMPTY;
  #carried = 0; // bytes in it
  #needed = 2; // bytes of the frame that are to come before it is looked at again
  #message: Buffer = EMPTY;
  #assembled = 0; // bytes in it
  #opcode = 0; // of the message in fragments; 0: there is none
  #isOver = false;

  /** @param maxBytes Of a message, however many fragments it has. */
  constructor(maxBytes: number, sink: FrameSink) {
    this.#maxBytes = maxBytes;
    this.#sink = sink;
  }

  /** Takes what came: `chunk` from `start` to `stop`. May be called again only after it has returned. */
  read(chunk: Buffer, start: number, stop: number): void {
    let at = start;
    while (this.#carried > 0 && !this.#isOver) {
      const end = Math.min(stop, at + this.#needed - this.#carried);
      this.#carry = appended(this.#carry, this.#carried, chunk, at, end);
      this.#carried += end - at;
      at = end;
      if (this.#carried < this.#needed) return;
      if (this.#parse(this.#carry, 0, this.#carried) === 0) continue; // it was the header that ended
      this.#carried = 0;
      if (this.#carry.length > KEPT_BYTES) this.#carry = EMPTY;
    }
    if (this.#isOver) return;
    at = this.#parse(chunk, at, stop);
    if (at === stop || this.#isOver) return;
    this.#carry = appended(this.#carry, 0, chunk, at, stop);
    this.#carried = stop - at;
  }

  /** Reads no more frames, those left of the present chunk included. */
  stop(): void {
    this.#isOver = true;
  }

  /** Delivers every whole frame. Returns where the first that is not begins, with `#needed` set for it. */
  #parse(bytes: Buffer, start: number, end: number): number {
    const { buffer, byteOffset } = bytes;
    const sink = this.#sink;
    const maxBytes = this.#maxBytes;
    let at = start;
    while (end - at >= 2) {
      const first = bytes[at] as number;
      let length = bytes[at + 1] as number;
      let from = at + 2;
      if (length >= 126) {
        if (length > 127) {
          this.#violated("a frame is masked");
          return at;
        }
        from += length === 126 ? 2 : 8;
        if (end < from) {
          this.#needed = from - at;
          return at;
        }
        length =
          length === 126
            ? ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
            : bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
      }
      const isWhole = (first === TEXT || first === BINARY) && this.#opcode === 0;
      if (isWhole ? length > maxBytes : !this.#isLawful(first, length, from - at > 2)) {
        if (!this.#isOver) this.#violated(`a message has more than ${maxBytes} bytes`, 1009);
        return at;
      }
      if (end - from < length) {
        this.#needed = from - at + length;
        return at;
      }
      at = from + length;
      const data = new View(buffer, byteOffset + from, length);
      if (isWhole) sink.onMessage(data, first === BINARY);
      else if ((first & 8) === 0) this.#onFragment(first, data);
      else this.#onControl(first & 15, data);
      if (this.#isOver) return at;
    }
    this.#needed = 2;
    return at;
  }

  /** Whether any other frame than an unfragmented message may come now; false without a violation: the message is too large. */
  #isLawful(first: number, length: number, isLong: boolean): boolean {
    const opcode = first & 15;
    if ((first & 0x70) !== 0) return this.#violated("a frame has a reserved bit set");
    if (opcode === OPCODE.continuation || opcode === OPCODE.text || opcode === OPCODE.binary) {
      const isOpen = this.#opcode !== 0;
      if (isOpen === (opcode === OPCODE.continuation)) return this.#assembled + length <= this.#maxBytes;
      return this.#violated(isOpen ? "a message began within another" : "a fragment belongs to no message");
    }
    if (opcode < OPCODE.close || opcode > OPCODE.pong) return this.#violated(`a frame has opcode ${opcode}`);
    if (first < FIN) return this.#violated("a control frame is fragmented");
    if (isLong) return this.#violated("a control frame has a long length");
    return true;
  }

  #onFragment(first: number, data: Buffer): void {
    if (this.#opcode === 0) this.#opcode = first & 15;
    this.#message = appended(this.#message, this.#assembled, data, 0, data.length);
    this.#assembled += data.length;
    if (first < FIN) return;
    const isBinary = this.#opcode === OPCODE.binary;
    const whole = this.#message.subarray(0, this.#assembled);
    this.#opcode = 0;
    this.#assembled = 0;
    this.#sink.onMessage(whole, isBinary);
    if (this.#message.length > KEPT_BYTES) this.#message = EMPTY;
  }

  #onControl(opcode: number, data: Buffer): void {
    if (opcode === OPCODE.ping) return this.#sink.onPing(data);
    if (opcode === OPCODE.pong) return this.#sink.onPong();
    const code = data.length < 2 ? 0 : data.readUInt16BE(0);
    const reason = data.subarray(2);
    if (data.length > 0 && !isCloseCode(code)) this.#violated("a close frame has a code that may not be sent");
    else if (!isUtf8(reason)) this.#violated("the reason of a close frame is not UTF-8", 1007);
    else {
      this.#isOver = true;
      this.#sink.onClose(code || 1005, reason.toString("utf8"));
    }
  }

  /** @param code To close with: the protocol was broken, unless told. */
  #violated(what: string, code = 1002): false {
    this.#isOver = true;
    this.#sink.onViolation(code, what);
    return false;
  }
}

/**
 * A whole frame as a client sends it, masked in place: RFC 6455, sections 5.2 and 5.3.
 * @param keys Random bytes; the mask key is taken from `at`, four of them. Every frame needs its own.
 */
export function maskedFrame(opcode: number, payload: string | Uint8Array, keys: Uint8Array, at: number): Buffer {
  const length = typeof payload === "string" ? Buffer.byteLength(payload) : payload.length;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const from = 6 + lengthBytes;
  const frame = Buffer.allocUnsafe(from + length);
  frame[0] = FIN | opcode;
  frame[1] = 0x80 | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2);
  else if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  for (let i = 0; i < 4; i++) frame[from - 4 + i] = keys[at + i] as number;
  if (typeof payload === "string") frame.write(payload, from);
  else frame.set(payload, from);
  for (let i = 0; i < length; i++) frame[from + i] = (frame[from + i] as number) ^ (keys[at + (i & 3)] as number);
  return frame;
}

/** `chunk` from `at` to `end` behind the first `used` bytes of `to`, in a larger buffer where they do not fit. */
function appended(to: Buffer, used: number, chunk: Buffer, at: number, end: number): Buffer {
  const total = used + end - at;
  let into = to;
  if (total > to.length) {
    into = Buffer.allocUnsafeSlow(Math.max(1_024, 2 * total));
    to.copy(into, 0, 0, used);
  }
  chunk.copy(into, used, at, end);
  return into;
}

/** RFC 6455, section 7.4, and the registry of IANA. */
function isCloseCode(code: number): boolean {
  return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);
}
