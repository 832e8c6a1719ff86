import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import Database from "libsql";
import { afterAll, expect, test } from "vitest";
import { checkConfig } from "../../src/index.ts";
import { Journal } from "../../src/journal/journal.ts";
import { newFolder } from "../journal/support.ts";
import { run } from "./host.ts";
import { killAll, start } from "./program.ts";

afterAll(killAll);

const STRATEGY = `
import { defineStrategy, lotsWorth } from "pitlane";

export default defineStrategy({
  name: "to-and-fro",
  setup(ctx) {
    const instrument = ctx.instruments[0]!;
    let turn = 0;
    ctx.every(20, () => {
      const quote = ctx.quote(instrument);
      if (quote === undefined) return;
      const sizeLots = lotsWorth(instrument, quote.askTicks, (2n + BigInt(ctx.random.integer(0, 2))) * instrument.minNotional);
      ctx.submit({ instrument, side: turn++ % 2 === 0 ? "buy" : "sell", type: "market", sizeLots });
    });
    return { snapshot: () => ({ turn }), hydrate: (old: { turn: number }) => { turn = old.turn; } };
  },
});
`;

function folderWith(strategy: string): string {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-replay-"));
  writeFileSync(join(folder, "strategy.ts"), strategy);
  return folder;
}

async function exchange() {
  const running = start(["exchange", "--limits", "requestWeightPerMinute=100000"]);
  const shown = await running.shows("faults, ledger");
  const rest = /faults, ledger (http:\/\/\S+?)\/_paper/.exec(shown)?.[1] ?? "";
  return { ...running, rest };
}

test("a run is replayed by its id, with timers and randomness; changed code is found out", async () => {
  const folder = folderWith(STRATEGY);
  const ended = await start(["run", "./strategy.ts", "--duration", "4s", "--json", "report.json"], folder).done;
  expect(ended).toMatchObject({ code: 0, err: "" });
  const { run: ran, orders, journal } = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
  const same = await start(["replay", ran.id, "--json", "replay.json"], folder).done;
  expect(same).toMatchObject({ code: 0, err: "" });
  expect(same.out).toMatch(/^identical: run /);
  const found = JSON.parse(readFileSync(join(folder, "replay.json"), "utf8"));
  expect(found).toMatchObject({ divergences: 0, first: null, isWhatIf: false, run: { id: ran.id } });
  expect(found.decisions).toBeGreaterThan(orders.intents);

  writeFileSync(join(folder, "strategy.ts"), STRATEGY.replace("% 2 === 0", "% 2 === 1"));
  const other = await start(["replay", ran.id], folder).done;
  expect(other.code).toBe(1);
  expect(other.out).toContain("different: run");
  expect(other.out).toMatch(/the run decided {5}intent .*"side":"buy"/);
  expect(other.out).toMatch(/the replay decided {2}intent .*"side":"sell"/);
  const later = await start(["replay", ran.id, "--from", String(journal.events)], folder).done;
  expect(later).toMatchObject({ code: 0, err: "" });
  expect(later.out).toContain(" 0 decisions equal");

  writeFileSync(join(folder, "strategy.ts"), STRATEGY);
  writeFileSync(
    join(folder, "tight.config.json"),
    JSON.stringify({ strategies: [{ use: "./strategy.ts" }], risk: { maxOrderNotional: "1" } }),
  );
  const whatIf = await start(["replay", ran.id, "--with", "tight.config.json"], folder).done;
  expect(whatIf).toMatchObject({ code: 0, err: "" });
  expect(whatIf.out).toMatch(/\d+ decisions differ: run /);

  const validate = `() => ({ issues: [{ message: "must be 1 to 9", path: ["size"] }] })`;
  writeFileSync(
    join(folder, "strategy.ts"),
    STRATEGY.replace("setup(", `config: { "~standard": { version: 1, vendor: "own", validate: ${validate} } }, setup(`),
  );
  const refused = await start(["replay", ran.id, "--with", "tight.config.json"], folder).done;
  expect(refused.code).toBe(2);
  expect(refused.err).toMatch(/strategies\[0\]\.config\.to-and-fro\.size: must be 1 to 9/);
}, 120_000);

test("a run that was killed goes on under its name, and its whole journal is replayed", async () => {
  const folder = folderWith(STRATEGY);
  const { rest, child } = await exchange();
  const first = start(["run", "./strategy.ts", "--exchange", rest, "--journal", "journal.db"], folder);
  await first.shows("orders ");
  first.child.kill("SIGKILL");
  await first.done;
  const second = await start(
    ["run", "./strategy.ts", "--exchange", rest, "--resume", "journal.db", "--duration", "1s", "--json", "report.json"],
    folder,
  ).done;
  expect(second).toMatchObject({ code: 0, err: "" });
  expect(second.out).toMatch(/run {6}\S+ goes on/);
  const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
  expect(report).toMatchObject({ faults: [], orders: { unknown: 0, open: 0, duplicated: 0 } });
  const replay = await start(["replay", "journal.db"], folder).done;
  expect(replay).toMatchObject({ code: 0, err: "" });
  const again = await start(["run", "./strategy.ts", "--exchange", rest, "--journal", "journal.db"], folder).done;
  expect(again.code).toBe(2);
  expect(again.err).toContain("exists already");
  child.kill("SIGTERM");
}, 120_000);

test("a market is recorded into a journal whose chain holds, and a table", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-record-"));
  const { rest, child } = await exchange();
  const args = ["record", "paper", "--exchange", rest, "--symbols", "AAA/USDT,BBB/USDT", "--out", "tape"];
  const recorded = await start([...args, "--duration", "3s", "--json", "tally.json"], folder).done;
  expect(recorded).toMatchObject({ code: 0, err: "" });
  const tally = JSON.parse(readFileSync(join(folder, "tally.json"), "utf8"));
  expect(tally.events).toBeGreaterThan(10);
  expect(existsSync(join(folder, "tape", "market.parquet"))).toBe(true);
  const verified = await start(["journal", "verify", "tape/journal.db"], folder).done;
  expect(verified).toMatchObject({ code: 0, err: "" });
  const lines = await start(
    ["journal", "export", "tape/journal.db", "--format", "jsonl", "--out", "tape.jsonl"],
    folder,
  ).done;
  expect(lines).toMatchObject({ code: 0, err: "" });
  const kinds = readFileSync(join(folder, "tape.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).kind);
  expect(new Set(kinds)).toEqual(
    new Set(["record.start", "quote", "book", "trade", "resync", "record.end"].filter((kind) => kinds.includes(kind))),
  );
  expect(kinds.filter((kind) => ["quote", "book", "trade", "gap", "resync", "bar"].includes(kind))).toHaveLength(
    tally.events,
  );
  const wrong = await start(["record", "paper", "--exchange", rest, "--symbols", "nope", "--out", "other"], folder)
    .done;
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain("the venue has no nope");
  expect(existsSync(join(folder, "other"))).toBe(false);
  child.kill("SIGTERM");
}, 120_000);

/** A folder with the journal of a run of no strategies, in which nothing happened: 4 events. */
function emptyRun() {
  const cwd = newFolder();
  const path = join(cwd, ".pitlane", "runs", "run-1", "journal.db");
  const clock = createSystemClock();
  const journal = Journal.create({ path, clock });
  const about = { id: "run-1", key: "k", mode: "paper", version: "1", node: "1", plugins: [], instruments: [] };
  journal.append("run.start", { ...about, config: checkConfig({}, "test"), startedAtUs: clock.nowUs() });
  journal.append("account", {});
  journal.append("stop", { reason: "test" });
  journal.append("run.end", {});
  journal.close();
  return { cwd, path };
}

test("a run is replayed from the archive", async () => {
  const { cwd } = emptyRun();
  const archived = await run(["journal", "archive", "--compress-after", "0d", "--archive-after", "0d"], { cwd });
  expect(archived).toMatchObject({ code: 0, out: expect.stringContaining("archived, 4 rows") });
  const replayed = await run(["replay", "run-1"], { cwd });
  expect(replayed).toMatchObject({ code: 0, err: "", out: expect.stringContaining("identical: run run-1") });
  const inspected = await run(["inspect", "run-1"], { cwd });
  expect(inspected).toMatchObject({ code: 0, err: "" });
});

test("a broken chain, an event that is not there and a recording are said, each with its exit code", async () => {
  const { cwd, path } = emptyRun();
  const beyond = await run(["replay", "run-1", "--from", "9999999"], { cwd });
  expect(beyond).toMatchObject({ code: 2, out: "" });
  expect(beyond.err).toContain("has no event 9999999 to compare from: the last is 4");
  const database = new Database(path);
  database.exec("DELETE FROM events WHERE seq = 3");
  database.close();
  const verified = await run(["journal", "verify", path], { cwd });
  const words = /broken: event 3 is missing: 4 follows 2; the 2 events before it are intact/;
  expect(verified).toMatchObject({ code: 1, out: expect.stringMatching(words) });
  const broken = await run(["replay", "run-1"], { cwd });
  expect(broken).toMatchObject({ code: 1, out: expect.stringMatching(words), err: "" });
  expect(await run(["replay", "run-1", "--until", "2"], { cwd })).toMatchObject({ code: 0, err: "" });

  const recording = Journal.create({ path: join(cwd, "tape", "journal.db"), clock: createSystemClock() });
  recording.append("record.start", {});
  recording.close();
  const replayed = await run(["replay", "tape"], { cwd });
  expect(replayed).toMatchObject({ code: 2, err: expect.stringContaining("is a recording of a market") });
});

test("what cannot be replayed, resumed or recorded is named before anything happens", async () => {
  const folder = folderWith(STRATEGY);
  const nothing = await start(["replay", "no-such-run"], folder).done;
  expect(nothing.code).toBe(2);
  expect(nothing.err).toContain("there is no run no-such-run");
  const both = await start(["run", "./strategy.ts", "--resume", "x", "--journal", "y"], folder).done;
  expect(both.err).toContain("--resume names the journal already");
  const nobody = await start(["run", "./strategy.ts", "--exchange", "http://127.0.0.1:9"], folder).done;
  expect(nobody.code).toBe(3);
  expect(nobody.err).toContain("no exchange answers at http://127.0.0.1:9");
  const where = await start(["record", "paper", "--symbols", "AAA/USDT", "--out", "x"], folder).done;
  expect(where.err).toContain("name it with --exchange");
  const who = await start(["record", "nowhere", "--symbols", "AAA/USDT", "--out", "x"], folder).done;
  expect(who.err).toContain("there is no venue nowhere");
}, 120_000);
