import { afterEach, expect, test } from "vitest";
import { toPoint } from "../src/point.ts";
import type { AlertsInfo, HistogramInfo, MarketInfo, OrderInfo, Point, SessionInfo } from "../src/protocol.ts";
import { act, askApi, type Served, type ServeOptions, serve } from "./set-up.ts";

const open: Served[] = [];

async function setUp(options: ServeOptions = {}) {
  const served = await serve(options);
  open.push(served);
  const ask = (path: string) => askApi(served.dashboard, path);
  return { ...served, ask, get: async <T>(path: string) => (await ask(path)).json as T };
}

afterEach(async () => {
  for (const served of open.splice(0)) await served.close();
});

test("what stays as it is comes at once: run, instruments with their steps, boot tree, targets, rules, settings", async () => {
  const { session, get } = await setUp();
  const info = await get<SessionInfo>("session");
  expect(info).toMatchObject({ run: session.run, version: "0.1.0", startedAtUs: session.run.startedAtUs });
  expect(info.instruments[0]).toMatchObject({
    id: "paper:AAA/USDT",
    tickSize: "0.01",
    lotSize: "0.001",
    base: "AAA",
    quote: "USDT",
  });
  expect(info.bootTree.map(({ name }) => name)).toEqual(["spread-maker", "vwap", "trend"]);
  expect(info.updateTest).toMatchObject({ maxP95Us: 1000, updates: 10_000 });
  expect(info.targets.find(({ stage, figure }) => stage === "execution" && figure === "p99")?.limitUs).toBe(50_000);
  expect(info.alertRules).toEqual(session.alerts.rules);
  expect(info.config["risk"]).toBeDefined();
});

test("settings go through the redactor", async () => {
  const { session, ask } = await setUp();
  Object.assign(session, { config: { ...session.config, note: "hunter2" } });
  const { text, json } = await ask("session");
  expect(text).not.toContain("hunter2");
  expect((json as SessionInfo).config["note"]).toBe("***");
});

test("the last quarter of an hour comes as points", async () => {
  const { session, get } = await setUp({ seconds: 1000 });
  const points = await get<Point[]>("recent");
  expect(points).toHaveLength(900);
  expect(points.at(-1)).toEqual(toPoint(session.samples.recent.at(-1)!));
  expect(points.at(-1)?.latency.execution).toHaveLength(3);
});

test("alerts, faults, logs and slow orders come as the session has them", async () => {
  const { session, get } = await setUp();
  const alert = session.raise();
  session.raise({ id: "old", state: "resolved" });
  const alerts = await get<AlertsInfo>("alerts");
  expect(alerts.active).toEqual([alert]);
  expect(alerts.resolved).toMatchObject([{ id: "old" }]);
  expect(await get("faults")).toEqual(session.faults());
  expect(await get("logs")).toEqual(session.logLines());
  expect(await get("slowest")).toMatchObject({ length: 10, 0: { slowest: "venue", overlaps: [{ kind: "gc" }] } });
});

test("a histogram comes as bars that grow evenly and count everything", async () => {
  const { get, ask } = await setUp();
  const { stage, count, buckets } = await get<HistogramInfo>("histogram?stage=execution");
  expect(stage).toBe("execution");
  expect(count).toBe(600);
  expect(buckets.length).toBeLessThanOrEqual(60);
  expect(buckets.reduce((sum, bucket) => sum + bucket.count, 0)).toBe(600);
  for (const [index, bucket] of buckets.entries()) {
    expect(bucket.toUs).toBeGreaterThan(bucket.fromUs);
    if (index > 0) expect(bucket.fromUs).toBeCloseTo(buckets[index - 1]?.toUs ?? 0, 6);
  }
  expect((await ask("histogram?stage=lunch")).status).toBe(400);
});

test("a market comes with as many levels as asked for", async () => {
  const { get, ask } = await setUp();
  const info = await get<MarketInfo>("market?instrument=paper:BBB/USDT&levels=5");
  expect(info.market).toMatchObject({ instrument: "paper:BBB/USDT", isSynced: true, bids: { length: 5 } });
  expect((await get<MarketInfo>("market")).market.instrument).toBe("paper:AAA/USDT");
  expect((await ask("market?instrument=paper:XXX/USDT")).status).toBe(404);
  expect((await ask("market?levels=1000")).status).toBe(400);
});

test("open orders come with their amounts as text", async () => {
  const { get } = await setUp();
  const [order] = await get<OrderInfo[]>("orders");
  expect(order).toMatchObject({
    instrument: "paper:AAA/USDT",
    side: "buy",
    state: "accepted",
    price: "99.9",
    trigger: null,
    trailingBps: null,
    size: "0.5",
    filled: "0.1",
    tag: null,
  });
});

test("an action that nobody confirmed, or whose words are wrong, is refused and does nothing", async () => {
  const { dashboard, session } = await setUp();
  const status = async (name: string, body: unknown) => (await act(dashboard, name, body)).status;
  expect(await status("halt", { reason: "now" })).toBe(400);
  expect(await status("halt", { reason: "now", confirm: "true" })).toBe(400);
  expect(await status("halt", { confirm: true })).toBe(400);
  expect(await status("halt", { confirm: true, reason: "  " })).toBe(400);
  expect(await status("halt", { confirm: true, reason: "x".repeat(201) })).toBe(400);
  expect(await status("halt", { confirm: true, reason: "now", state: "active" })).toBe(400);
  expect(await status("profile", { confirm: true, kind: "cpu", durationMs: 600_000 })).toBe(400);
  expect(await status("profile", { confirm: true, kind: "disk", durationMs: 1000 })).toBe(400);
  expect(await status("nothing", { confirm: true })).toBe(404);
  expect(session.acts).toEqual([]);
});

test("what the session refuses is told with its reason", async () => {
  const { dashboard } = await setUp();
  const paused = await act(dashboard, "pause", { confirm: true, plugin: "nobody" });
  expect(paused).toMatchObject({ status: 409, json: { ok: false, error: "there is no plugin nobody" } });
  const seen = await act(dashboard, "acknowledge", { confirm: true, id: "gone" });
  expect(seen).toMatchObject({ status: 409, json: { ok: false, error: "the alert is not raised any more" } });
});

test("the performance test runs in the runtime, and its result is journaled", async () => {
  const result = {
    updates: 10_000,
    perSecond: 10_000,
    elapsedMs: 1001,
    p50Us: 40,
    p95Us: 210,
    p99Us: 600,
    maxUs: 2500,
    passed: true,
    limitUs: 1000,
  };
  const { dashboard, session } = await setUp({ runtime: { updateTest: async () => result } });
  expect((await act(dashboard, "updateTest", { confirm: true })).json).toEqual({ ok: true, result });
  expect(session.acts).toEqual([
    { action: "updateTest", detail: {}, by: "dashboard" },
    { action: "updateTest.end", detail: result, by: "dashboard" },
  ]);
});
