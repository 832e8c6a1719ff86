import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type AuditEntry, openAuditFile, parseAudit } from "../../src/tune/index.ts";

const BEGUN: AuditEntry = { atUs: 1, event: "campaign", campaign: 1, values: { size: 8 } };
const ENDED: AuditEntry = { atUs: 2, event: "end", campaign: 1, reason: "converged" };

function setUp() {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-audit-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return { path: join(folder, "tuning.jsonl") };
}

test("an entry is a line of JSON, on disk when append returns, and history for the next who opens the file", () => {
  const { path } = setUp();
  const first = openAuditFile(path);
  expect(first.history).toEqual([]);
  first.append(BEGUN);
  expect(readFileSync(path, "utf8")).toBe(`${JSON.stringify(BEGUN)}\n`);
  first.append(ENDED);
  first.close();
  const second = openAuditFile(path);
  expect(second.history).toEqual([BEGUN, ENDED]);
  second.close();
});

test("a line that a crash cut short costs only itself", () => {
  const { path } = setUp();
  writeFileSync(path, `${JSON.stringify(BEGUN)}\n{"atUs":2,"eve`);
  const audit = openAuditFile(path);
  expect(audit.history).toEqual([BEGUN]);
  audit.append(ENDED);
  audit.close();
  expect(parseAudit(readFileSync(path, "utf8"))).toEqual([BEGUN, ENDED]);
});

test.each([
  ["hello\n", "line 1 of the audit trail is not JSON: is this another file?"],
  [`${JSON.stringify(BEGUN)}\n{"order":1}\n`, "line 2 of the audit trail is no entry of an auto-optimizer"],
])("refuses %j", (text, message) => {
  const { path } = setUp();
  appendFileSync(path, text);
  expect(() => openAuditFile(path)).toThrow(message);
  expect(readFileSync(path, "utf8")).toBe(text);
});
