import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  Http1Reader,
  type Http1Reply,
  MalformedReplyError,
  ReplyTooLargeError,
} from "../../src/transport/http1-reader.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");
const lines = (...texts: readonly string[]) => `${texts.join("\r\n")}\r\n\r\n`;
const OK = "HTTP/1.1 200 OK";

/** What a reader makes of the pieces, in turn; the last thing that it gave. */
function readAll(pieces: readonly Buffer[], maxBytes = 1_000): Http1Reply | undefined {
  const reader = new Http1Reader(maxBytes);
  let reply: Http1Reply | undefined;
  for (const piece of pieces) reply = reader.read(piece);
  return reply;
}

const textOf = (reply: Http1Reply | undefined) => reply?.body.toString("latin1");
const headersOf = (reply: Http1Reply | undefined) => reply?.headers.map((bytes) => bytes.toString("latin1"));

describe("an answer", () => {
  test("has its status, headers and body", () => {
    const reply = readAll([
      latin1(`${lines("HTTP/1.1 429 Too Many", "Retry-After: 3", "content-length:5 ", "x-empty:")}later`),
    ]);
    expect(reply?.status).toBe(429);
    expect(headersOf(reply)).toEqual(["Retry-After", "3", "content-length", "5", "x-empty", ""]);
    expect(textOf(reply)).toBe("later");
    expect(reply?.idleMs).toBe(Number.POSITIVE_INFINITY);
  });

  test("ends where its length says, in whatever pieces it comes", () => {
    const body = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(body, fc.boolean(), fc.array(fc.nat(600), { maxLength: 12 }), (bytes, isChunked, cuts) => {
        const half = Math.floor(bytes.length / 2);
        const chunk = (part: Uint8Array) =>
          part.length === 0 ? [] : [latin1(`${part.length.toString(16)};x=1\r\n`), Buffer.from(part), latin1("\r\n")];
        const head = lines(OK, isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${bytes.length}`, "a: b");
        const whole = Buffer.concat(
          isChunked
            ? [
                latin1(head),
                ...chunk(bytes.subarray(0, half)),
                ...chunk(bytes.subarray(half)),
                latin1("0\r\nt: 1\r\n\r\n"),
              ]
            : [latin1(head), bytes],
        );
        const at = [...new Set([0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length])].sort(
          (a, b) => a - b,
        );
        const reader = new Http1Reader(1_000);
        for (let i = 1; i < at.length; i++) {
          const reply = reader.read(whole.subarray(at[i - 1], at[i]));
          if (i < at.length - 1) expect(reply).toBeUndefined();
          else expect([...(reply?.body ?? [])]).toEqual([...bytes]);
        }
      }),
    );
  });

  test("of no length ends with the connection, which carries nothing more", () => {
    const reader = new Http1Reader(1_000);
    expect(reader.read(latin1(`${lines(OK, "a: b")}one`))).toBeUndefined();
    expect(reader.read(latin1(" two"))).toBeUndefined();
    const reply = reader.end();
    expect(textOf(reply)).toBe("one two");
    expect(reply?.idleMs).toBe(0);
  });

  test("has the headers that the grammar has, and what it has not is refused", () => {
    const grammar = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*$/;
    const name = fc.oneof(fc.constantFrom("A", "x-1", "", "a b", "ä"), fc.string({ maxLength: 6 }));
    const value = fc.string({ maxLength: 8, unit: fc.constantFrom("a", " ", "\t", ":", "\0", "\r", "ÿ", "\n") });
    const line = fc.tuple(name, fc.constantFrom(":", " :", ""), value).map((parts) => parts.join(""));
    fc.assert(
      fc.property(line, (header) => {
        const text = latin1(header).toString("latin1");
        fc.pre(!text.includes("\r\n") && !text.endsWith("\r") && text !== "");
        const [, wanted, its] = grammar.exec(text) ?? [];
        const read = () => headersOf(readAll([latin1(lines(OK, header, "content-length: 0"))]));
        if (wanted === undefined) expect(read).toThrow(MalformedReplyError);
        else if (!/^(connection|keep-alive|content-length|transfer-encoding)$/i.test(wanted))
          expect(read()).toEqual([wanted, its, "content-length", "0"]);
      }),
      { numRuns: 1_000 },
    );
  });

  test("that has a length, and lacks some of it, has no end", () => {
    const reader = new Http1Reader(1_000);
    reader.read(latin1(`${lines(OK, "content-length: 9")}one`));
    expect(reader.end()).toBeUndefined();
  });

  test.each([204, 304])("of status %d has no body, whatever it says", (status) => {
    const reply = readAll([latin1(lines(`HTTP/1.1 ${status} x`, "content-length: 5"))]);
    expect(reply).toMatchObject({ status, body: Buffer.alloc(0) });
  });

  test("comes behind interim ones", () => {
    const reply = readAll([
      latin1(`${lines("HTTP/1.1 100 Continue")}${lines("HTTP/1.1 103 x", "link: y")}${lines(OK, "content-length: 0")}`),
    ]);
    expect(reply?.status).toBe(200);
    expect(headersOf(reply)).toEqual(["content-length", "0"]);
  });

  test("can follow another, once that is forgotten", () => {
    const reader = new Http1Reader(1_000);
    reader.read(latin1(`${lines(OK, "transfer-encoding: chunked")}3\r\none\r\n0\r\n\r\n`));
    reader.reset();
    expect(textOf(reader.read(latin1(`${lines(OK, "content-length: 3")}two`)))).toBe("two");
  });
});

describe("its connection", () => {
  test.each([
    ["is closed when it says so", [OK, "Connection: Close", "content-length: 0"], "", 0],
    ["is closed when it is of HTTP/1.0", ["HTTP/1.0 200 OK", "content-length: 0"], "", 0],
    ["rests a second less than it says", [OK, "Keep-Alive: max=9, timeout=5", "content-length: 0"], "", 4_000],
    ["is closed when it may rest no second", [OK, "Keep-Alive: timeout=1", "content-length: 0"], "", 0],
    ["is closed when more came than the answer", [OK, "content-length: 0"], "x", 0],
  ])("%s", (_, head, behind, idleMs) => {
    expect(readAll([latin1(lines(...head) + behind)])?.idleMs).toBe(idleMs);
  });
});

describe("refused is", () => {
  test.each([
    ["what is no HTTP", "SSH-2.0-OpenSSH\r\n\r\n"],
    ["another version", lines("HTTP/2 200 OK")],
    ["a change of protocol", lines("HTTP/1.1 101 Switching", "upgrade: x")],
    ["a folded header", lines(OK, "a: b", " c")],
    ["a header with a space before its colon", lines(OK, "a : b")],
    ["a line feed by itself", lines(OK, "a: b\nc: d")],
    ["a length of no digits", lines(OK, "content-length: +3")],
    ["two lengths", lines(OK, "content-length: 3", "content-length: 4")],
    ["a length beside chunks", lines(OK, "content-length: 3", "transfer-encoding: chunked")],
    ["an encoding beside chunks", lines(OK, "transfer-encoding: gzip, chunked")],
    ["chunks within chunks", lines(OK, "transfer-encoding: chunked", "transfer-encoding: chunked")],
    ["a chunk without a size", `${lines(OK, "transfer-encoding: chunked")}x\r\n`],
    ["a chunk that is longer than it says", `${lines(OK, "transfer-encoding: chunked")}1\r\nab\r\n`],
    ["a head without an end", "HTTP/1.1 200 OK\r\n".padEnd(20_000, "a: b\r\n")],
    ["a size without an end", `${lines(OK, "transfer-encoding: chunked")}${"0".repeat(20_000)}`],
  ])("%s", (_, text) => {
    expect(() => readAll([latin1(text)])).toThrow(MalformedReplyError);
  });

  test.each([
    ["told beforehand", lines(OK, "content-length: 1001")],
    ["in chunks", `${lines(OK, "transfer-encoding: chunked")}3e9\r\n${"x".repeat(1_001)}`],
    ["until the end", `${lines(OK)}${"x".repeat(1_001)}`],
  ])("a body that is too large, %s", (_, text) => {
    expect(() => readAll([latin1(text)])).toThrow(ReplyTooLargeError);
  });

  test("whatever it is, nothing but those two errors comes of it", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "HTTP/1.1 200 OK\r\n",
        "\r\n",
        "content-length: 3\r\n",
        "transfer-encoding: chunked\r\n",
        "3\r\n",
        "abc",
        "0\r\n",
        "\n",
      ),
      fc.string({ maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (texts) => {
        try {
          readAll(texts.map(latin1));
        } catch (error) {
          expect(error instanceof MalformedReplyError || error instanceof ReplyTooLargeError).toBe(true);
        }
      }),
    );
  });
});
