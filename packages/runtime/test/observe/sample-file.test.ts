import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@pitlane/perf/testing";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import SCHEMA from "../../schema/performance.schema.json" with { type: "json" };
import type { Alert } from "../../src/alerts/rules.ts";
import { performancePage } from "../../src/observe/performance-page.ts";
import { performanceReport } from "../../src/observe/performance-report.ts";
import { readSamples } from "../../src/observe/run-samples.ts";
import type { SessionSample } from "../../src/observe/sample.ts";
import { openSampleFile, SAMPLE_FILE, type SampleFileOptions } from "../../src/observe/sample-file.ts";
import type { Fault } from "../../src/report.ts";
import { sampleOf } from "../alerts/sample.ts";

const START_US = 1_767_225_600_000_000; // 2026-01-01
const ALL = { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER };

async function setUp(
  options: Partial<SampleFileOptions> = {},
  folder = mkdtempSync(join(tmpdir(), "pitlane-samples-")),
) {
  const clock = new ManualClock();
  const listeners = new Set<(sample: SessionSample) => void>();
  const alertListeners = new Set<(alert: Alert) => void>();
  const faults: Fault[] = [];
  const told: string[] = [];
  const add = <T>(to: Set<T>, one: T) => {
    to.add(one);
    return () => to.delete(one);
  };
  const session = {
    folder,
    clock,
    run: { id: "run-1", mode: "paper", startedAtUs: START_US, strategies: [], version: "1.0.0", node: "v20", pid: 1 },
    samples: { onSample: (listener: (sample: SessionSample) => void) => add(listeners, listener) },
    alerts: { onChange: (listener: (alert: Alert) => void) => add(alertListeners, listener) },
    faults: () => faults,
  } as unknown as SampleFileOptions["session"];
  const close = await openSampleFile({ session, onFault: (message) => told.push(message), ...options });
  /** Second number `n` of the session, in which an order took `executionUs`. */
  const second = (n: number, executionUs = 1_000) => {
    const sample = sampleOf({ uptimeMs: n * 1000, profit: [profit(`${-n}.5`)] });
    const figures = {
      count: 1,
      mean: executionUs,
      p50: executionUs,
      p95: executionUs,
      p99: executionUs,
      p999: executionUs,
      max: executionUs,
    };
    const execution = { now: figures, minute: figures, total: { ...figures, count: n } };
    const events = { count: 10 * n, nowPerSecond: 10, averagePerSecond: 10, peakPerSecond: 10 };
    const flow = { ...sample.flow, submitted: n };
    for (const listener of listeners)
      listener({ ...sample, seq: n, latency: { ...sample.latency, execution }, events, flow });
  };
  const path = join(folder, SAMPLE_FILE);
  const rows = () =>
    readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const raise = (alert: Alert) => {
    for (const listener of alertListeners) listener(alert);
  };
  return { close, second, path, rows, faults, told, raise, folder };
}

function profit(amount: string) {
  return { asset: "USDT", profit: amount, realized: amount, fees: "0", drawdown: "0", drawdownUsed: null };
}

const ALERT: Alert = {
  id: "memory:1",
  rule: "memory",
  title: "memory <b>",
  subject: "",
  severity: "warning",
  state: "raised",
  value: 2,
  threshold: 1,
  unit: "bytes",
  raisedAtUs: START_US,
  changedAtUs: START_US + 5,
  resolvedAtUs: null,
  acknowledgedBy: null,
};

test("a report of a run is made of what was written each second, and fits its schema", async () => {
  const { close, second, path, raise, faults } = await setUp();
  for (let n = 1; n <= 100; n++) second(n, n <= 25 ? 60_000 : 1_000);
  raise(ALERT);
  raise({ ...ALERT, state: "resolved" });
  faults.push({ atUs: START_US + 1e6, source: "orders", message: "lost <it>", count: 1 });
  await close();
  const samples = await readSamples(path, ALL);
  const report = performanceReport("run", "run-1", samples, ALL);
  const p99 = report.service.targets.find(({ name }) => name === "execution-p99");
  expect(p99).toMatchObject({ held: 75, counted: 100, share: 0.75 });
  expect(report.processes).toHaveLength(1);
  expect(report.processes[0]).toMatchObject({
    run: "run-1",
    seconds: 100,
    throughput: { events: { count: 1000, averagePerSecond: 10, peakPerSecond: 10 }, orders: { count: 100 } },
    orders: { submitted: 100 },
    latency: { execution: { count: 100 } },
    alerts: [{ id: "memory:1", state: "resolved" }],
    faults: [{ message: "lost <it>" }],
    profit: [{ profit: "-100.5" }],
  });
  expect(report.notes).toEqual([]);
  const check = new Ajv2020({ strict: false }).compile(SCHEMA);
  expect(check(JSON.parse(JSON.stringify(report))), JSON.stringify(check.errors)).toBe(true);
  const page = performancePage(report, samples);
  expect(page).toContain("default-src 'none'; style-src 'unsafe-inline'; base-uri");
  expect(page).not.toContain("<script");
  expect(page).not.toMatch(/(src|href)=/);
  expect(page).toContain("memory &lt;b&gt;");
  expect(page).toContain("lost &lt;it&gt;");
  expect(page).toContain("Order execution, p99 of each second");
});

test("a span counts what lies in it, also of a run that began before", async () => {
  const { close, second, path } = await setUp();
  for (let n = 1; n <= 240; n++) second(n, n <= 60 ? 60_000 : 1_000);
  await close();
  const span = { fromUs: START_US + 61e6, toUs: START_US + 181e6 };
  const report = performanceReport("day", "2026-01-01", await readSamples(path, span), span);
  const [process] = report.processes;
  expect(process).toMatchObject({ seconds: 120, throughput: { events: { count: 1200 } }, orders: { submitted: 120 } });
  expect(report.service.all).toMatchObject({ held: 120, counted: 120 });
  expect(report.notes).toEqual(["run run-1: it began before the span, and its latencies are since its own start"]);
});

test("a process that was killed is told of up to its last totals, and one that went on has its own", async () => {
  const first = await setUp();
  for (let n = 1; n <= 70; n++) first.second(n);
  // Lines are appended one after the other: that of the last second is whole when the next process begins.
  await expect.poll(() => first.rows().length).toBeGreaterThan(75);
  appendFileSync(first.path, '{"k":"s","t":17672');
  const next = await setUp({}, first.folder);
  for (let n = 1; n <= 3; n++) next.second(n);
  await next.close();
  const report = performanceReport("run", "run-1", await readSamples(first.path, ALL), ALL);
  expect(report.processes.map(({ seconds }) => seconds)).toEqual([60, 3]);
  expect(report.service.all.counted).toBe(63);
  expect(report.notes).toEqual(["run run-1: the last 10 s are not added up: its process was killed, or runs"]);
});

test("later seconds are written one in ten, and count all the same", async () => {
  const { close, second, path, rows } = await setUp({ fullSeconds: 100 });
  for (let n = 1; n <= 200; n++) second(n, n % 10 === 0 ? 60_000 : 1_000);
  await close();
  expect(rows().filter(({ k }) => k === "s")).toHaveLength(110);
  const report = performanceReport("run", "run-1", await readSamples(path, ALL), ALL);
  expect(report.service.all).toMatchObject({ held: 180, counted: 200 });
});

test("a file that is full ends with one fault, and stays as large as it is", async () => {
  const { close, second, path, told } = await setUp({ mostBytes: 5_000 });
  for (let n = 1; n <= 50; n++) second(n);
  await close();
  expect(readFileSync(path).length).toBeLessThanOrEqual(5_000);
  expect(told).toEqual(["samples are no longer written, reports end here: samples.jsonl has 0 MB"]);
});

test("lines that nobody understands are passed over", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-samples-"));
  const path = join(folder, SAMPLE_FILE);
  writeFileSync(
    path,
    'null\n{"k":"s","t":5}\n[]\n{"k":"start","t":1,"run":"r","version":"1","node":"v"}\n{"k":"new","t":2}\nx\n',
  );
  expect(await readSamples(path, ALL)).toEqual([]);
});
