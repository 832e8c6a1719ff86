import { setTimeout as sleep } from "node:timers/promises";
import { STAGES } from "pitlane";
import * as v from "valibot";
import { expect, onTestFinished, test } from "vitest";
import { openExporter } from "../src/observer.ts";
import { prometheusSettings } from "../src/settings.ts";
import { createFakeSession } from "./support/fake-session.ts";
import { hasPrometheus, hasPromtool, promtoolProblems, startPrometheus } from "./support/prometheus-server.ts";

const noPromtool = hasPromtool ? "" : " (skipped: no promtool; install Debian's prometheus)";
const noPrometheus = hasPrometheus ? "" : " (skipped: no prometheus; install Debian's prometheus)";

async function setUp(settings: Readonly<Record<string, unknown>> = {}) {
  const session = createFakeSession();
  session.registry.counter("pitlane_events_total", { help: "Market events." }).inc(1234);
  session.registry
    .gauge("pitlane_plugin_budget_ratio", { help: "Budget.", labels: ["plugin"] })
    .labels({ plugin: 'a "quoted"\\\nname' })
    .set(0.5);
  for (const stage of STAGES) for (let ns = 1; ns < 1e10; ns *= 3) session.latencies[stage].record(ns);
  const observer = await openExporter(session, v.parse(prometheusSettings, { port: 0, ...settings }));
  onTestFinished(() => observer.close());
  const url = observer.lines![0]!.replace(/^metrics +/, "");
  return { session, url, target: new URL(url).host };
}

test.skipIf(noPromtool !== "")(`promtool finds nothing wrong with what is served${noPromtool}`, async () => {
  const { url } = await setUp();
  const text = await (await fetch(url)).text();
  expect(text).toContain("pitlane_stage_duration_seconds_bucket");
  expect(promtoolProblems(text)).toBe("");
});

test.skipIf(noPromtool !== "")(`promtool does find what is wrong${noPromtool}`, () => {
  expect(promtoolProblems("pitlane_events_total{ 1\n")).not.toBe("");
});

test.skipIf(noPrometheus !== "")(`a real Prometheus scrapes two sessions and adds them up${noPrometheus}`, async () => {
  const token = "0123456789abcdef";
  const [one, other] = await Promise.all([setUp({ token }), setUp({ token })]);
  const prometheus = await startPrometheus([one.target, other.target], token);
  onTestFinished(() => prometheus.stop());
  type Found = Awaited<ReturnType<typeof prometheus.query>>;
  /** Asks until what it finds is right: a scrape that was late on a busy machine is made again a second later. */
  const until = async (expression: string, isRight: (found: Found) => boolean): Promise<Found> => {
    for (;;) {
      const found = await prometheus.query(expression);
      if (isRight(found)) return found;
      await sleep(100); // the test's own time limit ends this
    }
  };
  const events = await until("pitlane_events_total", ({ length }) => length === 2);
  expect(events.map(({ value }) => value)).toEqual([1234, 1234]);
  expect(events.map(({ labels }) => labels["instance"]).sort()).toEqual([one.target, other.target].sort());
  await until("up == 1", ({ length }) => length === 2);

  const recorded = one.session.latencies.ack.count;
  await until('sum(pitlane_stage_duration_seconds_count{stage="ack"})', ([sum]) => sum?.value === 2 * recorded);
  // Of 1, 3, 9, ... ns the middle one, as well as buckets of 1, 2, 5 tell it.
  const [median] = await until(
    'histogram_quantile(0.5, sum by (le) (pitlane_stage_duration_seconds_bucket{stage="ack"}))',
    ({ length }) => length === 1,
  );
  const exact = one.session.latencies.ack.percentileNs(50) / 1e9;
  expect(median!.value).toBeGreaterThan(exact / 2.5);
  expect(median!.value).toBeLessThan(exact * 2.5);
  const [odd] = await until("pitlane_plugin_budget_ratio", ({ length }) => length > 0);
  expect(odd?.labels["plugin"]).toBe('a "quoted"\\\nname');
});
