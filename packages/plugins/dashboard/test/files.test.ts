import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Moment } from "pitlane";
import { afterEach, expect, test } from "vitest";
import type {
  JournalPage,
  OrderStoryInfo,
  Point,
  ProfileHeap,
  ProfileInfo,
  ProfileTree,
  RunInfo,
} from "../src/protocol.ts";
import { AUDIT_FILE } from "../src/reading/optimizer.ts";
import { HeapReader } from "../src/reading/profiles.ts";
import { createFakeSession } from "./fake-session.ts";
import { act, askApi, type Served, type ServeOptions, serve } from "./set-up.ts";

const open: Served[] = [];

async function setUp(options: ServeOptions = {}) {
  const served = await serve(options);
  open.push(served);
  const ask = (path: string) => askApi(served.dashboard, path);
  const get = async <T>(path: string) => (await ask(path)).json as T;
  return { ...served, ask, get };
}

afterEach(async () => {
  for (const served of open.splice(0)) await served.close();
});

test("the journal comes newest first, page by page", async () => {
  const { session, get } = await setUp();
  for (let i = 0; i < 20; i++) session.step();
  const seqs: number[] = [];
  let before: number | null = null;
  do {
    const page: JournalPage = await get(`journal?limit=25${before === null ? "" : `&before=${before}`}`);
    expect(page.rows.length).toBeLessThanOrEqual(25);
    seqs.push(...page.rows.map(({ seq }) => seq));
    before = page.nextBefore;
  } while (before !== null);
  expect(seqs).toEqual(Array.from({ length: session.journal.events }, (_, index) => session.journal.events - index));
});

test("rows of inputs are counted, other rows are shown as JSON", async () => {
  const { get } = await setUp();
  const { rows } = await get<JournalPage>("journal?limit=3");
  expect(rows.map(({ kind }) => kind)).toEqual(["report", "intent", "inputs"]);
  expect(rows[2]).toMatchObject({ records: 2, summary: "1 quote, 1 frameEnd", text: "1 quote\n1 frameEnd" });
  expect(rows[1]).toMatchObject({ records: null, isCut: false, clientOrderId: "pl-fake0001-0-1" });
  expect(JSON.parse(rows[1]?.text ?? "")).toMatchObject({ side: "buy", approved: true });
});

test("a search finds rows by kind and by text, whatever the case", async () => {
  const { session, get } = await setUp();
  for (let i = 0; i < 9; i++) session.step();
  const kinds = await get<JournalPage>("journal?kind=intent&limit=4");
  expect(kinds.rows.map(({ clientOrderId }) => clientOrderId)).toEqual([10, 9, 8, 7].map((n) => `pl-fake0001-0-${n}`));
  const rest = await get<JournalPage>(`journal?kind=intent&limit=500&before=${kinds.nextBefore}`);
  expect(rest.rows).toHaveLength(6);
  expect(rest.nextBefore).toBeNull();
  const text = await get<JournalPage>("journal?text=SPREAD-maker&kind=intent");
  expect(text.rows).toHaveLength(10);
  expect((await get<JournalPage>("journal?text=nowhere-to-be-found")).rows).toEqual([]);
});

test("bad queries of the journal are refused", async () => {
  const { ask } = await setUp();
  for (const query of ["limit=0", "limit=501", "limit=x", "before=-1", "before=1.5", `text=${"x".repeat(201)}`])
    expect((await ask(`journal?${query}`)).status, query).toBe(400);
});

test("an order is told from the quote that it answered to its fill", async () => {
  const { session, get, ask } = await setUp();
  for (let i = 0; i < 5; i++) session.step();
  const story = await get<OrderStoryInfo>("orders/pl-fake0001-0-3/story");
  expect(story.isWhole).toBe(true);
  expect(story.steps.map(({ phase }) => phase)).toEqual(["event", "hook", "risk", "risk", "request", "report"]);
  expect(story.steps.map(({ text }) => text)).toEqual([
    expect.stringContaining("quote: bid 800 at 9999"),
    "spread-maker wants: buy 500 lots of paper:AAA/USDT at 9990 ticks, postOnly",
    "limits allows",
    "balances allows",
    "approved: sent once its turn comes",
    expect.stringContaining("report: filled"),
  ]);
  expect(story.lines).toHaveLength(3);
  expect((await ask("orders/pl-fake0001-0-999/story")).status).toBe(404);
  expect((await ask("orders/%3Cscript%3E/story")).status).toBe(400);
  expect((await ask("orders/%/story")).status).toBe(400);
});

test("hooks that changed an order stand between the wish and risk's verdicts, each with what it changed from and to", async () => {
  const { session, get } = await setUp();
  session.journal.append("intent", {
    clientOrderId: "pl-fake0001-0-shaped",
    strategy: "trend",
    instrument: "paper:AAA/USDT",
    side: "buy",
    type: "limit",
    sizeLots: 1200,
    priceTicks: 990,
    timeInForce: "IOC",
    shaped: [
      { plugin: "no-market-orders", type: ["market", "limit"], timeInForce: [null, "IOC"], priceTicks: [null, 990] },
      { plugin: "round-lots", sizeLots: [1234, 1200] },
    ],
    approved: true,
    votes: ["limits"],
  });
  session.journal.commit();
  const { steps, lines } = await get<OrderStoryInfo>("orders/pl-fake0001-0-shaped/story");
  expect(steps.filter(({ phase }) => phase !== "event").map(({ phase, text }) => [phase, text])).toEqual([
    ["hook", "trend wants: buy 1234 lots of paper:AAA/USDT, market"],
    ["shape", "no-market-orders: market -> limit, time in force none -> IOC, price none -> 990 ticks"],
    ["shape", "round-lots: size 1234 -> 1200 lots"],
    ["risk", "limits allows"],
    ["request", "approved: sent once its turn comes"],
  ]);
  expect(lines.at(-1)).toContain("buy 1200 lots of paper:AAA/USDT at 990 ticks, limit; shaped by no-market-orders:");
});

test("a denied order's story ends with who denied it", async () => {
  const { session, get } = await setUp();
  session.journal.append("intent", {
    clientOrderId: "pl-fake0001-0-denied",
    strategy: "trend",
    instrument: "paper:AAA/USDT",
    side: "sell",
    type: "market",
    sizeLots: 9,
    approved: false,
    votes: ["limits", { voter: "balances", allowed: false, code: "NO_BALANCE", reason: "9 lots, 0 are there" }],
  });
  session.journal.commit();
  const { steps } = await get<OrderStoryInfo>("orders/pl-fake0001-0-denied/story");
  expect(steps.slice(-2).map(({ phase, text }) => [phase, text])).toEqual([
    ["risk", "balances denies: 9 lots, 0 are there"],
    ["risk", "denied: never sent"],
  ]);
});

test("a profile that was taken is listed, drawn and downloaded", async () => {
  const { dashboard, get, ask } = await setUp();
  const answer = (await act(dashboard, "profile", { confirm: true, kind: "cpu", durationMs: 500 })).json as {
    name: string;
  };
  expect(await get("profiles")).toMatchObject([{ name: answer.name, kind: "cpu", view: "tree" }]);
  const tree = await get<ProfileTree>(`profiles/${answer.name}/tree`);
  expect(tree).toMatchObject({ unit: "us", idleUs: 25_000, root: { total: 75_000 } });
  expect(tree.root.children.map(({ name }) => name)).toContain("drain");
  const file = await ask(`profiles/${answer.name}`);
  expect(file.headers["content-disposition"]).toBe(`attachment; filename="${answer.name}"`);
  expect(file.headers["content-type"]).toBe("application/octet-stream");
  expect(JSON.parse(file.text)).toMatchObject({ endTime: 100_000 });
});

test("an allocation profile is drawn in bytes, a heap snapshot told by type; neither as the other", async () => {
  const { session, get, ask } = await setUp();
  const nameOf = async (kind: "allocations" | "heap") => basename(await session.actions.profile(kind, 100, "test"));
  const allocations = await nameOf("allocations");
  const heap = await nameOf("heap");
  const listed = await get<ProfileInfo[]>("profiles");
  expect(new Map(listed.map(({ name, kind, view }) => [name, [kind, view]]))).toEqual(
    new Map([
      [allocations, ["allocations", "tree"]],
      [heap, ["heap", "heap"]],
    ]),
  );
  const tree = await get<ProfileTree>(`profiles/${allocations}/tree`);
  expect(tree).toMatchObject({ unit: "bytes", root: { total: 20_480 } });
  expect(tree.root.children.map(({ name, total }) => [name, total])).toEqual([
    ["drain", 18_432],
    ["(V8 API)", 2_048],
  ]);
  const told = await get<ProfileHeap>(`profiles/${heap}/heap`);
  expect(told).toMatchObject({ totalBytes: 17_408, objects: 6, references: 5, typeCount: 3 });
  expect(told.types.map(({ name, count, retainedBytes }) => [name, count, retainedBytes])).toEqual([
    ["Desk", 1, 17_408],
    ["OrderBook", 2, 16_384],
    ["(array)", 2, 12_288],
  ]);
  expect(told.types[2]?.largest).toEqual({
    retainedBytes: 8192,
    heldBy: [
      { name: "OrderBook", by: ".levels" },
      { name: "Desk", by: ".second" },
    ],
    furtherSteps: 0,
  });
  for (const path of [`profiles/${heap}/tree`, `profiles/${allocations}/heap`])
    expect((await ask(path)).status).toBe(400);
});

test("a snapshot that was read is told again at once, unless another has its name by now", async () => {
  const { session } = await setUp();
  const path = await session.actions.profile("heap", 100, "test");
  const reader = new HeapReader();
  const first = reader.read({ path });
  expect(reader.read({ path })).toBe(first);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace('"OrderBook"', '"OtherBooks"'));
  expect(reader.read({ path }).types.map(({ name }) => name)).toEqual(["Desk", "OtherBooks", "(array)"]);
});

test("a snapshot that is torn or too long says so", async () => {
  const { session, ask } = await setUp();
  const whole = await session.actions.profile("heap", 100, "test");
  writeFileSync(join(session.folder, "torn.heapsnapshot"), readFileSync(whole).subarray(0, -20));
  const long = join(session.folder, "long.heapsnapshot");
  writeFileSync(long, "");
  truncateSync(long, 400 * 1024 * 1024); // sparse: it takes no room
  for (const [name, error] of [
    ["torn", /only a part of it/],
    ["long", /has 400 MiB, more than the 320 MiB .* open it in Chrome/],
  ] as const) {
    const { status, json } = await ask(`profiles/${name}.heapsnapshot/heap`);
    expect(status).toBe(500);
    expect(json).toMatchObject({ error: expect.stringMatching(error) });
  }
});

test("no name leads out of the run's folder, and what is no profile is not given", async () => {
  const { session, ask } = await setUp();
  writeFileSync(join(session.folder, "broken.cpuprofile"), "{");
  writeFileSync(join(session.folder, "odd.cpuprofile"), "[]");
  for (const name of ["journal.db", "..%2f..%2fdashboard-token", "%2fetc%2fpasswd", "none.cpuprofile", ".cpuprofile"])
    expect((await ask(`profiles/${name}`)).status, name).toBe(404);
  for (const name of ["broken", "odd"]) {
    const { status, json } = await ask(`profiles/${name}.cpuprofile/tree`);
    expect(status).toBe(500);
    expect(json).toMatchObject({ error: expect.stringContaining("no CPU profile") });
  }
  writeFileSync(join(session.folder, "odd.heapprofile"), "[]");
  expect((await ask("profiles/odd.heapprofile/tree")).json).toMatchObject({
    error: expect.stringContaining("no allocation profile"),
  });
});

test("runs beside this one are listed, newest first, one that cannot be read among them", async () => {
  const { session, get } = await setUp();
  const runs = join(session.project, ".pitlane", "runs");
  createFakeSession({ project: session.project, runKey: "20200101-000000-done" }).close();
  mkdirSync(join(runs, "20200102-000000-torn"));
  writeFileSync(join(runs, "20200102-000000-torn", "journal.db"), "no database");
  mkdirSync(join(runs, "not a run"));
  const list = await get<RunInfo[]>("runs");
  expect(list).toMatchObject([
    { id: session.run.id, isCurrent: true, startedAtUs: session.run.startedAtUs, endedBy: null, problem: null },
    { id: "20200102-000000-torn", isCurrent: false, problem: expect.stringContaining("journal") },
    { id: "20200101-000000-done", isCurrent: false, endedBy: "requested", problem: null },
  ]);
});

test("samples of a run become points, evenly thinned, and torn lines are passed over", async () => {
  const { session, get } = await setUp();
  expect(await get(`runs/${session.run.id}/samples`)).toEqual([]);
  const row = (t: number) => ({
    k: "s",
    t,
    r: [900, 12, 7],
    l: { execution: [2000, 4000, 6000, 9000] },
    m: [150.5, 60.2, 24],
    d: [900, 2000, 3],
    p: { USDT: "1.5" },
  });
  const lines = Array.from({ length: 20_000 }, (_, second) => JSON.stringify(row(second * 1_000_000)));
  lines.splice(5, 0, '{"k":"s","t":', JSON.stringify({ k: "totals", t: 1 }), "");
  writeFileSync(join(session.folder, "samples.jsonl"), `${lines.join("\n")}\n{"k":"s"`);
  const points = await get<Point[]>(`runs/${session.run.id}/samples`);
  expect(points.length).toBeGreaterThan(1800);
  expect(points.length).toBeLessThanOrEqual(3600);
  expect(points[0]).toMatchObject({
    atUs: 0,
    eventsPerSecond: 900,
    latency: { execution: [2000, 4000, 6000] },
    rssBytes: 150_500_000,
    errorRatio: null,
  });
  const gaps = new Set(points.slice(1).map(({ atUs }, index) => atUs - (points[index]?.atUs ?? 0)));
  expect(gaps.size).toBe(1);
});

test("a moment of a run is asked of the runtime, one that is not there is told", async () => {
  const asked: unknown[] = [];
  const momentOf = async (path: string, atUs: number) => {
    asked.push(path, atUs);
    if (atUs === 1) throw new Error("the run had not begun");
    return { seq: 7 } as Moment;
  };
  const { session, get, ask } = await setUp({ runtime: { momentOf } });
  expect(await get(`runs/${session.run.id}/moment?atUs=5000`)).toEqual({ seq: 7 });
  expect(asked).toEqual([session.journalPath, 5000]);
  expect(await ask(`runs/${session.run.id}/moment?atUs=1`)).toMatchObject({
    status: 422,
    json: { error: "the run had not begun" },
  });
  expect((await ask(`runs/${session.run.id}/moment`)).status).toBe(400);
  expect((await ask("runs/..%2f..%2f/moment?atUs=1")).status).toBe(404);
});

test("without a runtime that can, moments and the performance test say so", async () => {
  const { dashboard, session, ask, get } = await setUp();
  expect(await get("session")).toMatchObject({ hasTimeTravel: false, updateTest: { isThere: false } });
  expect((await ask(`runs/${session.run.id}/moment?atUs=1`)).status).toBe(501);
  expect((await act(dashboard, "updateTest", { confirm: true })).status).toBe(501);
});

test("knobs are shown with what an optimizer has done", async () => {
  const { session, get } = await setUp();
  expect(await get("knobs")).toEqual({
    knobs: [{ name: "spread-maker/pool", min: 16, max: 1024, step: 1, scale: "log", value: 64 }],
    optimizer: null,
  });
  const entries = [
    { event: "campaign", campaign: 1, values: { "spread-maker/pool": 64 }, atUs: 1 },
    { event: "trial", trial: 1, knob: "spread-maker/pool", from: 64, to: 128, search: {}, atUs: 2 },
    { event: "pair", trial: 1, incumbent: 2.5, candidate: 2.1, first: "incumbent", atUs: 3 },
    {
      event: "kept",
      trial: 1,
      knob: "spread-maker/pool",
      from: 64,
      to: 128,
      pairs: 12,
      p: 0.001,
      gain: 0.1,
      reason: "better",
      atUs: 4,
    },
    { event: "trial", trial: 2, knob: "spread-maker/pool", from: 128, to: 256, search: {}, atUs: 5 },
  ];
  writeFileSync(join(session.folder, AUDIT_FILE), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  expect(await get("knobs")).toMatchObject({
    optimizer: {
      audit: { length: 5, 0: { event: "trial", atUs: 5 } },
      trials: [
        { trial: 2, state: "running", pairs: 0, gain: null },
        { trial: 1, state: "kept", pairs: 12, gain: 0.1, p: 0.001 },
      ],
    },
  });
  writeFileSync(join(session.folder, AUDIT_FILE), "another file\n");
  expect(await get("knobs")).toMatchObject({ ok: false, error: expect.stringContaining("audit trail") });
});
