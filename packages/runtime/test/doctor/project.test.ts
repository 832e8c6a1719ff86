import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import { expect, test } from "vitest";
import { checkDisk, checkJournals, checkSecretFile } from "../../src/doctor/project.ts";
import { Journal } from "../../src/index.ts";

const clock = createSystemClock();
const folder = () => mkdtempSync(join(tmpdir(), "pitlane-doctor-"));

test("the disk is measured where the runs are, and nothing is left there", () => {
  const runs = join(folder(), ".pitlane", "runs");
  expect(checkDisk(runs, clock)).toMatchObject({ name: "disk-sync", found: expect.stringMatching(/ms, of 20 writes/) });
  expect(readdirSync(runs)).toEqual([]);
});

test("a folder that cannot be written to is failing", () => {
  const file = join(folder(), "file");
  writeFileSync(file, "");
  expect(checkDisk(join(file, "runs"), clock)).toMatchObject({
    status: "failing",
    remedy: expect.stringContaining("runs"),
  });
});

test.runIf(process.platform !== "win32").each([
  [0o600, "ok"],
  [0o640, "failing"],
  [0o604, "failing"],
])("a file of secrets of mode %i is %s", (mode, status) => {
  const path = join(folder(), "secrets");
  writeFileSync(path, "");
  chmodSync(path, mode);
  expect(checkSecretFile(path).status).toBe(status);
  expect(existsSync(path)).toBe(true);
});

test("no secrets and no runs are all right", () => {
  expect(checkSecretFile(join(folder(), "none")).status).toBe("ok");
  expect(checkJournals(join(folder(), "none"))).toMatchObject([{ status: "ok", found: "there is no run yet" }]);
});

test("journals of runs are verified: one that is whole, one that is none", () => {
  const runs = folder();
  mkdirSync(join(runs, "good"));
  mkdirSync(join(runs, "bad"));
  const journal = Journal.create({ path: join(runs, "good", "journal.db"), clock });
  journal.append("note", { text: "hello" }, clock.nowUs());
  journal.close();
  writeFileSync(join(runs, "bad", "journal.db"), "this is no journal");
  const byName = new Map(checkJournals(runs).map((check) => [check.name, check]));
  expect(byName.get("journal good")).toMatchObject({ status: "ok", found: "1 events, its chain is intact" });
  expect(byName.get("journal bad")?.status).toBe("failing");
});
