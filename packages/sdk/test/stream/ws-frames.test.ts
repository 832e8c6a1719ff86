import { once } from "node:events";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as ws from "ws";
import { FrameParser, type FrameSink, maskedFrame, OPCODE } from "../../src/stream/ws-frames.ts";

/** The parts of `ws` that its types leave out: our reader is checked against its writer, and the other way round. */
const { Sender, Receiver } = ws as unknown as {
  readonly Sender: {
    frame(
      data: Buffer,
      options: { opcode: number; fin: boolean; mask: boolean; readOnly: boolean; rsv1: boolean },
    ): Buffer[];
  };
  readonly Receiver: new (
    options: object,
  ) => NodeJS.WritableStream & { on(event: string, then: (...args: never[]) => void): unknown };
};

/** A frame of a server. */
function frameOf(opcode: number, data: Buffer, fin = true): Buffer {
  return Buffer.concat(Sender.frame(data, { opcode, fin, mask: false, readOnly: true, rsv1: false }));
}

/** What a parser told, each as one line. */
function setUp({ maxBytes = 2 ** 20, onMessage = () => {} }: { maxBytes?: number; onMessage?: () => void } = {}) {
  const seen: string[] = [];
  const sink: FrameSink = {
    onMessage: (data, isBinary) => {
      seen.push(`${isBinary ? "binary" : "text"} ${data.toString("latin1")}`);
      onMessage();
    },
    onPing: (data) => seen.push(`ping ${data.toString("latin1")}`),
    onPong: () => seen.push("pong"),
    onClose: (code, reason) => seen.push(`close ${code} ${reason}`),
    onViolation: (code, what) => seen.push(`violation ${code} ${what}`),
  };
  const parser = new FrameParser(maxBytes, sink);
  return { parser, seen };
}

/** Reads `bytes` cut at `cuts`, out of one memory that is overwritten after every chunk. */
function readCut(parser: FrameParser, bytes: Buffer, cuts: readonly number[]): void {
  const memory = Buffer.alloc(bytes.length + 7);
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let at = 0;
  for (const end of ends) {
    const start = end % 7;
    bytes.copy(memory, start, at, end);
    parser.read(memory, start, start + end - at);
    memory.fill(0xaa);
    at = end;
  }
}

const size = fc.oneof(
  { weight: 8, arbitrary: fc.nat(300) },
  { weight: 1, arbitrary: fc.constantFrom(0, 125, 126, 127, 65_535, 65_536) },
  { weight: 1, arbitrary: fc.nat(70_000) },
);
const bytes = fc.tuple(size, fc.nat(255)).map(([length, seed]) => {
  const data = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) data[i] = (seed + i * 31) & 255;
  return data;
});

/** A message in fragments, perhaps with pings and pongs between them; or one of those alone. */
const sent = fc.oneof(
  fc.record({
    kind: fc.constantFrom<"text" | "binary">("text", "binary"),
    data: bytes,
    cuts: fc.array(fc.nat(70_000), { maxLength: 4 }),
    between: fc.array(fc.constantFrom<"ping" | "pong" | undefined>("ping", "pong", undefined), { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant<"ping">("ping"), data: fc.nat(125).map((length) => Buffer.alloc(length, "p")) }),
);

describe("messages", () => {
  test("of a server come out as they went in, however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(sent, { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        fc.boolean(),
        (all, cuts, isBytewise) => {
          const frames: Buffer[] = [];
          const expected: string[] = [];
          for (const message of all) {
            const text = message.data.toString("latin1");
            expected.push(`${message.kind} ${text}`);
            if (message.kind === "ping") {
              frames.push(frameOf(OPCODE.ping, message.data));
              continue;
            }
            const ends = [...message.cuts.map((cut) => cut % (message.data.length + 1)), message.data.length];
            ends.sort((a, b) => a - b);
            let at = 0;
            const told: string[] = [];
            for (const [i, end] of ends.entries()) {
              const opcode = i > 0 ? OPCODE.continuation : OPCODE[message.kind];
              frames.push(frameOf(opcode, message.data.subarray(at, end), i === ends.length - 1));
              at = end;
              const control = i < ends.length - 1 ? message.between[i] : undefined;
              if (control === undefined) continue;
              frames.push(frameOf(OPCODE[control], Buffer.from("x")));
              told.push(control === "ping" ? "ping x" : "pong");
            }
            expected.splice(-1, 0, ...told);
          }
          const { parser, seen } = setUp();
          const stream = Buffer.concat(frames);
          readCut(parser, stream, isBytewise && stream.length < 5_000 ? [...stream.keys()] : cuts);
          expect(seen).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("of the largest size pass, and one byte more does not", () => {
    for (const [maxBytes, header] of [
      [100, [0x81, 101]],
      [1_000, [0x81, 126, 3, 233]],
      [70_000, [0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x71]],
      [2 ** 30, [0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ] as const) {
      const { parser, seen } = setUp({ maxBytes });
      if (maxBytes < 2 ** 30) readCut(parser, frameOf(OPCODE.text, Buffer.alloc(maxBytes, "x")), [3, 50]);
      readCut(parser, Buffer.from(header), []);
      expect(seen.at(-1)).toBe(`violation 1009 a message has more than ${maxBytes} bytes`);
      expect(seen.length).toBe(maxBytes < 2 ** 30 ? 2 : 1);
    }
  });

  test("in fragments have the same limit, all together", () => {
    const { parser, seen } = setUp({ maxBytes: 100 });
    const half = Buffer.alloc(50, "x");
    readCut(parser, Buffer.concat([frameOf(1, half, false), frameOf(0, half)]), []);
    expect(seen).toEqual([`text ${"x".repeat(100)}`]);
    readCut(
      parser,
      Buffer.concat([frameOf(1, half, false), frameOf(0, half, false), frameOf(0, Buffer.from("x"))]),
      [70],
    );
    expect(seen.slice(1)).toEqual(["violation 1009 a message has more than 100 bytes"]);
  });

  test("that are only announced take no memory", () => {
    const { parser } = setUp({ maxBytes: 2 ** 30 });
    const before = process.memoryUsage().arrayBuffers;
    parser.read(Buffer.from([0x82, 127, 0, 0, 0, 0, 0x20, 0, 0, 0, 1, 2, 3]), 0, 13);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  test("behind the one at which the reader stopped are not read, now or later", () => {
    const { parser, seen } = setUp({ onMessage: () => parser.stop() });
    const stream = Buffer.concat([frameOf(1, Buffer.from("a")), frameOf(1, Buffer.from("b"))]);
    parser.read(stream, 0, stream.length);
    parser.read(stream, 0, stream.length);
    expect(seen).toEqual(["text a"]);
  });
});

describe("a close frame", () => {
  test.each([
    ["without a code", [0x88, 0], "close 1005 "],
    ["with a code", [0x88, 2, 0x03, 0xe8], "close 1000 "],
    ["with a reason", [0x88, 4, 0x0b, 0xb8, 0xc3, 0xbc], "close 3000 ü"],
    ["with half a code", [0x88, 1, 3], "violation 1002 a close frame has a code that may not be sent"],
    ["with the code 1005", [0x88, 2, 0x03, 0xed], "violation 1002 a close frame has a code that may not be sent"],
    ["with the code 999", [0x88, 2, 0x03, 0xe7], "violation 1002 a close frame has a code that may not be sent"],
    ["with the code 1015", [0x88, 2, 0x03, 0xf7], "violation 1002 a close frame has a code that may not be sent"],
    ["with the code 2999", [0x88, 2, 0x0b, 0xb7], "violation 1002 a close frame has a code that may not be sent"],
    ["with the code 5000", [0x88, 2, 0x13, 0x88], "violation 1002 a close frame has a code that may not be sent"],
    ["whose reason is no text", [0x88, 3, 0x03, 0xe8, 0xff], "violation 1007 the reason of a close frame is not UTF-8"],
  ])("%s is told, and nothing is read behind it", (_, bytes, told) => {
    for (const cuts of [[], [...bytes.keys()]]) {
      const { parser, seen } = setUp();
      readCut(parser, Buffer.from([...bytes, 0x81, 1, 97]), cuts);
      expect(seen).toEqual([told]);
    }
  });
});

describe("a violation", () => {
  test.each([
    ["a masked frame", [0x81, 0x81, 1, 2, 3, 4, 5], "a frame is masked"],
    ["compression", [0xc1, 1, 97], "a frame has a reserved bit set"],
    ["the second reserved bit", [0xa1, 1, 97], "a frame has a reserved bit set"],
    ["the third reserved bit, on a ping", [0x99, 0], "a frame has a reserved bit set"],
    ["opcode 3", [0x83, 1, 97], "a frame has opcode 3"],
    ["opcode 15", [0x8f, 0], "a frame has opcode 15"],
    ["a fragment of nothing", [0x80, 1, 97], "a fragment belongs to no message"],
    ["a message within another", [0x01, 1, 97, 0x81, 1, 97], "a message began within another"],
    ["a fragmented ping", [0x09, 0], "a control frame is fragmented"],
    ["a large ping", [0x89, 126, 0, 126], "a control frame has a long length"],
    ["a small ping with a long length", [0x89, 126, 0, 1], "a control frame has a long length"],
  ])("by %s ends the reading", (_, bytes, what) => {
    for (const cuts of [[], [...bytes.keys()]]) {
      const { parser, seen } = setUp();
      readCut(parser, Buffer.from([...bytes, 0x81, 1, 97]), cuts);
      expect(seen).toEqual([`violation 1002 ${what}`]);
    }
  });

  test("is seen in any bytes where `ws` sees one, and what came before it is the same", async () => {
    const frame = fc
      .record({
        first: fc.oneof(
          { weight: 6, arbitrary: fc.constantFrom(0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a) },
          { weight: 1, arbitrary: fc.nat(255) },
        ),
        length: fc.oneof({ weight: 4, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.nat(400) }),
        form: fc.constantFrom(7, 7, 7, 16, 64), // a length may be written longer than it has to be
        isMasked: fc.integer({ min: 0, max: 30 }).map((n) => n === 0),
      })
      .map(({ first, length, form, isMasked }) => {
        const mask = isMasked ? 0x80 : 0;
        const text = Buffer.alloc(length, "0123456789");
        if ((first & 15) === 8 && length > 1) text.writeUInt16BE(1_000 + (length % 20), 0);
        if (form === 7 && length < 126) return Buffer.concat([Buffer.from([first, mask | length]), text]);
        if (form < 64) return Buffer.concat([Buffer.from([first, mask | 126, length >> 8, length & 255]), text]);
        return Buffer.concat([Buffer.from([first, mask | 127, 0, 0, 0, 0, 0, 0, length >> 8, length & 255]), text]);
      });
    await fc.assert(
      fc.asyncProperty(
        fc.array(frame, { maxLength: 10 }),
        fc.array(fc.nat(), { maxLength: 10 }),
        async (frames, cuts) => {
          const stream = Buffer.concat(frames);
          const { parser, seen } = setUp({ maxBytes: 500 });
          readCut(parser, stream, cuts);
          const ours = seen.map((line) => line.replace(/^(violation \d+) .*/, "$1"));
          expect(ours).toEqual(await readByWs(stream, 500));
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** What the reader of `ws` tells of the same bytes. */
async function readByWs(stream: Buffer, maxPayload: number): Promise<string[]> {
  const seen: string[] = [];
  const receiver = new Receiver({ isServer: false, maxPayload });
  receiver.on("message", (data: Buffer, isBinary: boolean) =>
    seen.push(`${isBinary ? "binary" : "text"} ${data.toString("latin1")}`),
  );
  receiver.on("ping", (data: Buffer) => seen.push(`ping ${data.toString("latin1")}`));
  receiver.on("pong", () => seen.push("pong"));
  receiver.on("conclude", (code: number, reason: Buffer) => seen.push(`close ${code} ${reason}`));
  receiver.on("error", (error: Error) => {
    const status = Object.getOwnPropertySymbols(error).find(({ description }) => description === "status-code");
    seen.push(`violation ${(error as unknown as Record<symbol, number>)[status as symbol]}`);
  });
  const done = Promise.race([once(receiver, "finish"), once(receiver, "close")]).catch(() => {});
  receiver.end(Buffer.from(stream));
  await done;
  return seen;
}

function latin1(message: string | Uint8Array): string {
  return typeof message === "string" ? `text ${message}` : Buffer.from(message).toString("latin1");
}

test("frames of ours are read by `ws` as a server's", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(bytes, fc.string({ unit: "grapheme", maxLength: 300 })), { maxLength: 6 }),
      fc.uint8Array({ minLength: 24, maxLength: 24 }),
      async (messages, keys) => {
        const got: (string | Buffer)[] = [];
        const receiver = new Receiver({ isServer: true, maxPayload: 2 ** 20 });
        receiver.on("message", (data: Buffer, isBinary: boolean) => got.push(isBinary ? data : data.toString("utf8")));
        const frames = messages.map((message, i) =>
          maskedFrame(typeof message === "string" ? OPCODE.text : OPCODE.binary, message, keys, 4 * i),
        );
        receiver.end(Buffer.concat(frames));
        await once(receiver, "finish");
        // As text: the matcher takes seconds for long bytes.
        expect(got.map(latin1)).toEqual(messages.map(latin1));
      },
    ),
    { numRuns: 100 },
  );
});
