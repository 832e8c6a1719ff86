/** Most numbers that one call of `deltas` takes. */
const MOST = 16;

/**
 * A growing run of bytes that numbers are written to, as differences, the small ones in few.
 *
 *     first byte   c s m m m m m m     c: more follow; s: negative; m: the lowest 6 bits of the magnitude
 *     the others   c m m m m m m m     7 bits more each, low ones first
 *     0x40         "minus nothing": the 8 bytes of a double follow (NaN, a fraction, a difference that is no safe integer)
 *
 * Sign and magnitude, not zigzag: twice a safe integer is none. Every number but -0, which reads back as 0, comes back as it was.
 *
 * Numbers go in through two arrays and not as arguments: a double that crosses a call which is not inlined is put on the heap, and
 * a quote has eight. That made a quote twice as fast.
 */
export class ByteWriter {
  /** What `deltas` writes. */
  readonly values = new Float64Array(MOST);
  /** What each is a difference from; `deltas` leaves here what the next one is from: the value, or what it was when 0x40 was written. */
  readonly previous = new Float64Array(MOST);
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;

  /** @param capacity Bytes to begin with; doubled when `reserve` asks for more. */
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#at;
  }

  /** Makes room for `count` bytes more. Every write below but `text` counts on it: a number takes at most 9. */
  reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + count));
    bytes.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  byte(value: number): void {
    this.#bytes[this.#at++] = value;
  }

  float(value: number): void {
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  uint32(value: number): void {
    this.setUint32(this.#at, value);
    this.#at += 4;
  }

  /** Writes over four bytes at `at`. */
  setUint32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** Writes the first `count` of `values`. */
  deltas(count: number): void {
    const { values, previous } = this;
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      const difference = value - previous[i]!;
      const sign = difference < 0 ? 0x40 : 0;
      const magnitude = Math.abs(difference);
      const small = magnitude | 0;
      if (small === magnitude) {
        previous[i] = value;
        if (small < 64) {
          bytes[at++] = sign | small;
          continue;
        }
        bytes[at++] = 0x80 | sign | (small & 63);
        let rest = small >> 6;
        while (rest > 127) {
          bytes[at++] = 0x80 | (rest & 127);
          rest >>= 7;
        }
        bytes[at++] = rest;
      } else if (Number.isSafeInteger(magnitude) && Number.isSafeInteger(value)) {
        // From 2^31 on the bit operators of the language do not serve.
        previous[i] = value;
        let rest = Math.floor(magnitude / 64);
        bytes[at++] = 0x80 | sign | (magnitude - rest * 64);
        while (rest > 127) {
          const next = Math.floor(rest / 128);
          bytes[at++] = 0x80 | (rest - next * 128);
          rest = next;
        }
        bytes[at++] = rest;
      } else {
        bytes[at] = 0x40;
        this.#view.setFloat64(at + 1, value, true);
        at += 9;
      }
    }
    this.#at = at;
  }

  /** Writes one number as it is. */
  int(value: number): void {
    this.values[0] = value;
    this.previous[0] = 0;
    this.deltas(1);
  }

  text(value: string): void {
    const text = Buffer.from(value);
    this.reserve(text.length + 9);
    this.int(text.length);
    this.#bytes.set(text, this.#at);
    this.#at += text.length;
  }

  /** A copy of what was written. */
  copy(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  clear(): void {
    this.#at = 0;
  }
}

/** Reads what a `ByteWriter` wrote. Reading past the end gives nothing sensible: ask `isOverrun`. */
export class ByteReader {
  /** What `deltas` read. */
  readonly values = new Float64Array(MOST);
  /** As of the writer. */
  readonly previous = new Float64Array(MOST);
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** More was read than there is. */
  get isOverrun(): boolean {
    return this.#at > this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  float(): number {
    this.#at += 8;
    return this.isOverrun ? Number.NaN : this.#view.getFloat64(this.#at - 8, true);
  }

  uint32(): number {
    this.#at += 4;
    return this.isOverrun ? 0 : this.#view.getUint32(this.#at - 4, true);
  }

  /** Reads `count` numbers into `values`. */
  deltas(count: number): void {
    const { values, previous } = this;
    const bytes = this.#bytes;
    const end = bytes.length;
    let at = this.#at;
    for (let i = 0; i < count; i++) {
      const first = at < end ? bytes[at]! : 0;
      at++;
      if (first === 0x40) {
        values[i] = at + 8 <= end ? this.#view.getFloat64(at, true) : Number.NaN;
        at += 8;
        continue;
      }
      let magnitude = first & 63;
      if (first > 127) {
        let unit = 64;
        let next = 0;
        do {
          next = at < end ? bytes[at]! : 0;
          at++;
          magnitude += (next & 127) * unit;
          unit *= 128;
        } while (next > 127);
      }
      const value = (first & 0x40) === 0 ? previous[i]! + magnitude : previous[i]! - magnitude;
      values[i] = value;
      previous[i] = value;
    }
    this.#at = at;
  }

  /** Reads one number as it is. */
  int(): number {
    this.previous[0] = 0;
    this.deltas(1);
    return this.values[0]!;
  }

  text(): string {
    const length = this.int();
    const from = this.#at;
    this.#at += Math.max(0, length);
    if (!(this.#at <= this.#bytes.length)) return "";
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + from, length).toString();
  }
}
