import type { Duplex } from "node:stream";

const FIN_TEXT = 0x81;
const FIN_BINARY = 0x82;
const LONGEST_HEAD = 10; // bytes, of an unmasked frame
const KEPT_BYTES = 65_536;

/**
 * Messages of one WebSocket that leave together: those added in one turn of the event loop go out in one write, at its end.
 *
 * A write of its own costs a message more than everything else that is done for it. Messages lie framed, one behind the other, in one
 * buffer, which is used again when the system took all of it at once. Source: RFC 6455, section 5.2.
 */
export class FrameBatch {
  readonly #stream: Duplex;
  #buffer = Buffer.allocUnsafeSlow(KEPT_BYTES);
  #bytes = 0;
  #isScheduled = false;

  /** @param stream What the WebSocket is on: written to without extensions of the protocol. */
  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** Bytes that have not been written yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a message, text as text and bytes as binary. */
  add(data: string | Uint8Array): void {
    const isText = typeof data === "string";
    const length = isText ? Buffer.byteLength(data) : data.length;
    const at = this.#room(LONGEST_HEAD + length);
    const from = writeHead(this.#buffer, at, isText ? FIN_TEXT : FIN_BINARY, length);
    if (isText) this.#buffer.write(data, from, length, "utf8");
    else this.#buffer.set(data, from);
    this.#bytes = from + length;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(flush, this);
  }

  /** Writes what there is. The end of the turn does; who writes to the stream by another way does it before. */
  flush(): void {
    this.#isScheduled = false;
    if (this.#bytes === 0) return;
    const buffer = this.#buffer;
    const bytes = this.#bytes;
    this.#bytes = 0;
    if (this.#stream.destroyed) return;
    this.#stream.write(bytes === buffer.length ? buffer : buffer.subarray(0, bytes));
    // What the system did not take lies here until it does.
    if (this.#stream.writableLength > 0 || buffer.length > KEPT_BYTES)
      this.#buffer = Buffer.allocUnsafeSlow(KEPT_BYTES);
  }

  /** Makes room for `more` bytes. @returns Where they begin. */
  #room(more: number): number {
    const needed = this.#bytes + more;
    if (needed <= this.#buffer.length) return this.#bytes;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#bytes);
    this.#buffer = larger;
    return this.#bytes;
  }
}

function flush(batch: FrameBatch): void {
  batch.flush();
}

/** Writes the head of an unmasked frame. @returns Where its payload begins. */
function writeHead(buffer: Buffer, at: number, first: number, length: number): number {
  buffer[at] = first;
  if (length < 126) {
    buffer[at + 1] = length;
    return at + 2;
  }
  if (length < 65_536) {
    buffer[at + 1] = 126;
    buffer[at + 2] = length >> 8;
    buffer[at + 3] = length & 255;
    return at + 4;
  }
  buffer[at + 1] = 127;
  buffer.writeUInt32BE(Math.floor(length / 2 ** 32), at + 2);
  buffer.writeUInt32BE(length >>> 0, at + 6);
  return at + 10;
}
