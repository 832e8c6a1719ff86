import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createSystemClock } from "@pitlane/perf";
import { ManualClock } from "@pitlane/perf/testing";
import { parquetReadObjects } from "hyparquet";
import Database from "libsql";
import { expect, test } from "vitest";
import { ENTRY_KINDS } from "../../src/journal/entries.ts";
import { Journal } from "../../src/journal/journal.ts";
import { DECOMPRESSORS } from "../../src/journal/segment-codec.ts";
import { newFolder } from "../journal/support.ts";
import { run } from "./host.ts";

/** A folder with the journal of a run that sent two orders; one was denied, one filled. */
function setUp(startUs = Date.UTC(2026, 0, 1, 12) * 1000) {
  const cwd = newFolder();
  const clock = new ManualClock(startUs);
  const path = join(cwd, ".pitlane", "runs", "run-1", "journal.db");
  const journal = Journal.create({ path, clock });
  journal.append("run.start", { id: "run-1", instruments: [{ id: "paper:AAA/USDT" }, { id: "paper:BBB/USDT" }] });
  const quote = { venueAtUs: 0, bidTicks: 100, bidLots: 5, askTicks: 101, askLots: 7, sequence: 1 };
  journal.inputs.quote(clock.nowUs(), 0, { ...quote, receivedAtUs: clock.nowUs() });
  clock.advance({ us: 300 });
  journal.inputs.quote(clock.nowUs(), 1, { ...quote, receivedAtUs: clock.nowUs(), askTicks: Number.NaN, askLots: 0 });
  journal.inputs.frameEnd(clock.nowUs());
  const terms = {
    strategy: "churn",
    instrument: "paper:BBB/USDT",
    side: "buy",
    type: "limit",
    priceTicks: 101,
    sizeLots: 2,
  };
  const allowed = { voter: "maxOrder", allowed: true };
  const denied = { voter: "collar", allowed: false, code: "COLLAR", reason: "too far, by 3 %" };
  journal.append("intent", { clientOrderId: "pl-1-1", ...terms, approved: false, votes: [allowed, denied] });
  journal.append("intent", { clientOrderId: "pl-1-2", ...terms, approved: true, votes: ["maxOrder"] });
  clock.advance({ us: 1250 });
  const fill = { tradeId: 9, priceTicks: 101, sizeLots: 2, fee: 30n, feeAsset: "USDT", isMaker: false };
  journal.append("report", { clientOrderId: "pl-1-2", status: "filled", filledLots: 2, fills: [fill] });
  journal.append("run.end", {});
  journal.close();
  return { cwd, path, file: join(".pitlane", "runs", "run-1", "journal.db"), journal };
}

test("verify says intact or what is broken, by lines, exit code and JSON", async () => {
  const { cwd, path, file, journal } = setUp();
  const good = await run(["journal", "verify", file, "--json", "verdict.json"], { cwd });
  expect(good).toMatchObject({ code: 0, out: `intact: 6 events, head ${journal.headHash}\n` });
  expect(JSON.parse(readFileSync(join(cwd, "verdict.json"), "utf8"))).toEqual({
    journals: [{ path, events: 6, headHash: journal.headHash, inSegments: 0 }],
  });
  const database = new Database(path);
  database.exec("UPDATE events SET body = '{}' WHERE seq = 4");
  database.close();
  const bad = await run(["journal", "verify", file, file], { cwd });
  expect(bad.code).toBe(1);
  expect(bad.out).toContain("broken: event 4 (intent) was changed");
  expect(bad.out).toContain("the 3 events before it are intact");
  expect(await run(["journal", "verify", "none.db"], { cwd })).toMatchObject({
    code: 2,
    err: expect.stringContaining("there is no journal at"),
  });
});

test("show prints the last events, or a range, or a kind, with inputs one by one", async () => {
  const { cwd, file } = setUp();
  const lines = async (...args: string[]) =>
    (await run(["journal", "show", file, ...args], { cwd })).out.trimEnd().split("\n");
  const all = await lines();
  expect(all).toHaveLength(8);
  expect(all[1]).toMatch(/^ +2\.1 {2}2026-01-01T12:00:00\.000000Z {2}quote +\{"instrument":0,/);
  expect(all[3]).toMatch(/^ +2\.3 {2}2026-01-01T12:00:00\.000300Z {2}frameEnd +\{\}/);
  expect((await lines("--last", "2")).map((line) => line.trim().split(/ +/)[2])).toEqual(["report", "run.end"]);
  expect(await lines("--kind", "quote")).toEqual(all.slice(1, 3));
  expect(await lines("--kind", "quote", "--kind", "inputs")).toEqual(all.slice(1, 4));
  expect(await lines("--from", "2", "--until", "3")).toEqual(all.slice(1, 5));
  expect(await lines("--from", "2026-01-01T12:00:00.001Z")).toEqual(all.slice(6));
  await run(["journal", "show", file, "--kind", "quote", "--json", "quotes.json"], { cwd });
  expect(JSON.parse(readFileSync(join(cwd, "quotes.json"), "utf8")).events).toMatchObject([
    { seq: 2, record: 1, kind: "quote", body: { askTicks: 101 } },
    { seq: 2, record: 2, kind: "quote", body: { askTicks: null } },
  ]);
  expect(await run(["journal", "show", file, "--from", "noon"], { cwd })).toMatchObject({
    code: 2,
    err: expect.stringContaining("--from must be a sequence number, or a time such as"),
  });
});

test("show --order tells one order from the market it saw to its end", async () => {
  const { cwd, file } = setUp();
  const { code, out } = await run(["journal", "show", file, "--order", "pl-1-2"], { cwd });
  expect(code).toBe(0);
  const lines = out.trimEnd().split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain("+0.000 ms  quote: bid 5 at 100, ask 0 at NaN");
  expect(lines[1]).toContain(
    "intent of churn: buy 2 lots of paper:BBB/USDT at 101 ticks, limit; approved (maxOrder allows)",
  );
  expect(lines[2]).toContain("+1.250 ms  report: filled, 2 lots filled; fill 2 at 101, fee 0.0000003 USDT");
  const denied = await run(["journal", "show", file, "--order", "pl-1-1"], { cwd });
  expect(denied.out).toContain("denied (maxOrder allows, collar denies: too far, by 3 %)");
  expect(await run(["journal", "show", file, "--order", "pl-9"], { cwd })).toMatchObject({
    code: 2,
    err: expect.stringContaining("names no order pl-9"),
  });
});

test("export writes JSON lines, CSV and Parquet of the same events", async () => {
  const { cwd, file } = setUp();
  const text = async (format: string) => {
    const { code, out } = await run(["journal", "export", file, "--format", format, "--out", `all.${format}`], { cwd });
    expect({ code, out }).toEqual({ code: 0, out: `8 events written to all.${format}\n` });
    return readFileSync(join(cwd, `all.${format}`));
  };
  const jsonl = (await text("jsonl")).toString().trimEnd().split("\n");
  expect(jsonl.map((line) => JSON.parse(line).kind)).toEqual([
    "run.start",
    "quote",
    "quote",
    "frameEnd",
    "intent",
    "intent",
    "report",
    "run.end",
  ]);
  const csv = (await text("csv")).toString().trimEnd().split("\n");
  expect(csv[0]).toBe(
    "seq,record,at_us,kind,instrument,venue_at_us,received_at_us,sequence,bid_ticks,bid_lots,ask_ticks,ask_lots,trade_id,price_ticks,size_lots,side,body",
  );
  expect(csv[3]).toBe("2,2,1767268800000300,quote,1,0,1767268800000300,1,100,5,,0,,,,,");
  expect(csv[5]).toContain('""reason"":""too far, by 3 %""');
  const parquet = new Uint8Array(await text("parquet"));
  const rows = await parquetReadObjects({ file: parquet.buffer, compressors: DECOMPRESSORS });
  expect(rows).toHaveLength(8);
  expect(rows[2]).toMatchObject({ seq: 2n, record: 2, kind: "quote", bid_ticks: 100n, ask_ticks: null, body: null });
  expect(JSON.parse(rows[6]!["body"] as string)).toMatchObject({ status: "filled", fills: [{ fee: "30" }] });
  expect(await run(["journal", "export", file, "--out", "no/where.jsonl"], { cwd })).toMatchObject({
    code: 2,
    err: expect.stringContaining("cannot be written"),
  });
  expect(await run(["journal", "export", file, "--out", "x", "--format", "xml"], { cwd })).toMatchObject({
    code: 2,
    err: expect.stringContaining("jsonl, csv, parquet"),
  });
});

test("a damaged journal: what is before the damage is exported, as the refusal to resume says", async () => {
  const { cwd, path, file } = setUp();
  const database = new Database(path);
  database.exec("UPDATE events SET body = '{' WHERE seq = 5");
  database.close();
  expect((await run(["journal", "export", file, "--until", "4", "--out", "saved.jsonl"], { cwd })).code).toBe(0);
  expect(readFileSync(join(cwd, "saved.jsonl"), "utf8").trimEnd().split("\n")).toHaveLength(6);
  const whole = await run(["journal", "export", file, "--out", "whole.jsonl"], { cwd });
  expect(whole).toMatchObject({ code: 1, err: expect.stringContaining("the body of event 5 (report) is no JSON") });
  expect(readdirSync(cwd).filter((name) => name.startsWith("whole"))).toEqual([]);
});

test("archive moves old runs, says how much smaller they are, and show and verify still read them", async () => {
  const { cwd, file } = setUp(createSystemClock().nowUs() - 40 * 24 * 3_600_000_000);
  const before = (await run(["journal", "show", file], { cwd })).out;
  const dry = await run(["journal", "archive", "--dry-run"], { cwd });
  expect(dry.out).toContain("would be archived, 6 rows");
  expect(await run(["journal", "archive", "--compress-after", "50d", "--archive-after", "60d"], { cwd })).toMatchObject(
    {
      code: 0,
      out: expect.stringContaining("kept as it is"),
    },
  );
  const done = await run(["journal", "archive", "--json", "archive.json"], { cwd });
  expect(done.code).toBe(0);
  expect(done.out).toContain("archived, 6 rows");
  expect(JSON.parse(readFileSync(join(cwd, "archive.json"), "utf8")).runs).toMatchObject([
    { action: "archived", rows: 6 },
  ]);
  expect((await run(["journal", "show", file], { cwd })).out).toBe(before);
  expect((await run(["journal", "verify", file], { cwd })).out).toContain("intact: 6 events");
  writeFileSync(join(cwd, ".pitlane", "runs", "run-1", "journal.db"), "no journal at all");
  expect(await run(["journal", "archive"], { cwd })).toMatchObject({
    code: 1,
    out: expect.stringContaining("skipped"),
  });
  expect(await run(["journal", "archive", "--runs", "nowhere"], { cwd })).toMatchObject({
    code: 2,
    err: expect.stringContaining("there is no folder of runs"),
  });
  expect(await run(["journal", "archive", "--compress-after", "soon"], { cwd })).toMatchObject({ code: 2 });
});

test("archive takes the ages and the batch of the settings; flags win", async () => {
  const { cwd } = setUp(createSystemClock().nowUs() - 40 * 24 * 3_600_000_000);
  const retention = { compressAfterDays: 50, archiveAfterDays: 60 };
  writeFileSync(join(cwd, "pitlane.config.json"), JSON.stringify({ journal: { retention } }));
  const archive = async (...args: string[]) => run(["journal", "archive", "--dry-run", ...args], { cwd });
  expect((await archive()).out).toContain("kept as it is");
  expect((await archive("--set", "journal.retention.compressAfterDays=39")).out).toContain("would be compressed");
  expect((await archive("--compress-after", "39d")).out).toContain("would be compressed");
  const env = { PITLANE_JOURNAL__RETENTION__COMPRESS_AFTER_DAYS: "39" };
  expect((await run(["journal", "archive", "--dry-run"], { cwd, env })).out).toContain("would be compressed");
  const crossed = await archive("--compress-after", "70d");
  expect(crossed).toMatchObject({ code: 2, out: "" });
  expect(crossed.err).toContain(
    "--compress-after (70d) must not be above journal.retention.archiveAfterDays (60d): a run is compressed first",
  );
  for (const age of ["40000d", "soon"])
    expect(await archive("--archive-after", age)).toMatchObject({
      code: 2,
      err: expect.stringContaining("--archive-after must be 0 or an age up to 36500d such as 7d, 12h or 30m; got"),
    });
  // A session that archives gives all three: it needs no settings again.
  writeFileSync(join(cwd, "pitlane.config.json"), "{");
  expect(await archive("--batch", "10", "--compress-after", "1d", "--archive-after", "2d")).toMatchObject({ code: 0 });
});

test("a kind that no journal has, and a file that cannot be written, are bad input", async () => {
  const { cwd, file } = setUp();
  const show = (kind: string) => run(["journal", "show", file, "--kind", kind], { cwd });
  expect(await show("intnet")).toMatchObject({
    code: 2,
    out: "",
    err: expect.stringContaining("--kind: no event is of kind intnet (did you mean intent?)"),
  });
  expect(await show("bar")).toMatchObject({ code: 0, out: "" }); // one that this journal has none of
  const out = await run(["journal", "export", file, "--out", "."], { cwd });
  expect(out).toMatchObject({ code: 2, err: expect.stringContaining(`--out ${cwd} is a folder: name a file`) });
});

test("every kind that is written is one that can be asked for", () => {
  const source = fileURLToPath(new URL("../../src", import.meta.url));
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const written = files.flatMap((name) =>
    [...readFileSync(join(source, name), "utf8").matchAll(/\.append\(\s*"([\w.]+)"/g)].map(([, kind]) => kind),
  );
  expect(written.length).toBeGreaterThan(20);
  expect(written.filter((kind) => !ENTRY_KINDS.includes(kind as string))).toEqual([]);
});
