import { SpanKind } from "@opentelemetry/api";
import type { SlowOrder } from "pitlane";
import * as v from "valibot";
import { expect, onTestFinished, test } from "vitest";
import { openExporter } from "../src/observer.ts";
import { otelSettings } from "../src/settings.ts";
import { type Metric, plain, startCollector } from "./support/collector.ts";
import { createFakeSession, orderOf } from "./support/fake-session.ts";

const INTERVAL = { ms: 10_000 };

async function setUp(settings: Readonly<Record<string, unknown>> = {}) {
  const collector = await startCollector();
  onTestFinished(() => collector.close());
  const fake = createFakeSession();
  const observer = await openExporter(
    fake.session,
    v.parse(otelSettings, { endpoint: collector.url, sampleRatio: 1, ...settings }),
  );
  let isClosed = false;
  const close = async () => {
    if (!isClosed) await observer.close();
    isClosed = true;
  };
  onTestFinished(close);
  /** Lets an interval pass, and waits until what it sends has arrived or failed. */
  const tick = async () => {
    const sent = () => fake.clock.sleeping === 1;
    await until(sent);
    fake.clock.advance(INTERVAL);
    await until(sent);
  };
  return { ...fake, collector, observer, close, tick };
}

test("metrics arrive with their names, units, attributes, times and the run they are of", async () => {
  const { session, clock, registry, latencies, collector, tick } = await setUp();
  registry.counter("pitlane_events_total", { help: "Market events." }).inc(42);
  registry
    .gauge("pitlane_journal_lag_seconds", { help: "Age.", labels: ["store"] })
    .labels({ store: "main" })
    .set(0.5);
  registry.gauge("pitlane_limiter_used_ratio", { help: "Never set." }).set(Number.NaN);
  latencies.ack.record(1_500_000);
  await tick();
  const [sent] = collector.metrics();
  expect(sent?.resource).toEqual({
    "service.name": "pitlane",
    "service.version": "0.1.0",
    "service.instance.id": "20261121-063031-k3f9",
    "process.pid": 4711,
    "process.runtime.name": "nodejs",
    "process.runtime.version": "v20.19.0",
    "pitlane.run.mode": "paper",
  });
  expect(sent?.scopes).toEqual(["pitlane"]);
  const metric = (name: string): Metric | undefined => sent?.metrics.find((one) => one.name === name);

  const events = metric("pitlane.events");
  expect(events).toMatchObject({ unit: "", description: "Market events.", sum: { isMonotonic: true } });
  const point = events!.sum!.dataPoints[0]!;
  expect(point.asDouble).toBe(42);
  expect(BigInt(point.startTimeUnixNano)).toBe(BigInt(session.run.startedAtUs) * 1000n);
  expect(BigInt(point.timeUnixNano)).toBe(BigInt(clock.nowUs()) * 1000n);

  const lag = metric("pitlane.journal_lag");
  expect(lag).toMatchObject({ unit: "s" });
  expect(lag!.gauge!.dataPoints.map(({ attributes, asDouble }) => [plain(attributes), asDouble])).toEqual([
    [{ store: "main" }, 0.5],
  ]);
  expect(metric("pitlane.limiter_used")).toBeUndefined(); // no number: nothing to send

  const stages = metric("pitlane.stage_duration");
  expect(stages).toMatchObject({ unit: "s", histogram: { aggregationTemporality: 2 } });
  const ack = stages!.histogram!.dataPoints.find(({ attributes }) => plain(attributes)["stage"] === "ack")!;
  expect(Number(ack.count)).toBe(1);
  expect(ack.sum).toBeCloseTo(0.0015, 6);
  expect(ack.bucketCounts!.map(Number).indexOf(1)).toBe(ack.explicitBounds!.indexOf(0.002));
});

test("an order is a trace of its stages, one after the other", async () => {
  const { clock, answer, collector, tick } = await setUp();
  const atUs = clock.nowUs() + 1_000;
  answer(orderOf("x1", atUs));
  await tick();
  const spans = collector.spans();
  const root = spans.find(({ name }) => name === "order")!;
  expect(plain(root.attributes)).toEqual({
    "pitlane.order.id": "x1",
    "pitlane.instrument": "binance:AAA/USDT",
    "pitlane.strategy": "maker",
  });
  expect(root.parentSpanId ?? "").toBe("");
  const children = spans.filter((span) => span !== root);
  expect(children.map(({ name }) => name)).toEqual(["decide", "check", "queue", "send", "venue"]);
  for (const child of children) {
    expect(child.traceId).toBe(root.traceId);
    expect(child.parentSpanId).toBe(root.spanId);
  }
  const took = children.map((span) => Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)));
  expect(took).toEqual([3250, 4000, 250, 3000, 1_000_000]);
  expect(children[0]!.startTimeUnixNano).toBe(root.startTimeUnixNano);
  for (const [i, child] of children.slice(1).entries())
    expect(child.startTimeUnixNano).toBe(children[i]!.endTimeUnixNano);
  expect(children.at(-1)!.endTimeUnixNano).toBe(root.endTimeUnixNano);
  // To the microsecond that the session knows.
  expect(Math.abs(Number(BigInt(root.endTimeUnixNano) - BigInt(atUs) * 1000n))).toBeLessThan(1000);
  expect(children.at(-1)!.kind).toBe(SpanKind.CLIENT + 1); // OTLP counts from 1
});

test("a stage that an order does not have is no span", async () => {
  const { clock, answer, collector, tick } = await setUp();
  const order = orderOf("x1", clock.nowUs() + 1);
  answer({ ...order, totalUs: 1007.25, stages: { ...order.stages, decide: null } });
  await tick();
  expect(
    collector
      .spans()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(["check", "order", "queue", "send", "venue"]);
});

test("the slowest orders are traced whatever the ratio, once, and tell what overlapped them", async () => {
  const { clock, slowest, answer, collector, tick, close } = await setUp({ sampleRatio: 0 });
  const slow: SlowOrder = {
    ...orderOf("slow", clock.nowUs() + 5),
    slowest: "venue",
    overlaps: [{ kind: "gc", what: "major", us: 700 }],
  };
  slowest.push(slow);
  answer(slow);
  answer(orderOf("fast", clock.nowUs() + 6));
  await tick();
  await tick();
  await close();
  const roots = collector.spans().filter(({ name }) => name === "order");
  expect(roots.map(({ attributes }) => plain(attributes))).toEqual([
    {
      "pitlane.order.id": "slow",
      "pitlane.instrument": "binance:AAA/USDT",
      "pitlane.strategy": "maker",
      "pitlane.order.slowest_stage": "venue",
      "pitlane.overlap.gc.major": 0.0007,
    },
  ]);
});

test("what came since the last interval is sent when the session ends", async () => {
  const { clock, answer, collector, close, listeners } = await setUp();
  answer(orderOf("last", clock.nowUs() + 1));
  await close();
  expect(collector.metrics()).toHaveLength(1);
  expect(collector.spans().some(({ name }) => name === "order")).toBe(true);
  expect(listeners.size).toBe(0);
});

test("the headers of the settings go with each request", async () => {
  const { collector, close } = await setUp({ headers: { authorization: "Bearer abc", "x-scope": "desk" } });
  await close();
  for (const { headers } of collector.received)
    expect(headers).toMatchObject({ authorization: "Bearer abc", "x-scope": "desk" });
  expect(collector.received.length).toBeGreaterThan(0);
});

test("without traces no order is listened to", async () => {
  const { collector, close, listeners, clock, answer } = await setUp({ traces: false });
  expect(listeners.size).toBe(0);
  answer(orderOf("x", clock.nowUs() + 1));
  await close();
  expect(collector.spans()).toEqual([]);
  expect(collector.metrics()).toHaveLength(1);
});

test("a collector that refuses is told once, and once when it takes them again", async () => {
  const { said, collector, tick } = await setUp({ traces: false });
  collector.answer(400); // not to be repeated
  await tick();
  await tick();
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^otel: metrics do not arrive and are lost: /);
  collector.answer(200);
  await tick();
  expect(said.slice(1)).toEqual(["otel: metrics arrive again"]);
});

test("a collector that is not there harms nothing, and does not hold up the end", async () => {
  const { collector, said, clock, registry, close } = await setUp();
  await collector.close();
  registry.counter("pitlane_events_total", { help: "Market events." }).inc();
  clock.advance(INTERVAL);
  await close();
  expect(said).toHaveLength(1);
  expect(said[0]).toContain("metrics do not arrive");
});

test("metrics that cannot be read are told, and the traces go all the same", async () => {
  const { session, said, clock, answer, collector, tick } = await setUp();
  Object.defineProperty(session.samples, "metrics", {
    value: () => {
      throw new Error("planted s3cret");
    },
  });
  answer(orderOf("x1", clock.nowUs() + 1));
  await tick();
  expect(collector.spans().length).toBe(6);
  expect(said).toEqual(["otel: nothing was sent: Error: planted [secret]"]);
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
