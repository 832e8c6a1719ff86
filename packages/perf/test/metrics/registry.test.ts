import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { MetricsRegistry, prometheusText } from "../../src/metrics/index.ts";
import { ManualClock } from "../../src/testing.ts";

test("the same labels give the same instrument, in whatever order they are written", () => {
  const { registry } = setUp();
  const orders = registry.counter("orders_total", { help: "Orders.", labels: ["venue", "side"] });
  const first = orders.labels({ venue: "a", side: "buy" });
  expect(orders.labels({ side: "buy", venue: "a" })).toBe(first);
  expect(orders.labels({ venue: "a", side: "sell" })).not.toBe(first);
});

test("label values that would look alike when joined stay apart", () => {
  const { registry } = setUp();
  const metric = registry.counter("x_total", { help: "", labels: ["a", "b"] });
  fc.assert(
    fc.property(fc.tuple(fc.string(), fc.string()), fc.tuple(fc.string(), fc.string()), ([a, b], [c, d]) => {
      const isSame = a === c && b === d;
      expect(metric.labels({ a, b }) === metric.labels({ a: c, b: d })).toBe(isSame);
    }),
    { numRuns: 200 },
  );
});

test("refuses labels that are missing, unknown or not text", () => {
  const { registry } = setUp();
  const orders = registry.counter("orders_total", { help: "", labels: ["venue"] });
  for (const labels of [{}, { venue: 1 }, { venue: "a", side: "buy" }, { constructor: "a" }])
    expect(() => orders.labels(labels as unknown as { venue: string })).toThrow(InvalidInputError);
});

test("label sets beyond the limit share one series, are counted, and are told of once", () => {
  const { registry, overflows } = setUp();
  const users = registry.counter("users_total", { help: "", labels: ["user"], maxSeries: 2 });
  for (let i = 0; i < 100; i++) users.labels({ user: `u${i}` }).inc();
  users.labels({ user: "u1" }).inc();
  expect(overflows).toEqual(["users_total"]);
  expect(registry.snapshot().metrics).toEqual([
    {
      kind: "counter",
      name: "users_total",
      help: "",
      overflowed: 98,
      series: [
        { labels: { user: "u0" }, value: 1 },
        { labels: { user: "u1" }, value: 2 },
        { labels: { overflow: "true" }, value: 98 },
      ],
    },
  ]);
});

test("no event is lost or counted twice, whatever labels come", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.integer({ min: 0, max: 9 })), (maxSeries, users) => {
      const { registry } = setUp();
      const metric = registry.counter("users_total", { help: "", labels: ["user"], maxSeries });
      for (const user of users) metric.labels({ user: String(user) }).inc();
      const [snapshot] = registry.snapshot().metrics;
      if (snapshot?.kind !== "counter") throw new Error("not a counter");
      expect(snapshot.series.length).toBeLessThanOrEqual(maxSeries + 1);
      expect(snapshot.series.reduce((sum, { value }) => sum + Number(value), 0)).toBe(users.length);
    }),
  );
});

test("registering the same metric again returns what is there, however its options are ordered", () => {
  const { registry } = setUp();
  const first = registry.counter("a_total", { help: "h", labels: ["x"] });
  expect(registry.counter("a_total", { labels: ["x"], help: "h", maxSeries: 1_000 })).toBe(first);
  const plain = registry.gauge("b", { help: "h" });
  expect(registry.gauge("b", { help: "h" })).toBe(plain);
});

test("registering a name with another shape throws and says which name", () => {
  const { registry } = setUp();
  registry.gauge("a", { help: "h", labels: ["x"] });
  registry.histogram("h", { help: "h", bounds: [1, 2] });
  registry.meter("m", { help: "h" });
  const others = [
    () => registry.gauge("a", { help: "h" }),
    () => registry.gauge("a", { help: "h", labels: ["y"] }),
    () => registry.gauge("a", { help: "other", labels: ["x"] }),
    () => registry.meter("a", { help: "h" }) && registry.histogram("a", { help: "h", bounds: [1] }),
    () => registry.histogram("h", { help: "h", bounds: [1, 3] }),
    () => registry.meter("m", { help: "h", windowMs: 2_000 }),
  ];
  for (const register of others) expect(register).toThrow(/registered already|belongs to/);
});

test("two metrics cannot be exposed under one name", () => {
  const { registry } = setUp();
  registry.histogram("sizes", { help: "", bounds: [1] });
  expect(() => registry.gauge("sizes_sum", { help: "" })).toThrow("belongs to sizes");
  registry.counter("fills_total", { help: "" });
  expect(() => registry.meter("fills", { help: "" })).toThrow("belongs to fills_total");
  expect(() => registry.counter("metrics_overflow_total", { help: "" })).toThrow(InvalidInputError);
});

test("a refused registration leaves nothing behind", () => {
  const { registry } = setUp();
  registry.gauge("a_sum", { help: "" });
  expect(() => registry.histogram("a", { help: "", bounds: [1] })).toThrow(InvalidInputError);
  registry.gauge("a_count", { help: "" });
  expect(registry.snapshot().metrics.map(({ name }) => name)).toEqual(["a_sum", "a_count"]);
});

test("checks names by Prometheus's rules", () => {
  const { registry } = setUp();
  const badNames = ["", "1a_total", "a-b_total", "a b_total", "é_total", "orders", `${"a".repeat(195)}_total`];
  for (const name of badNames) expect(() => registry.counter(name, { help: "" })).toThrow(InvalidInputError);
  expect(() => registry.gauge("orders_total", { help: "" })).toThrow("_total");
  expect(() => registry.summary("latency_ms", { help: "" })).toThrow("_seconds");
  for (const label of ["", "1a", "a-b", "__name__", "overflow", "a:b"])
    expect(() => registry.gauge("g", { help: "", labels: [label] })).toThrow(InvalidInputError);
  expect(() => registry.gauge("g", { help: "", labels: ["a", "a"] })).toThrow(InvalidInputError);
  expect(() => registry.histogram("h", { help: "", bounds: [1], labels: ["le"] })).toThrow(InvalidInputError);
  expect(() => registry.summary("s_seconds", { help: "", labels: ["quantile"] })).toThrow(InvalidInputError);
  expect(() => registry.gauge("g", { help: "", labels: ["a"], maxSeries: 0 })).toThrow(InvalidInputError);
  registry.gauge("ns:g_1", { help: "", labels: ["le"] });
});

test("a snapshot is a copy that JSON and structuredClone carry whole", () => {
  const { clock, registry } = setUp();
  const gauge = registry.gauge("g", { help: "" });
  const meter = registry.meter("m", { help: "" });
  const sizes = registry.histogram("h", { help: "", bounds: [1] });
  const latency = registry.summary("s_seconds", { help: "" });
  gauge.set(Number.NEGATIVE_INFINITY);
  meter.mark();
  sizes.observe(0.5);
  latency.record(1_000);
  clock.advance({ ms: 5 });
  const before = registry.snapshot();
  const copy = structuredClone(before);
  expect(before.atUs).toBe(clock.nowUs());
  gauge.set(1);
  meter.mark();
  sizes.observe(2);
  latency.record(2_000);
  expect(before).toEqual(copy);
  expect(JSON.parse(JSON.stringify(before))).toEqual(before);
  expect(prometheusText(JSON.parse(JSON.stringify(before)))).toBe(prometheusText(before));
  expect(prometheusText(registry.snapshot())).not.toBe(prometheusText(before));
});

function setUp() {
  const clock = new ManualClock();
  const overflows: string[] = [];
  const registry = new MetricsRegistry({ clock, onOverflow: (metric) => overflows.push(metric) });
  return { clock, registry, overflows };
}
