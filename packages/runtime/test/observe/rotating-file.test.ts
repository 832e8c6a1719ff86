import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { RotatingFile, type RotatingFileOptions } from "../../src/observe/rotating-file.ts";

async function folderOf(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pitlane-rotating-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function setUp(options: Partial<RotatingFileOptions> = {}) {
  const path = options.path ?? join(await folderOf(), "log.jsonl");
  const faults: string[] = [];
  const file = await RotatingFile.open({
    maxBytes: 100,
    files: 3,
    onFault: (message) => faults.push(message),
    ...options,
    path,
  });
  const numbered = (number: number) => readFileSync(path.replace(".jsonl", `.${number}.jsonl`), "utf8");
  return { file, path, faults, read: () => readFileSync(path, "utf8"), numbered };
}

test("keeps lines in their order, readable by their owner alone", async () => {
  const { file, path, read } = await setUp({ maxBytes: 1e6 });
  const lines = Array.from({ length: 500 }, (_, i) => `line ${i}\n`);
  for (const line of lines) file.write(line);
  await file.close();
  expect(read()).toBe(lines.join(""));
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("begins a new file when the next line would be too much, and keeps so many", async () => {
  const { file, path, read, numbered } = await setUp();
  for (let i = 0; i < 5; i++) {
    file.write(`${String(i).repeat(59)}\n`); // two do not fit in 100 bytes
  }
  await file.close();
  expect(read()).toBe(`${"4".repeat(59)}\n`);
  expect(numbered(1)).toBe(`${"3".repeat(59)}\n`);
  expect(numbered(2)).toBe(`${"2".repeat(59)}\n`);
  expect(existsSync(path.replace(".jsonl", ".3.jsonl"))).toBe(false);
});

test("a line that is longer than a file has one to itself", async () => {
  const { file, read, numbered } = await setUp();
  file.write("short\n");
  file.write(`${"x".repeat(200)}\n`);
  file.write("after\n");
  await file.close();
  expect(numbered(2)).toBe("short\n");
  expect(numbered(1)).toHaveLength(201);
  expect(read()).toBe("after\n");
});

test("goes on with what is there, on a new line where the last was cut off", async () => {
  const path = join(await folderOf(), "log.jsonl");
  writeFileSync(path, "whole\ncut o");
  const { file, read } = await setUp({ path });
  file.write("next\n");
  await file.close();
  expect(read()).toBe("whole\ncut o\nnext\n");
});

test("what is under way when the process exits is in the file, once", async () => {
  const { file, read } = await setUp({ maxBytes: 1e9 });
  const lines = Array.from({ length: 2000 }, (_, i) => `${i} ${"x".repeat(500)}\n`);
  for (const line of lines) file.write(line);
  file.finish(); // its first write is with the system by now
  expect(read()).toBe(lines.join(""));
  await file.close();
  expect(read()).toBe(lines.join(""));
});

test("lines that find no room are lost and counted", async () => {
  const { file, read } = await setUp({ maxBytes: 1e9 });
  const line = `${"x".repeat(2 ** 20 - 1)}\n`;
  for (let i = 0; i < 10; i++) file.write(line);
  await file.close();
  expect(file.lost).toBeGreaterThan(0);
  expect(read().length).toBe((10 - file.lost) * line.length);
});

test("a file that cannot be made anew is told once, and written again when it can", async () => {
  const { file, path, faults, read } = await setUp({ files: 1 });
  const folder = join(path, "..");
  file.write(`${"1".repeat(90)}\n`);
  await until(() => read().length === 91);
  // Not by permissions, which do not hold root up: the folder is gone.
  await rm(folder, { recursive: true });
  file.write(`${"2".repeat(90)}\n`);
  await until(() => file.lost === 1);
  file.write(`${"3".repeat(90)}\n`);
  await until(() => file.lost === 2);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain("cannot be written, lines are lost");
  await mkdir(folder);
  file.write("again\n".padStart(50, "."));
  await file.close();
  expect(read()).toContain("again");
});

test("after it is closed it takes nothing", async () => {
  const { file, read } = await setUp();
  file.write("one\n");
  await file.close();
  file.write("two\n");
  file.finish();
  expect(read()).toBe("one\n");
});

test("the files that are left hold the last lines, whole and in order, and none is too large", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      async (lengths, files) => {
        const folder = await mkdtemp(join(tmpdir(), "pitlane-rotating-"));
        const path = join(folder, "log.jsonl");
        const file = await RotatingFile.open({ path, maxBytes: 50, files, onFault: fail });
        const lines = lengths.map((length, i) => `${i}:${"x".repeat(length)}\n`);
        for (const line of lines) file.write(line);
        await file.close();
        const names = readdirSync(folder).sort((a, b) => numberOf(b) - numberOf(a)); // oldest first
        const kept = names.map((name) => readFileSync(join(folder, name), "utf8"));
        await rm(folder, { recursive: true });
        expect(lines.join("").endsWith(kept.join(""))).toBe(true);
        expect(names.length).toBeLessThanOrEqual(files);
        for (const text of kept) expect(text.length <= 50 || text.indexOf("\n") === text.length - 1).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

function numberOf(name: string): number {
  return Number(/\.(\d+)\./.exec(name)?.[1] ?? 0);
}

function fail(message: string): never {
  throw new Error(message);
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
