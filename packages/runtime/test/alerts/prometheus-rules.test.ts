import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MetricsRegistry } from "@pitlane/perf/metrics";
import { processMetrics } from "@pitlane/perf/monitor";
import { ManualClock } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type BuiltInRule, builtInRules } from "../../src/alerts/built-in.ts";
import { PANEL_ROWS } from "../../src/alerts/grafana-panels.ts";
import { alertNameOf, toPrometheusRules } from "../../src/alerts/prometheus-rules.ts";
import type { AlertRule } from "../../src/alerts/rules.ts";
import { ALERT_SIGNALS } from "../../src/alerts/signals.ts";
import { toMetrics } from "../../src/observe/exposition.ts";
import { hasPromtool } from "./promtool.ts";
import { sampleOf } from "./sample.ts";

const RULES: readonly BuiltInRule[] = builtInRules({ laneCapacity: 10_000, orderQueue: 10_000 });
/** A rule for each signal there is. */
const ON_EVERYTHING: readonly AlertRule[] = ALERT_SIGNALS.map(({ name }) => ({
  name: `on-${name}`,
  title: name,
  signal: name,
  bad: "above",
  warning: { threshold: 1 },
}));

const withPromtool = test.skipIf(!hasPromtool()); // of Debian's package prometheus

function folderWith(rules: readonly AlertRule[]): string {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-promtool-"));
  writeFileSync(join(folder, "rules.yml"), toPrometheusRules(rules));
  return folder;
}

interface Series {
  readonly series: string;
  /** Values, one a second, as promtool writes them: `0x59 1x10`. */
  readonly values: string;
}

/** Asks Prometheus itself which alerts fire. @param expected Seconds from the start, and the severities that fire then. */
function fires(
  rule: BuiltInRule,
  series: readonly Series[],
  expected: readonly (readonly [number, readonly string[]])[],
) {
  const folder = folderWith([rule]);
  const { groups } = parse(toPrometheusRules([rule])) as {
    readonly groups: readonly {
      readonly rules: readonly { readonly annotations: unknown; readonly labels: { readonly severity: string } }[];
    }[];
  };
  expect(groups[0]?.rules.length).toBeGreaterThan(0);
  const alertname = alertNameOf(rule.name);
  const file = {
    rule_files: ["rules.yml"],
    evaluation_interval: "1s",
    tests: [
      {
        interval: "1s",
        input_series: series.map(({ series: name, values }) => ({ series: name, values })),
        promql_expr_test: expected.flatMap(([second, severities]) =>
          ["warning", "critical"].map((severity) => ({
            expr: `count(ALERTS{alertname="${alertname}",severity="${severity}",alertstate="firing"}) or vector(0)`,
            eval_time: `${second}s`,
            exp_samples: [{ labels: "{}", value: severities.includes(severity) ? 1 : 0 }],
          })),
        ),
      },
    ],
  };
  writeFileSync(join(folder, "test.yml"), stringify(file));
  const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", "test.yml"], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(`${stdout}${stderr}`).toContain("SUCCESS");
  expect(status).toBe(0);
}

const rule = (name: string) => RULES.find((one) => one.name === name) as BuiltInRule;

test("a level is an alert, with its duration, severity and the rule's name", () => {
  const { groups } = parse(toPrometheusRules(RULES)) as {
    readonly groups: readonly { readonly rules: readonly Readonly<Record<string, unknown>>[] }[];
  };
  const rules = groups[0]!.rules;
  expect(rules).toHaveLength(
    RULES.reduce((sum, { warning, critical }) => sum + (warning ? 1 : 0) + (critical ? 1 : 0), 0),
  );
  expect(rules).toContainEqual(
    expect.objectContaining({
      alert: "PitlaneMemoryLimit",
      for: "5m",
      labels: { severity: "critical", rule: "memory-limit" },
    }),
  );
  const depth = rules.find(({ alert }) => alert === "PitlaneLaneDepth");
  expect(depth?.["annotations"]).toMatchObject({ summary: "events that wait in a lane ({{ $labels.lane }})" });
  expect(depth?.["expr"]).toBe(
    '(pitlane_bus_lane_depth) >= 5000 or ((pitlane_bus_lane_depth) > 4500 and on (instance, job, lane) ALERTS{alertname="PitlaneLaneDepth",alertstate="firing",severity="warning"})',
  );
});

test("latencies are looked at after the warm-up, which can be 0", () => {
  const slow = [rule("order-latency-p99")];
  expect(toPrometheusRules(slow, 90_000)).toContain("pitlane_uptime_seconds >= 90");
  expect(toPrometheusRules(slow, 0)).not.toContain("pitlane_uptime_seconds");
  expect(toPrometheusRules([rule("memory")], 90_000)).not.toContain("pitlane_uptime_seconds");
});

test("every metric that a rule or a panel asks for is one that the session exports", () => {
  const registry = new MetricsRegistry({ clock: new ManualClock() });
  const figures = sampleOf({
    latency: { execution: {} },
    network: {
      limits: [{ venue: "a", name: "weight", limit: 1, used: 1, windowMs: 1, waiting: 0 }],
      endpoints: [
        {
          venue: "a",
          service: "rest",
          region: "x",
          url: "",
          isPresent: true,
          isDown: false,
          roundTripMs: 1,
          errorRatio: 0,
        },
      ],
      connections: [
        { venue: "a", name: "user stream", state: "open", region: "x", url: "", reconnects: 0, sinceUs: 0 },
      ],
      clockOffsetMs: 1,
    },
    profit: [{ asset: "USDT", profit: "0", realized: "0", fees: "0", drawdown: "0", drawdownUsed: 0 }],
  });
  processMetrics(registry);
  const exported = new Set([...toMetrics(figures).metrics, ...registry.snapshot().metrics].map(({ name }) => name));
  const asked = [
    ...ALERT_SIGNALS.map(({ promql }) => promql),
    ...PANEL_ROWS.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(([expr]) => expr))),
  ].flatMap((expr) => expr.match(/\b(?:pitlane|process|gc|eventloop)_[a-z_]+/g) ?? []);
  expect(asked.length).toBeGreaterThan(50);
  for (const name of asked) expect(exported).toContain(name);
});

withPromtool("promtool accepts the built-in rules, and one on every signal", () => {
  for (const rules of [RULES, ON_EVERYTHING]) {
    const out = execFileSync("promtool", ["check", "rules", join(folderWith(rules), "rules.yml")], {
      encoding: "utf8",
    });
    expect(out).toMatch(/SUCCESS: \d+ rules found/);
  }
});

withPromtool("in Prometheus an alert fires at its threshold and goes on until clearAt", () => {
  fires(
    rule("connection-failures"), // from 5, over at 2
    [{ series: "pitlane_connection_failures_per_minute", values: "4x9 5x9 4x9 3x9 2x9 4x9" }],
    [
      [9, []],
      [10, ["warning"]],
      [25, ["warning"]],
      [39, ["warning"]],
      [40, []],
      [55, []],
    ],
  );
});

withPromtool("in Prometheus an alert waits for its duration, per subject and per session", () => {
  fires(
    rule("memory-limit"), // 80 % at once, 100 % for 5 min
    [
      { series: 'process_resident_memory_bytes{instance="a"}', values: "400x9 420x9 512x400" },
      { series: 'process_resident_memory_bytes{instance="b"}', values: "100x500" },
      { series: 'process_resident_memory_limit_bytes{instance="a"}', values: "512x500" },
      { series: 'process_resident_memory_limit_bytes{instance="b"}', values: "512x500" },
    ],
    [
      [9, []],
      [10, ["warning"]],
      [310, ["warning"]],
      [325, ["warning", "critical"]],
    ],
  );
});

withPromtool("in Prometheus a latency counts from ten orders a minute on", () => {
  const slow: Series = {
    series: 'pitlane_stage_latency_seconds{stage="execution",quantile="0.99"}',
    values: "0.6x240",
  };
  const passed = (values: string): Series => ({
    series: 'pitlane_stage_latency_count_total{stage="execution"}',
    values,
  });
  const uptime: Series = { series: "pitlane_uptime_seconds", values: "0+1x240" };
  fires(
    rule("order-latency-p99"),
    [slow, uptime, passed("0x120 0+1x120")],
    [
      [60, []],
      [119, []],
      [200, ["warning", "critical"]],
    ],
  );
  fires(rule("order-latency-p99"), [slow, uptime, passed("0x120 1x60 2x60")], [[200, []]]);
});

withPromtool("in Prometheus a share of failures counts from three failures on", () => {
  const ratio: Series = { series: "pitlane_order_error_ratio", values: "0.1x180" };
  const orders = (values: string): Series => ({ series: 'pitlane_orders_total{outcome="submitted"}', values });
  fires(rule("order-errors"), [ratio, orders("0+0.333x180")], [[100, []]]); // 20 a minute: 2 failed
  fires(rule("order-errors"), [ratio, orders("0+1x180")], [[100, ["warning"]]]); // 60: 6 failed
});

withPromtool("in Prometheus an event too many for a lane that never drops fires, and is over a minute later", () => {
  fires(
    rule("kept-lane-overflow"),
    [
      { series: 'pitlane_bus_over_bound_total{lane="critical"}', values: "0x60 1x200" },
      { series: 'pitlane_bus_dropped_total{lane="critical"}', values: "0x260" },
      { series: 'pitlane_bus_over_bound_total{lane="low"}', values: "0x260" },
      { series: 'pitlane_bus_dropped_total{lane="low"}', values: "0+5x260" },
    ],
    [
      [60, []],
      [70, ["critical"]],
      [200, []],
    ],
  );
});

withPromtool("in Prometheus a rate below its threshold fires", () => {
  fires(
    rule("event-rate"),
    [{ series: "pitlane_events_per_second", values: "600x9 200x30 520x9 560x9" }],
    [
      [9, []],
      [15, []],
      [25, ["warning"]],
      [45, ["warning"]],
      [55, []],
    ],
  );
});
