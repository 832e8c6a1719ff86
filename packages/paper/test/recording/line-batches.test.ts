import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readLines } from "../../src/recording/line-batches.ts";
import { folder } from "./files.ts";

async function linesOf(path: string, maxLineBytes?: number): Promise<string[]> {
  const all: string[] = [];
  for await (const { firstLine, lines } of readLines(
    path,
    undefined,
    maxLineBytes === undefined ? {} : { maxLineBytes },
  )) {
    expect(firstLine).toBe(all.length + 1);
    all.push(...lines);
  }
  return all;
}

test("gives every line once, wherever chunks and gzip members end", async () => {
  const files = folder();
  const line = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.integer({ min: 250_000, max: 270_000 }).map((length) => "\u5e01".repeat(length / 3)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        line.map((text) => text.replace(/[\n\r\ufeff]/g, "")),
        { maxLength: 12 },
      ),
      async (lines) => {
        const text = lines.map((one) => `${one}\n`).join("");
        expect(await linesOf(files.write("plain", text))).toEqual(lines);
        const members = lines.map((one, i) => gzipSync(i % 2 === 0 ? `${one}\n` : `${one}\r\n`));
        expect(await linesOf(files.write("packed", Buffer.concat([gzipSync(""), ...members])))).toEqual(lines);
      },
    ),
    { numRuns: 50 },
  );
});

test("keeps blank lines, so that they count, and needs no newline at the end", async () => {
  const files = folder();
  expect(await linesOf(files.write("a", "\n\r\na\n\nb"))).toEqual(["", "", "a", "", "b"]);
});

test("drops a byte order mark at the beginning of the file alone", async () => {
  expect(await linesOf(folder().write("a", "\ufeffa\n\ufeffb\n"))).toEqual(["a", "\ufeffb"]);
});

test("takes a replacement character that was written as one", async () => {
  expect(await linesOf(folder().write("a", "a\ufffdb\n"))).toEqual(["a\ufffdb"]);
});

test.each([
  ["with its end in the same chunk", "x".repeat(101), ["\n"]],
  ["without an end", "x".repeat(101), []],
  ["over several chunks", "x".repeat(600_000), ["\n"]],
])("refuses a line longer than the bound %s", async (_kind, long, end) => {
  const path = folder().write("a", ["short\n", long, ...end].join(""));
  await expect(linesOf(path, 100)).rejects.toThrow(`${path}:2: is longer than 100 bytes`);
});
