import { InvalidInputError } from "../errors.ts";

/** Bytes that can be read again and anywhere: a file, or what a test has in memory. */
export interface ByteSource {
  readonly bytes: number;
  /** Puts bytes from `position` on into `into`, as many as there are and fit, and returns how many. */
  read(into: Uint8Array, position: number): number;
}

const CHUNK_BYTES = 1 << 20;
const MOST_VALUE_BYTES = 1 << 20;

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const END = -1;

/**
 * Walks through one JSON object that is too long to be parsed as a whole, a MiB of it in memory at a time.
 *
 * It checks what it needs to find its way and no more: what it skips may be no JSON. Everything throws an
 * `InvalidInputError` with the place where something else was found than what was asked for.
 */
export class JsonScanner {
  readonly #source: ByteSource;
  readonly #chunk: Uint8Array;
  #length = 0; // bytes that the chunk holds
  #at = 0; // in the chunk
  #chunkStart = 0; // in the source

  constructor(source: ByteSource, chunkBytes = CHUNK_BYTES) {
    this.#source = source;
    this.#chunk = new Uint8Array(Math.max(1, Math.min(chunkBytes, source.bytes)));
  }

  /** Calls `take` with each key of the object that begins here; it must take or skip the value. */
  object(take: (key: string) => void): void {
    this.#expect(OPEN_BRACE);
    if (this.#tryTake(CLOSE_BRACE)) return;
    do {
      const key = this.value();
      if (typeof key !== "string") throw this.#wrong("a key");
      this.#expect(COLON);
      take(key);
    } while (this.#tryTake(COMMA));
    this.#expect(CLOSE_BRACE);
  }

  /** The value that begins here, parsed; a MiB at most. */
  value(): unknown {
    const bytes: number[] = [];
    this.#walk((byte) => {
      if (bytes.push(byte) > MOST_VALUE_BYTES) throw this.#wrong("a shorter value");
    });
    try {
      return JSON.parse(Buffer.from(bytes).toString());
    } catch {
      throw this.#wrong("JSON");
    }
  }

  /** Passes over the value that begins here. */
  skip(): void {
    this.#walk(() => {});
  }

  /** Calls `row` with each `width` whole numbers, 0 or more, of the array that begins here. It is given the same array each time. */
  rows(width: number, row: (numbers: Float64Array) => void): void {
    const numbers = new Float64Array(width);
    let filled = 0;
    this.#expect(OPEN_BRACKET);
    if (this.#tryTake(CLOSE_BRACKET)) return;
    do {
      numbers[filled++] = this.#wholeNumber();
      if (filled < width) continue;
      row(numbers);
      filled = 0;
    } while (this.#tryTake(COMMA));
    if (filled > 0) throw this.#wrong(`a row of ${width} numbers`);
    this.#expect(CLOSE_BRACKET);
  }

  /** Calls `text` with where in the source each text of the array that begins here does, its quote left out. */
  texts(text: (position: number) => void): void {
    this.#expect(OPEN_BRACKET);
    if (this.#tryTake(CLOSE_BRACKET)) return;
    do {
      this.#expect(QUOTE);
      text(this.#chunkStart + this.#at);
      for (let byte = this.#take(); byte !== QUOTE; byte = this.#take()) if (byte === BACKSLASH) this.#take();
    } while (this.#tryTake(COMMA));
    this.#expect(CLOSE_BRACKET);
  }

  #wholeNumber(): number {
    let byte = this.#begin();
    if (byte < ZERO || byte > NINE) throw this.#wrong("a whole number");
    let value = 0;
    for (; byte >= ZERO && byte <= NINE; byte = this.#peek()) {
      value = value * 10 + (byte - ZERO);
      this.#at++;
    }
    if (!Number.isSafeInteger(value)) throw this.#wrong("a smaller number");
    return value;
  }

  /** Shows the bytes of the value that begins here; it ends before what cannot be in it. */
  #walk(show: (byte: number) => void): void {
    let depth = 0;
    let isText = false;
    for (let byte = this.#begin(); depth > 0 || isText || !isDelimiter(byte); byte = this.#peek()) {
      show(this.#take());
      if (byte === QUOTE) isText = !isText;
      else if (isText) {
        if (byte === BACKSLASH) show(this.#take());
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    }
  }

  #expect(byte: number): void {
    if (!this.#tryTake(byte)) throw this.#wrong(`"${String.fromCharCode(byte)}"`);
  }

  #tryTake(byte: number): boolean {
    if (this.#begin() !== byte) return false;
    this.#at++;
    return true;
  }

  /** The next byte that is no space. */
  #begin(): number {
    let byte = this.#peek();
    while (byte <= SPACE && byte !== END) {
      this.#at++;
      byte = this.#peek();
    }
    return byte;
  }

  #take(): number {
    const byte = this.#peek();
    if (byte === END) throw this.#wrong("more");
    this.#at++;
    return byte;
  }

  #peek(): number {
    if (this.#at === this.#length && !this.#fill()) return END;
    return this.#chunk[this.#at] as number;
  }

  #fill(): boolean {
    this.#chunkStart += this.#length;
    this.#at = 0;
    this.#length = this.#source.read(this.#chunk, this.#chunkStart);
    return this.#length > 0;
  }

  #wrong(wanted: string): InvalidInputError {
    return new InvalidInputError(
      `the file is no JSON of the expected form, or only a part of it: expected ${wanted} at byte ${this.#chunkStart + this.#at} of ${this.#source.bytes}`,
    );
  }
}

function isDelimiter(byte: number): boolean {
  return byte === COMMA || byte === COLON || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte === END;
}
