import { chmodSync } from "node:fs";
import { expect, test } from "vitest";
import { excerpt, RecordingError } from "../../src/recording/errors.ts";
import { fileError, stampFile } from "../../src/recording/file-bytes.ts";
import { openRecording } from "../../src/recording/index.ts";
import { folder, raw, trade } from "./files.ts";

const failure = (code: string) => Object.assign(new Error("words of the system"), { code });

test.each([
  ["EACCES", 'a.gz: may not be read by this user: chmod +r "a.gz", or run as its owner'],
  ["EPERM", 'a.gz: may not be read by this user: chmod +r "a.gz", or run as its owner'],
  ["EISDIR", "a.gz: is a directory: name the recordings in it one by one"],
  ["ENOTDIR", "a.gz: there is no such file: check the path"],
  ["EIO", "a.gz: cannot be read (words of the system)"],
])("puts %s into words and keeps the cause", (code, message) => {
  const cause = failure(code);
  expect(fileError("a.gz", cause)).toMatchObject({ message, cause, path: "a.gz", line: undefined });
});

test("leaves an error alone that has its words already", () => {
  const error = new RecordingError("is odd", { path: "a", line: 3 });
  expect(fileError("b", error)).toBe(error);
  expect(error.message).toBe("a:3: is odd");
});

/** Root may read everything: there, `work` runs as another user. */
async function unprivileged(work: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

const isWindows = process.platform === "win32";
test.skipIf(isWindows)(
  `says so when the file may not be read${isWindows ? " (skipped: no file modes here)" : ""}`,
  async () => {
    const path = folder().lines("a.txt", raw(0, trade("BTCUSDT", 1)));
    chmodSync(path, 0);
    await unprivileged(() => expect(openRecording([path])).rejects.toThrow(`${path}: may not be read by this user`));
  },
);

test("stamps a file with its size and time", async () => {
  const stamp = await stampFile(folder().write("a", "12345"));
  expect(stamp.bytes).toBe(5);
  expect(stamp.modifiedMs).toBeGreaterThan(0);
});

test("shows at most 80 characters, on one line", () => {
  expect(excerpt("a\tb\u0000\n")).toBe("a\ufffdb\ufffd\ufffd");
  expect(excerpt("-".repeat(80))).toBe("-".repeat(80));
  expect(excerpt("-".repeat(81))).toBe(`${"-".repeat(80)}...`);
  expect(excerpt(`{"stream":"${"k3y".repeat(20)}","data"`)).toBe('{"stream":"***","data"');
});
