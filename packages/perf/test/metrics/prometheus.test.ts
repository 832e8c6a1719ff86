import fc from "fast-check";
import * as promClient from "prom-client";
import { expect, test } from "vitest";
import { MetricsRegistry, prometheusText } from "../../src/metrics/index.ts";
import { ManualClock } from "../../src/testing.ts";

test("writes help, type, labels, buckets and quantiles as the format asks", () => {
  const clock = new ManualClock();
  const registry = new MetricsRegistry({ clock });
  registry
    .counter("orders_total", { help: "Orders sent.", labels: ["venue"] })
    .labels({ venue: "paper" })
    .inc(3);
  const queued = registry.gauge("queued", { help: "Events waiting." });
  queued.set(Number.NaN);
  const sizes = registry.histogram("size_bytes", { help: "Frames.", bounds: [0.5, 100], labels: ["kind"] });
  for (const size of [0.25, 100, 101]) sizes.labels({ kind: "depth" }).observe(size);
  const fills = registry.meter("fills", { help: "Fills." });
  fills.mark(5);
  clock.advance({ ms: 1_000 });
  registry.summary("answer_seconds", { help: "Time to the venue's answer." });
  expect(prometheusText(registry.snapshot())).toBe(`# HELP orders_total Orders sent.
# TYPE orders_total counter
orders_total{venue="paper"} 3
# HELP queued Events waiting.
# TYPE queued gauge
queued NaN
# HELP size_bytes Frames.
# TYPE size_bytes histogram
size_bytes_bucket{kind="depth",le="0.5"} 1
size_bytes_bucket{kind="depth",le="100"} 2
size_bytes_bucket{kind="depth",le="+Inf"} 3
size_bytes_sum{kind="depth"} 201.25
size_bytes_count{kind="depth"} 3
# HELP fills_total Fills.
# TYPE fills_total counter
fills_total 5
# HELP fills_current_per_second Fills. Rate over the last window.
# TYPE fills_current_per_second gauge
fills_current_per_second 5
# HELP fills_average_per_second Fills. Rate since the start.
# TYPE fills_average_per_second gauge
fills_average_per_second 5
# HELP fills_peak_per_second Fills. Highest rate of a window.
# TYPE fills_peak_per_second gauge
fills_peak_per_second 5
# HELP answer_seconds Time to the venue's answer.
# TYPE answer_seconds summary
answer_seconds_sum 0
answer_seconds_count 0
`);
});

test("a summary's quantiles are in seconds", () => {
  const registry = new MetricsRegistry({ clock: new ManualClock() });
  const latency = registry.summary("answer_seconds", { help: "", labels: ["venue"] }).labels({ venue: "a" });
  for (let i = 0; i < 100; i++) latency.record(2_000_000);
  const values = new Map(parse(prometheusText(registry.snapshot())).samples.map((one) => [one.key, one.value]));
  for (const quantile of ["0.5", "0.9", "0.99", "0.999"])
    expect(values.get(`answer_seconds{quantile=${quantile},venue=a}`)).toBeCloseTo(0.002, 5);
  expect(values.get("answer_seconds_count{venue=a}")).toBe(100);
  expect(values.get("answer_seconds_sum{venue=a}")).toBeCloseTo(0.2, 3);
});

test("spells the numbers that decimals cannot", () => {
  const registry = new MetricsRegistry({ clock: new ManualClock() });
  for (const [name, value] of Object.entries({ a: Number.NaN, b: 1 / 0, c: -1 / 0, d: 1e300 }))
    registry.gauge(name, { help: "" }).set(value);
  const lines = prometheusText(registry.snapshot()).split("\n");
  expect(lines.filter((line) => /^[a-d] /.test(line))).toEqual(["a NaN", "b +Inf", "c -Inf", "d 1e+300"]);
});

test("escapes label values and help so that a reader gets back exactly what was given", () => {
  fc.assert(
    fc.property(nastyText(), nastyText(), (help, value) => {
      const registry = new MetricsRegistry({ clock: new ManualClock() });
      registry.gauge("g", { help, labels: ["l"] }).labels({ l: value });
      const { samples, helps } = parse(prometheusText(registry.snapshot()));
      expect(samples).toEqual([{ key: `g{l=${value}}`, value: 0 }]);
      expect(helps.get("g")).toBe(help);
    }),
  );
});

test("exposes how often a metric ran out of series", () => {
  const registry = new MetricsRegistry({ clock: new ManualClock() });
  const users = registry.counter("users_total", { help: "", labels: ["user"], maxSeries: 1 });
  for (const user of ["a", "b", "c"]) users.labels({ user }).inc();
  const text = prometheusText(registry.snapshot());
  expect(text).toContain('users_total{overflow="true"} 2\n');
  expect(text).toContain('metrics_overflow_total{metric="users_total"} 2\n');
});

test("says the same as prom-client of the same events", async () => {
  const bounds = [0.001, 0.01, 0.1, 1];
  const event = fc.record({ venue: nastyText(), seconds: fc.double({ min: 0, max: 2, noNaN: true }) });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 30 }), async (events) => {
      const ours = new MetricsRegistry({ clock: new ManualClock() });
      const theirs = new promClient.Registry();
      const registers = [theirs];
      const counter = ours.counter("n_total", { help: "n", labels: ["venue"] });
      const gauge = ours.gauge("last", { help: "g", labels: ["venue"] });
      const histogram = ours.histogram("took_seconds", { help: "h", labels: ["venue"], bounds });
      const theirCounter = new promClient.Counter({ name: "n_total", help: "n", labelNames: ["venue"], registers });
      const theirGauge = new promClient.Gauge({ name: "last", help: "g", labelNames: ["venue"], registers });
      const theirHistogram = new promClient.Histogram({
        name: "took_seconds",
        help: "h",
        labelNames: ["venue"],
        buckets: bounds,
        registers,
      });
      for (const { venue, seconds } of events) {
        counter.labels({ venue }).inc(seconds);
        gauge.labels({ venue }).set(seconds);
        histogram.labels({ venue }).observe(seconds);
        theirCounter.labels(venue).inc(seconds);
        theirGauge.labels(venue).set(seconds);
        theirHistogram.labels(venue).observe(seconds);
      }
      const mine = parse(prometheusText(ours.snapshot()));
      const other = parse(await theirs.metrics());
      expect(sorted(mine.samples)).toEqual(sorted(other.samples));
      expect(mine.types).toEqual(other.types);
    }),
    { numRuns: 50 },
  );
});

interface Sample {
  readonly key: string;
  readonly value: number;
}

/** An independent reader of the format, written from its description rather than from our writer. */
function parse(text: string) {
  const samples: Sample[] = [];
  const helps = new Map<string, string>();
  const types = new Map<string, string>();
  if (!text.endsWith("\n")) throw new Error("the last line must end in a line feed");
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const meta = /^# (HELP|TYPE) (\S+) ?(.*)$/s.exec(line);
    if (meta?.[1] === "HELP") helps.set(meta[2]!, unescaped(meta[3]!));
    else if (meta?.[1] === "TYPE") types.set(meta[2]!, meta[3]!);
    else samples.push(parseSample(line));
  }
  return { samples, helps, types };
}

function parseSample(line: string): Sample {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0] ?? "";
  let at = name.length;
  const labels: string[] = [];
  if (line[at] === "{") {
    at++;
    while (line[at] !== "}") {
      const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?/s.exec(line.slice(at));
      if (label === null) throw new Error(`bad label in ${line}`);
      labels.push(`${label[1]}=${unescaped(label[2]!)}`);
      at += label[0].length;
    }
    at++;
  }
  const value = line.slice(at).trim().replace("Inf", "Infinity");
  return { key: labels.length === 0 ? name : `${name}{${labels.sort().join(",")}}`, value: Number(value) };
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (_, character: string) => (character === "n" ? "\n" : character));
}

function sorted(samples: readonly Sample[]) {
  return [...samples].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

function nastyText() {
  return fc.string({ unit: fc.constantFrom("a", "\\", '"', "\n", "{", "}", ",", "é", "n"), maxLength: 6 });
}
