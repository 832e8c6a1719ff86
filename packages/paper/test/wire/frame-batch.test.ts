import { Duplex } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameBatch } from "../../src/wire/frame-batch.ts";

/** A stream that keeps a copy of every write; a slow one has not taken it when `write` returns. */
function streamOf({ isSlow = false } = {}) {
  const writes: Buffer[] = [];
  let take = () => {};
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      const taken = () => {
        writes.push(Buffer.from(chunk)); // what lies there when it is taken
        done();
      };
      if (isSlow) take = taken;
      else taken();
    },
  });
  return { stream, writes, take: () => take() };
}

/** The messages in the bytes of a server's frames, by RFC 6455. */
function messagesIn(bytes: Buffer): (string | Buffer)[] {
  const messages: (string | Buffer)[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at]!;
    const short = bytes[at + 1]!;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    const from = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    const payload = bytes.subarray(from, from + length);
    expect(first & 0xf0).toBe(0x80);
    messages.push((first & 15) === 1 ? payload.toString("utf8") : Buffer.from(payload));
    at = from + length;
  }
  return messages;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("what is added in one turn leaves in one write, at its end", async () => {
  const { stream, writes } = streamOf();
  const batch = new FrameBatch(stream);
  batch.add("one");
  batch.add(Buffer.from([1, 2, 3]));
  expect(writes).toEqual([]);
  expect(batch.bytes).toBe(5 + 5);
  await turn();
  expect(writes.map(messagesIn)).toEqual([["one", Buffer.from([1, 2, 3])]]);
  batch.add("two");
  await turn();
  expect(writes.slice(1).map(messagesIn)).toEqual([["two"]]);
});

test("what was flushed before the end of the turn is not written again", async () => {
  const { stream, writes } = streamOf();
  const batch = new FrameBatch(stream);
  batch.add("one");
  batch.flush();
  await turn();
  expect(writes.map(messagesIn)).toEqual([["one"]]);
});

test("what the system has not taken yet is not written over", async () => {
  const { stream, writes, take } = streamOf({ isSlow: true });
  const batch = new FrameBatch(stream);
  batch.add("first");
  batch.flush();
  batch.add("later");
  batch.flush();
  take();
  await turn();
  take();
  await turn();
  expect(writes.flatMap(messagesIn)).toEqual(["first", "later"]);
});

test("nothing is written to a stream that is gone", async () => {
  const { stream, writes } = streamOf();
  const batch = new FrameBatch(stream);
  batch.add("one");
  stream.destroy();
  await turn();
  expect([writes, batch.bytes]).toEqual([[], 0]);
});

test("messages of every length arrive whole and in their order", async () => {
  const message = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 200 }),
    fc.integer({ min: 0, max: 140_000 }).map((length) => "x".repeat(length)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(message, { maxLength: 6 }), { maxLength: 4 }), async (turns) => {
      const { stream, writes } = streamOf();
      const batch = new FrameBatch(stream);
      for (const messages of turns) {
        for (const one of messages) batch.add(one);
        await turn();
      }
      expect(writes.length).toBe(turns.filter(({ length }) => length > 0).length);
      expect(writes.flatMap(messagesIn)).toEqual(turns.flat());
    }),
    { numRuns: 60 },
  );
});
