import { InvalidInputError } from "../errors.ts";
import type { ByteSource } from "./json-scanner.ts";

const WINDOW_BYTES = 65_536;
const ESCAPE_BYTES = 6; // \u0041
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Texts that stay in the file: only where each begins is kept, 8 bytes, since few of a heap's are ever looked at. */
export class HeapTexts {
  readonly #source: ByteSource;
  // Texts that are looked up one after the other mostly lie near each other.
  readonly #window: Buffer;
  #windowStart = 0;
  #windowEnd = 0;
  #positions = new Float64Array(1024);
  #count = 0;

  constructor(source: ByteSource) {
    this.#source = source;
    this.#window = Buffer.alloc(Math.min(WINDOW_BYTES, source.bytes));
  }

  get count(): number {
    return this.#count;
  }

  /** Where the next text begins, after its quote. */
  add(position: number): void {
    if (this.#count === this.#positions.length) {
      const larger = new Float64Array(2 * this.#count);
      larger.set(this.#positions);
      this.#positions = larger;
    }
    this.#positions[this.#count++] = position;
  }

  /**
   * A text, or its first `most` characters and an ellipsis.
   *
   * @param most 1 to 1,000.
   * @throws {InvalidInputError} When there is none of that number.
   */
  textOf(number: number, most = 200): string {
    if (number >= this.#count)
      throw new InvalidInputError(`the heap snapshot names a text ${number}, and has ${this.#count}`);
    const position = this.#positions[number] as number;
    const longest = (most + 1) * ESCAPE_BYTES;
    if (position < this.#windowStart || position + longest > this.#windowEnd) {
      this.#windowStart = position;
      this.#windowEnd = position + this.#source.read(this.#window, position);
    }
    const from = position - this.#windowStart;
    let to = from;
    const end = Math.min(from + longest, this.#windowEnd - this.#windowStart);
    let characters = 0;
    for (; to < end && this.#window[to] !== QUOTE && characters <= most; characters++)
      to += this.#window[to] !== BACKSLASH ? 1 : this.#window[to + 1] === 0x75 ? ESCAPE_BYTES : 2;
    const text = parseText(this.#window.toString("latin1", from, to), position); // V8 writes ASCII alone
    return characters > most ? `${text.slice(0, most)}…` : text;
  }
}

function parseText(escaped: string, position: number): string {
  try {
    return JSON.parse(`"${escaped}"`) as string;
  } catch (cause) {
    throw new InvalidInputError(`there is no text at byte ${position} of the heap snapshot`, { cause });
  }
}
