import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@pitlane/perf/testing";
import { expect, test, vi } from "vitest";
import { scheduleArchive } from "../../src/cli/archive-schedule.ts";

/** A program that writes its arguments to a file, in place of this one. */
function setUp(exitCode = 0) {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-archive-"));
  const runs = join(folder, "runs");
  mkdirSync(runs);
  const told = join(folder, "told");
  const script = `require("node:fs").appendFileSync(${JSON.stringify(told)}, process.argv.slice(1).join(" ") + "\\n"); console.error("what it said"); process.exit(${exitCode})`;
  const clock = new ManualClock();
  const lines: string[] = [];
  const stop = scheduleArchive({
    runs,
    retention: { compressAfterDays: 3, archiveAfterDays: 9, batch: 500, hour: 2 },
    clock,
    program: [process.execPath, "-e", script],
    utcOffsetMinutes: 0,
    log: (line) => lines.push(line),
  });
  writeFileSync(told, "");
  return { clock, runs, lines, stop, passes: () => readFileSync(told, "utf8").trim().split("\n").filter(Boolean) };
}

test("old runs are put away at the hour, once a day, by the retention of the settings", async () => {
  const { clock, runs, passes, lines, stop } = setUp();
  const hours = 24 + 2 - new Date(clock.nowUs() / 1000).getUTCHours();
  clock.advance({ ms: (hours % 24 || 24) * 3_600_000 });
  await vi.waitFor(() => expect(passes()).toHaveLength(1), { timeout: 30_000 });
  expect(passes()[0]).toBe(`journal archive --runs ${runs} --batch 500 --compress-after 3d --archive-after 9d`);
  await vi.waitFor(
    () => {
      clock.advance({ ms: 3_600_000 });
      expect(passes().length).toBeGreaterThan(1);
    },
    { timeout: 30_000 },
  );
  stop();
  expect(lines).toEqual([]);
});

test("a pass that fails is told, and the next one is still due", async () => {
  const { clock, passes, lines, stop } = setUp(1);
  clock.advance({ ms: 25 * 3_600_000 });
  await vi.waitFor(() => expect(lines).toEqual(["the archive ended with code 1: what it said"]), { timeout: 30_000 });
  await vi.waitFor(
    () => {
      clock.advance({ ms: 3_600_000 });
      expect(passes().length).toBeGreaterThan(1);
    },
    { timeout: 30_000 },
  );
  stop();
});
