import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { builtInRules } from "../../src/alerts/built-in.ts";
import { hasPromtool } from "../alerts/promtool.ts";
import { run } from "./host.ts";

const NAMES = builtInRules({ laneCapacity: 10_000, orderQueue: 10_000 }).map(({ name }) => name);

test("pitlane alerts lists every rule with its thresholds, and says which is off", async () => {
  const { code, out, cwd } = await run(["alerts", "--json", "rules.json"]);
  expect(code).toBe(0);
  for (const name of NAMES) expect(out).toContain(name);
  expect(out).toMatch(/order-latency-p99 +execution-p99 +from 50 ms +from 500 ms +built-in/);
  expect(out).toMatch(/order-errors +order-error-ratio +from 1 % +from 5 % for 2 min +built-in/);
  expect(out).toMatch(/event-rate .* off/);
  const { rules } = JSON.parse(readFileSync(join(cwd, "rules.json"), "utf8")) as {
    readonly rules: readonly { readonly name: string; readonly isOn: boolean; readonly unit: string }[];
  };
  expect(rules.map(({ name }) => name)).toEqual(NAMES);
  expect(rules.filter(({ isOn }) => !isOn).map(({ name }) => name)).toEqual(["event-rate"]);
  expect(rules[0]).toMatchObject({ unit: "s", warning: { threshold: 0.05 }, from: "built-in" });
});

test("the settings change, switch off and add rules; queues' thresholds follow the queues", async () => {
  const set = [
    "alerts.rules.order-latency-p99.warning.threshold=0.2",
    "alerts.rules.drawdown.enabled=false",
    'alerts.add=[{"name":"busy","signal":"cpu","critical":{"threshold":0.9,"forMs":60000}}]',
    "bus.capacity=1000",
  ].flatMap((setting) => ["--set", setting]);
  const { code, out } = await run(["alerts", ...set]);
  expect(code).toBe(0);
  expect(out).toMatch(/order-latency-p99 .*from 200 ms +from 500 ms +changed/);
  expect(out).toMatch(/drawdown .* off/);
  expect(out).toMatch(/lane-depth .*from 500 +from 900 /);
  expect(out).toMatch(/busy +cpu +from 90 % for 60 s +own/);
});

test("a rule that makes no sense ends the command with what is wrong and what there is", async () => {
  const { code, err } = await run(["alerts", "--set", "alerts.rules.order-latency.warning.threshold=1"]);
  expect(code).toBe(2);
  expect(err).toMatch(/alerts\.rules\.order-latency is no rule \(did you mean order-latency-p99\?\)/);
});

test("pitlane alerts --signals lists what rules can look at", async () => {
  const { code, out, cwd } = await run(["alerts", "--signals", "--json", "signals.json"]);
  expect(code).toBe(0);
  expect(out).toMatch(/limiter-used +ratio +share of a venue's request budget/);
  const { signals } = JSON.parse(readFileSync(join(cwd, "signals.json"), "utf8")) as {
    readonly signals: readonly object[];
  };
  expect(signals).toContainEqual(expect.objectContaining({ name: "lane-depth", labels: ["lane"] }));
});

test("pitlane alerts export writes rules that promtool accepts and a dashboard, of the rules that are on", async () => {
  const args = [
    "export",
    "--prometheus",
    "rules.yml",
    "--grafana",
    "dashboard.json",
    "--set",
    "alerts.rules.drawdown.enabled=false",
  ];
  const { code, out, cwd } = await run(["alerts", ...args]);
  expect(code).toBe(0);
  expect(out).toContain("rules.yml: 14 rules");
  const rules = readFileSync(join(cwd, "rules.yml"), "utf8");
  expect(rules).not.toContain("PitlaneDrawdown");
  expect(JSON.parse(readFileSync(join(cwd, "dashboard.json"), "utf8"))).toMatchObject({ uid: "pitlane" });
  if (hasPromtool()) execFileSync("promtool", ["check", "rules", join(cwd, "rules.yml")]);
});

test("pitlane alerts export needs to be told what to write, and where it can be", async () => {
  expect((await run(["alerts", "export"])).err).toMatch(/name what to write/);
  const { code, err } = await run(["alerts", "export", "--grafana", "nowhere/dashboard.json"]);
  expect(code).toBe(2);
  expect(err).toMatch(/--grafana .*cannot be written/);
});
