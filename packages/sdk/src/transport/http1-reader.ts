/** A whole answer, and what becomes of its connection. */
export interface Http1Reply {
  readonly status: number;
  /** Name, value, name, value ... */
  readonly headers: Buffer[];
  readonly body: Buffer;
  /** How long the connection may wait for another request, in milliseconds: Infinity where the peer names no limit, 0 when it carries none. */
  readonly idleMs: number;
}

/** What came is no answer in HTTP/1.1, or one that cannot be told apart from what follows it. */
export class MalformedReplyError extends Error {}

/** The answer has more bytes than are taken. */
export class ReplyTooLargeError extends Error {}

const MOST_HEAD_BYTES = 16_384; // as undici's own limit
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?$/;
const DIGITS = /^\d{1,15}$/;
const CHUNK_SIZE = /^([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?$/;
const MARGIN_MS = 1_000; // between our end of a connection's rest and the peer's
const HEAD_END = "\r\n\r\n";

const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const COLON = 58;

type Framing = "length" | "chunked" | "close";

/**
 * Reads the answer to one request out of the chunks of a connection: HTTP/1.1 as servers of venues speak it. For a next answer `reset` it.
 *
 * What two readers could take for two different answers is refused: a length that is told twice, a length beside chunks, a folded header,
 * a line without its carriage return. Interim answers (100 to 199, but 101) are passed over.
 * Source: RFC 9112, sections 4 to 7.
 *
 * @example
 * const reply = reader.read(chunk); // undefined until the last byte has come
 */
export class Http1Reader {
  readonly #maxBytes: number;
  #line: Buffer = EMPTY; // bytes of the head, or of a line between chunks, as far as they came
  #head: { readonly status: number; readonly headers: Buffer[] } | undefined;
  #idleMs = 0;
  #framing: Framing = "length";
  #left = 0; // bytes to come: of the body, or of the present chunk
  #isInTrailer = false;
  #parts: Buffer[] = [];
  #size = 0; // of all parts

  /** @param maxBytes Of a body. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Makes it ready for the next answer. */
  reset(): void {
    this.#line = EMPTY;
    this.#head = undefined;
    this.#isInTrailer = false;
    this.#parts = [];
    this.#size = 0;
  }

  /**
   * Takes what came; it is kept, not copied. Bytes behind the answer make its `idleMs` 0: nobody asked for them.
   *
   * @throws {MalformedReplyError | ReplyTooLargeError} The connection is of no use any more.
   */
  read(chunk: Buffer): Http1Reply | undefined {
    let rest = chunk;
    while (this.#head === undefined) {
      const bytes = this.#line.length === 0 ? rest : Buffer.concat([this.#line, rest]);
      const end = bytes.indexOf(HEAD_END, Math.max(0, this.#line.length - HEAD_END.length), "latin1");
      if (Math.max(end, end < 0 ? bytes.length : 0) > MOST_HEAD_BYTES)
        throw new MalformedReplyError(`its head has more than ${MOST_HEAD_BYTES} bytes`);
      this.#line = end < 0 ? bytes : EMPTY;
      if (end < 0) return undefined;
      this.#readHead(bytes, end);
      rest = bytes.subarray(end + HEAD_END.length);
    }
    return this.#framing === "chunked" ? this.#readChunks(rest) : this.#readBody(rest);
  }

  /** The peer sends nothing more: the answer, where that is how its end is told. */
  end(): Http1Reply | undefined {
    return this.#head !== undefined && this.#framing === "close" ? this.#finish(0) : undefined;
  }

  #readHead(bytes: Buffer, end: number): void {
    const firstEnd = bytes.indexOf("\r\n", 0, "latin1");
    const [, minor, code] = STATUS_LINE.exec(bytes.toString("latin1", 0, firstEnd)) ?? [];
    if (code === undefined) throw new MalformedReplyError("it does not begin with a status line of HTTP/1.1");
    const status = Number(code);
    if (status === 101) throw new MalformedReplyError("it changes the protocol, which nobody asked for");
    const headers: Buffer[] = [];
    let length: number | undefined;
    let isChunked = false;
    let idleMs = minor === "1" ? Number.POSITIVE_INFINITY : 0;
    for (let at = firstEnd + 2, lineEnd = 0; at < end; at = lineEnd + 2) {
      lineEnd = bytes.indexOf("\r\n", at, "latin1");
      const nameEnd = endOfName(bytes, at, lineEnd);
      const [from, to] = trimmed(bytes, nameEnd + 1, lineEnd);
      headers.push(bytes.subarray(at, nameEnd), bytes.subarray(from, to));
      const nameLength = nameEnd - at;
      if (nameLength !== 10 && nameLength !== 14 && nameLength !== 17) continue; // none of those below: it need not be text
      const name = bytes.toString("latin1", at, nameEnd).toLowerCase();
      const value = bytes.toString("latin1", from, to);
      switch (name) {
        case "content-length":
          if (!DIGITS.test(value) || (length ?? Number(value)) !== Number(value))
            throw new MalformedReplyError("its length is none, or told twice");
          length = Number(value);
          break;
        case "transfer-encoding":
          if (isChunked || value.toLowerCase() !== "chunked")
            throw new MalformedReplyError("its transfer encoding is another one than chunked");
          isChunked = true;
          break;
        case "connection":
          if (/\bclose\b/i.test(value)) idleMs = 0;
          break;
        case "keep-alive":
          idleMs = Math.min(idleMs, restOf(value));
          break;
      }
    }
    if (status < 200) return; // the answer itself is to come
    if (isChunked && length !== undefined) throw new MalformedReplyError("it has a length, and chunks");
    if (length !== undefined && length > this.#maxBytes) throw tooLarge(this.#maxBytes);
    const hasNone = status === 204 || status === 304;
    this.#framing = isChunked && !hasNone ? "chunked" : length !== undefined || hasNone ? "length" : "close";
    this.#left = hasNone || isChunked ? 0 : (length ?? Number.POSITIVE_INFINITY);
    this.#idleMs = idleMs;
    this.#head = { status, headers };
  }

  #readBody(bytes: Buffer): Http1Reply | undefined {
    const taken = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#keep(taken);
    this.#left -= taken.length;
    return this.#left === 0 ? this.#finish(bytes.length - taken.length) : undefined;
  }

  /** Lines and chunks in turns: the size of a chunk, its bytes, an empty line; after the last one trailers, until a line is empty. */
  #readChunks(bytes: Buffer): Http1Reply | undefined {
    let rest = bytes;
    for (;;) {
      if (this.#left > 0) {
        const taken = rest.subarray(0, this.#left);
        this.#keep(taken);
        this.#left -= taken.length;
        if (this.#left > 0) return undefined;
        rest = rest.subarray(taken.length);
        this.#left = AFTER_CHUNK;
      }
      const joined: Buffer = this.#line.length === 0 ? rest : Buffer.concat([this.#line, rest]);
      const end = joined.indexOf("\r\n", 0, "latin1");
      if (Math.max(end, end < 0 ? joined.length : 0) > MOST_HEAD_BYTES)
        throw new MalformedReplyError("a line between its chunks has no end");
      this.#line = end < 0 ? joined : EMPTY;
      if (end < 0) return undefined;
      const line = joined.toString("latin1", 0, end);
      rest = joined.subarray(end + 2);
      if (this.#left === AFTER_CHUNK) {
        if (line !== "") throw new MalformedReplyError("one of its chunks is longer than it says");
        this.#left = 0;
      } else if (this.#isInTrailer) {
        if (line === "") return this.#finish(rest.length);
      } else this.#beginChunk(line);
    }
  }

  #beginChunk(line: string): void {
    const size = CHUNK_SIZE.exec(line)?.[1];
    if (size === undefined) throw new MalformedReplyError("one of its chunks has no size");
    this.#left = Number.parseInt(size, 16);
    this.#isInTrailer = this.#left === 0;
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > this.#maxBytes) throw tooLarge(this.#maxBytes);
    if (part.length > 0) this.#parts.push(part);
  }

  #finish(surplus: number): Http1Reply {
    const { status, headers } = this.#head as { status: number; headers: Buffer[] };
    const [first = EMPTY] = this.#parts;
    const body = this.#parts.length > 1 ? Buffer.concat(this.#parts) : first;
    return { status, headers, body, idleMs: surplus > 0 || this.#framing === "close" ? 0 : this.#idleMs };
  }
}

const EMPTY: Buffer = /* @__PURE__ */ Buffer.alloc(0);
const AFTER_CHUNK = -1; // the empty line behind a chunk is to come

/** Characters of a header's name, by their code. */
const NAMES = /* @__PURE__ */ nameCharacters();

function nameCharacters(): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    table[character.charCodeAt(0)] = 1;
  return table;
}

/** Where the colon behind a header's name is. @throws {MalformedReplyError} When what is before it is none. */
function endOfName(bytes: Buffer, start: number, lineEnd: number): number {
  let at = start;
  while (at < lineEnd && NAMES[bytes[at] as number] === 1) at++;
  if (at === start || at >= lineEnd || bytes[at] !== COLON) throw new MalformedReplyError("one of its headers is none");
  return at;
}

/** Bounds of a header's value without the white space around it. @throws {MalformedReplyError} When it has the bytes of a line's end, or 0. */
function trimmed(bytes: Buffer, start: number, end: number): readonly [from: number, to: number] {
  let from = start;
  let to = end;
  while (from < to && isWhite(bytes[from] as number)) from++;
  while (to > from && isWhite(bytes[to - 1] as number)) to--;
  for (let i = from; i < to; i++) {
    const byte = bytes[i];
    if (byte === 0 || byte === LINE_FEED || byte === CARRIAGE_RETURN)
      throw new MalformedReplyError("one of its headers is none");
  }
  return [from, to];
}

function isWhite(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

/** Of `Keep-Alive: timeout=5, max=100`. */
function restOf(value: string): number {
  const seconds = /(?:^|[,\s])timeout=(\d{1,9})/i.exec(value)?.[1];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Number(seconds) * 1_000 - MARGIN_MS);
}

function tooLarge(maxBytes: number): ReplyTooLargeError {
  return new ReplyTooLargeError(`it has more than ${maxBytes} bytes`);
}
