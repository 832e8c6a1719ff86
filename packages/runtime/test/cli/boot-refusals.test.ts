import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import Database from "libsql";
import { expect, test } from "vitest";
import { Journal } from "../../src/journal/journal.ts";
import { run } from "./host.ts";

const PICKY = (name: string) => `
import { defineStrategy } from "pitlane";
const validate = (value: { size?: unknown }) =>
  typeof value.size === "number" ? { value } : { issues: [{ message: "must be a number", path: ["size"] }] };
export default defineStrategy({
  name: "${name}",
  config: { "~standard": { version: 1, vendor: "test", validate } },
  setup() {},
});
`;

function setUp() {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-refusals-"));
  for (const name of ["one", "two"]) writeFileSync(join(cwd, `${name}.ts`), PICKY(name));
  return cwd;
}

/** The journal of a run that ended without a word. */
function journalOf(cwd: string) {
  const path = join(cwd, "journal.db");
  const journal = Journal.create({ path, clock: createSystemClock() });
  journal.append("run.start", { id: "run-1", key: "abc", mode: "paper", instruments: [] });
  for (let i = 0; i < 5; i++) journal.append("fault", { source: "x", message: `${i}` });
  journal.commit();
  return { path, journal };
}

test("wrong settings of all strategies are listed together, each with its place, before an exchange is started", async () => {
  const cwd = setUp();
  const strategies = [
    { use: "./one.ts", config: { one: { size: "much" } } },
    { use: "./two.ts", name: "second", config: { second: { size: 1 } } },
    { use: "./two.ts", name: "third", config: { third: { size: null } } },
    { use: "./two.ts", name: "fourth", config: { two: {} } },
  ];
  writeFileSync(join(cwd, "pitlane.config.json"), JSON.stringify({ strategies }));
  const all = await run(["start", "--duration", "1s"], { cwd });
  expect(all).toMatchObject({ code: 2, out: "" });
  expect(all.err).toBe(
    [
      "error [PLUGIN_CONFIG]: the config of strategy one is wrong:",
      "  strategies[0].config.one.size: must be a number",
      "the config of strategy third is wrong:",
      "  strategies[2].config.third.size: must be a number",
      "the config of strategy fourth is wrong:",
      "  strategies[3].config.two.size: must be a number",
      "",
    ].join("\n"),
  );
  const some = await run(["run", "./two.ts", "--duration", "1s"], { cwd });
  expect(some).toMatchObject({ code: 2, out: "" });
  expect(some.err).not.toContain("strategies[0]");
  expect(some.err).toContain("strategies[3].config.two.size");
});

test("a journal that another session writes is refused before an exchange is started", async () => {
  const cwd = setUp();
  writeFileSync(
    join(cwd, "pitlane.config.json"),
    JSON.stringify({ strategies: [{ use: "./one.ts", config: { one: { size: 1 } } }] }),
  );
  const { path, journal } = journalOf(cwd);
  const refused = await run(["start", "--duration", "1s", "--resume", "journal.db"], { cwd });
  expect(refused).toMatchObject({ code: 2, out: "" });
  expect(refused.err).toContain(
    `error [JOURNAL_LOCKED]: the journal ${path} is in use by process ${process.pid}: wait`,
  );
  journal.close();
});

test("a damaged journal is refused before an exchange is started, and the command that it names saves the rest", async () => {
  const cwd = setUp();
  writeFileSync(
    join(cwd, "pitlane.config.json"),
    JSON.stringify({ strategies: [{ use: "./one.ts", config: { one: { size: 1 } } }] }),
  );
  const { path, journal } = journalOf(cwd);
  journal.close();
  const database = new Database(path);
  database.exec("UPDATE events SET body = '{}' WHERE seq = 4");
  database.close();
  const refused = await run(["start", "--duration", "1s", "--resume", "journal.db"], { cwd });
  expect(refused).toMatchObject({ code: 2, out: "" });
  expect(refused.err).toContain("error [JOURNAL_CORRUPT]: ");
  const [, command = ""] = /"pitlane (journal export [^"]*)"/.exec(refused.err) ?? [];
  expect(await run(command.split(" "), { cwd })).toMatchObject({ code: 0, err: "" });
  expect(readFileSync(join(cwd, "saved.jsonl"), "utf8").trim().split("\n")).toHaveLength(3);
  // It is let go: the refusal leaves no lock behind.
  expect((await run(["start", "--resume", "journal.db"], { cwd })).err).toContain("JOURNAL_CORRUPT");
});

test("a journal whose first event is damaged, and one of another version, are refused alike", async () => {
  const cwd = setUp();
  writeFileSync(
    join(cwd, "pitlane.config.json"),
    JSON.stringify({ strategies: [{ use: "./one.ts", config: { one: { size: 1 } } }] }),
  );
  const { path, journal } = journalOf(cwd);
  journal.close();
  const database = new Database(path);
  database.exec("UPDATE events SET hash = 'x' WHERE seq = 1");
  const first = await run(["start", "--resume", "journal.db"], { cwd });
  expect(first).toMatchObject({ code: 2, out: "" });
  expect(first.err).toMatch(/JOURNAL_CORRUPT.*event 1 \(run.start\) was changed.* no event before that could be saved/);
  database.exec("PRAGMA user_version = 9");
  database.close();
  const newer = await run(["start", "--resume", "journal.db"], { cwd });
  expect(newer).toMatchObject({ code: 2, out: "", err: expect.stringContaining("error [JOURNAL_VERSION]: ") });
});

test("hooks whose order cannot be kept are bad input, and the code is named", async () => {
  const cwd = setUp();
  const hook = (name: string, other: string) =>
    `import { defineStrategy } from "pitlane";\nexport default defineStrategy({ name: "${name}", setup(ctx) { ctx.on("quote", { before: ["${other}"] }, () => {}); } });\n`;
  writeFileSync(join(cwd, "one.ts"), hook("one", "two"));
  writeFileSync(join(cwd, "two.ts"), hook("two", "one"));
  const strategies = [{ use: "./one.ts" }, { use: "./two.ts" }];
  writeFileSync(join(cwd, "pitlane.config.json"), JSON.stringify({ strategies, dashboard: { enabled: false } }));
  const refused = await run(["start", "--duration", "1s"], { cwd });
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining("error [HOOK_ORDER]: ") });
});
