import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { expect, test } from "vitest";
import type { Check } from "../../src/doctor/check.ts";
import { run } from "./host.ts";

test("pitlane doctor looks at everything, says it in lines and in one document", async () => {
  const paper = await createPaper({ seed: 1, clock: createSystemClock() });
  try {
    const { code, out, cwd } = await run(["doctor", "--exchange", paper.urls.rest, "--json", "doctor.json"]);
    const { checks } = JSON.parse(readFileSync(join(cwd, "doctor.json"), "utf8")) as {
      readonly checks: readonly Check[];
    };
    const names = checks.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["node", "cores", "disk-sync", "journals", "plugins"]));
    expect(names).toEqual(expect.arrayContaining(["dns paper", "round-trip paper", "clock-offset paper"]));
    for (const { name, status, found, remedy } of checks) {
      expect(out).toContain(`${status.padEnd(7)} ${name}: ${found}`);
      if (status !== "ok") expect(out).toContain(remedy);
    }
    expect(code).toBe(checks.some(({ status }) => status === "failing") ? 1 : 0);
    expect(checks.find(({ name }) => name === "clock-offset paper")?.status).toBe("ok");
  } finally {
    await paper.close();
  }
});

test("a plugin for another version, an exchange that does not answer: failing, with what to do", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-doctor-"));
  writeFileSync(
    join(cwd, "old.ts"),
    'export default { kind: "pitlane-plugin", name: "old", version: "1.0.0", pitlane: "^99.0.0", setup() {} };',
  );
  writeFileSync(join(cwd, "pitlane.config.json"), JSON.stringify({ strategies: [{ use: "./old.ts" }] }));
  const { code, out } = await run(["doctor", "--exchange", "http://127.0.0.1:1"], { cwd });
  expect(out).toMatch(/failing plugins: old is for pitlane \^99\.0\.0, this is/);
  expect(out).toMatch(/failing round-trip paper: /);
  expect(code).toBe(1);
});
