import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import { expect, test, vi } from "vitest";
import { checkConfig } from "../src/config.ts";
import { Journal } from "../src/journal/journal.ts";
import { openRuntime } from "../src/runtime.ts";
import type { RuntimeOptions } from "../src/runtime-types.ts";

const clock = createSystemClock();

/** Goes on with a run whose venue answers with an error. */
function setUp() {
  const journalPath = join(mkdtempSync(join(tmpdir(), "pitlane-open-")), "journal.db");
  const journal = Journal.create({ path: journalPath, clock });
  const listInstruments = vi.fn(async () => {
    throw new Error("no answer");
  });
  const options = {
    run: { id: "run-1", key: "abc" },
    mode: "paper",
    config: checkConfig({}, "test"),
    plugins: [],
    client: { market: { listInstruments } },
    trading: undefined,
    journalPath,
    isResumed: true,
    recvWindowMs: 5000,
    clock,
  } as unknown as RuntimeOptions;
  return { options, journal, journalPath, listInstruments };
}

test("a run that another session writes is refused before the venue is asked anything", async () => {
  const { options, journal, listInstruments } = setUp();
  await expect(openRuntime(options)).rejects.toMatchObject({ code: "JOURNAL_LOCKED" });
  expect(listInstruments).not.toHaveBeenCalled();
  journal.close();
});

test("a session that does not come to be lets the journal go, and leaves it as it was", async () => {
  const { options, journal, journalPath } = setUp();
  journal.append("fault", {});
  journal.close();
  const { headHash } = journal;
  await expect(openRuntime(options)).rejects.toThrow("no answer");
  const resumed = Journal.resume({ path: journalPath, clock });
  expect(resumed.headHash).toBe(headHash);
  await expect(openRuntime({ ...options, resumed })).rejects.toThrow("no answer");
  const again = Journal.resume({ path: journalPath, clock });
  expect(again.headHash).toBe(headHash);
  again.close();
});
