import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type CrashTestOptions, runCrashTest } from "./crash-test.ts";

const MINUTES = 60_000;

function crash(options: Pick<CrashTestOptions, "kills" | "seed" | "hasFaults">) {
  return runCrashTest({ ...options, folder: mkdtempSync(join(tmpdir(), "pitlane-crash-")), log: () => {} });
}

const NOTHING_WRONG = { lost: 0, duplicated: 0, positionMismatches: 0, chainBreaks: 0, unresolvedUnknown: 0 };

test("a session that is killed 50 times loses no order and sends none twice", { timeout: 10 * MINUTES }, async () => {
  const result = await crash({ kills: 50, seed: 1, hasFaults: false });
  expect(result).toMatchObject({ kills: 50, ...NOTHING_WRONG });
  expect(result.accepted).toBeGreaterThan(200);
});

test("nor does one that is killed while the wire fails, too", { timeout: 5 * MINUTES }, async () => {
  const result = await crash({ kills: 10, seed: 2, hasFaults: true });
  expect(result).toMatchObject({ kills: 10, ...NOTHING_WRONG });
  expect(result.accepted).toBeGreaterThan(40);
});
