import { spawnSync } from "node:child_process";
import { prometheusText } from "@pitlane/perf/metrics";
import fc from "fast-check";
import { expect, test } from "vitest";
import { STAGES } from "../../src/latency.ts";
import { toMetrics } from "../../src/observe/exposition.ts";
import { NO_NETWORK } from "../../src/observe/sources.ts";
import { setUp } from "./support.ts";

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
const skipped = hasPromtool ? "" : " (skipped: no promtool; install Debian's prometheus)";

function busySample() {
  const parts = setUp();
  for (const stage of STAGES) for (let i = 1; i <= 100; i++) parts.latencies[stage].record(i * 10_000);
  parts.hookTimes.record(5_000);
  Object.assign(parts.orders, { intents: 12, submitted: 10, filled: 4, rejected: 1, denied: 2, open: 3, queued: 1 });
  Object.assign(parts.counts, { events: 5_000, fills: 6, faults: 2 });
  return { ...parts, sample: parts.second() };
}

const linesOf = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

test("latencies are in seconds, by stage and quantile, of the last minute", () => {
  const { sample } = busySample();
  const lines = linesOf(prometheusText(toMetrics(sample)));
  const { p99, mean } = sample.latency.execution.minute;
  expect(lines).toContain(`pitlane_stage_latency_seconds{stage="execution",quantile="0.99"} ${p99 / 1e6}`);
  expect(lines).toContain(`pitlane_stage_latency_mean_seconds{stage="execution"} ${mean / 1e6}`);
  expect(lines).toContain('pitlane_stage_latency_count_total{stage="execution"} 100');
  expect(lines.filter((line) => line.startsWith('pitlane_stage_latency_seconds{stage="risk",quantile='))).toHaveLength(
    4,
  );
  expect(lines.some((line) => line.startsWith('pitlane_plugin_hook_seconds{plugin="maker",quantile="0.999"}'))).toBe(
    true,
  );
});

test("a stage without a value in the last minute has no quantile and no mean, but its count", () => {
  const sample = setUp().second();
  const lines = linesOf(prometheusText(toMetrics(sample)));
  expect(lines.filter((line) => line.includes("quantile="))).toEqual([]);
  expect(lines.filter((line) => line.startsWith("pitlane_stage_latency_mean_seconds"))).toEqual([]);
  expect(lines).toContain('pitlane_stage_latency_count_total{stage="decode"} 0');
});

test("counts, ratios and states are those of the sample", () => {
  const lines = linesOf(prometheusText(toMetrics(busySample().sample)));
  for (const line of [
    "pitlane_events_total 5000",
    "pitlane_events_per_second 5000",
    'pitlane_orders_total{outcome="submitted"} 10',
    'pitlane_orders_total{outcome="denied"} 2',
    "pitlane_fills_total 6",
    "pitlane_order_error_ratio 0.1",
    "pitlane_order_fill_ratio 0.8",
    "pitlane_orders_open 3",
    "pitlane_orders_unknown 0",
    "pitlane_orders_queued 1",
    'pitlane_bus_lane_depth{lane="critical"} 2',
    'pitlane_bus_dropped_total{lane="low"} 3',
    'pitlane_bus_over_bound_total{lane="high"} 6',
    'pitlane_bus_conflated_total{lane="normal"} 4',
    "pitlane_journal_lag_seconds 0.025",
    "pitlane_journal_queued_rows 3",
    'pitlane_limiter_used_ratio{venue="binance",budget="weight"} 0.25',
    "pitlane_connection_failures_per_minute 4",
    'pitlane_endpoint_round_trip_seconds{venue="binance",service="rest",region="tokyo"} 0.0125',
    'pitlane_connection_open{venue="binance",connection="market \\"1\\"\\\\"} 1',
    'pitlane_connection_open{venue="binance",connection="user stream"} 0',
    "pitlane_clock_offset_seconds 0.0075",
    'pitlane_profit{asset="USDT"} -12.5',
    'pitlane_drawdown_used_ratio{asset="USDT"} 0.25',
    'pitlane_trading_state{state="active"} 1',
    'pitlane_trading_state{state="halted"} 0',
    "pitlane_faults 2",
  ])
    expect(lines).toContain(line);
  const text = lines.join("\n");
  expect(text).not.toContain('region="frankfurt"'); // its round trip is not known
  expect(text).not.toContain('pitlane_drawdown_used_ratio{asset="BTC"}'); // no limit
});

test("without a client that tells of its network there are no figures of it", () => {
  const { sample } = busySample();
  const text = prometheusText(toMetrics({ ...sample, network: NO_NETWORK }));
  expect(text).not.toContain("pitlane_clock_offset_seconds");
  expect(text).not.toContain("pitlane_limiter_used_ratio");
  expect(text).toContain("pitlane_connection_failures_per_minute 0");
});

test.skipIf(!hasPromtool)(`promtool finds nothing wrong with all of a session's metrics${skipped}`, () => {
  const { collector, second } = busySample();
  second();
  const text = prometheusText(collector.metrics());
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  expect(`${stdout}${stderr}`).toBe("");
  expect(status).toBe(0);
});

test("with all of a session's metrics come those of its process and of its plugins", () => {
  const { collector, second } = busySample();
  second();
  const lines = linesOf(prometheusText(collector.metrics()));
  expect(lines).toContain("process_resident_memory_bytes 120000000");
  expect(lines).toContain('gc_pauses_total{kind="major"} 4'); // of two samples
  expect(lines).toContain("plugin_maker_quotes_total 7");
});

test("before the first sample there are the plugins' metrics alone", () => {
  const { metrics } = setUp().collector.metrics();
  expect(metrics.map(({ name }) => name)).toEqual(["plugin_maker_quotes_total"]);
});

test("no two series are the same, whatever names a venue gives to its sockets and budgets", () => {
  const { sample } = busySample();
  const name = fc.constantFrom("a", "b", 'a"', "a\\", "a\nb");
  fc.assert(
    fc.property(fc.array(name, { maxLength: 6 }), fc.array(name, { maxLength: 6 }), (sockets, budgets) => {
      const [socket] = sample.network.connections;
      const [budget] = sample.network.limits;
      const network = {
        ...sample.network,
        connections: sockets.map((own) => ({ ...socket!, name: own })),
        limits: budgets.map((own) => ({ ...budget!, name: own })),
      };
      const lines = linesOf(prometheusText(toMetrics({ ...sample, network })));
      const series = lines.map((line) => line.slice(0, line.lastIndexOf(" ")));
      expect(new Set(series).size).toBe(series.length);
    }),
  );
});
