import * as v from "valibot";
import { expect, onTestFinished, test } from "vitest";
import { openExporter } from "../src/observer.ts";
import { prometheusSettings } from "../src/settings.ts";
import { hasPromtool, promtoolProblems } from "./support/prometheus-server.ts";
import { openRealSession } from "./support/real-session.ts";

const noPromtool = hasPromtool ? "" : " (skipped: no promtool; install Debian's prometheus)";

test(`what a session that trades serves is what promtool takes${noPromtool}`, async () => {
  const { session, answered } = await openRealSession();
  const observer = await openExporter(session, v.parse(prometheusSettings, { port: 0 }));
  onTestFinished(() => observer.close());
  await answered(5);
  const text = await (await fetch(observer.lines![0]!.replace(/^metrics +/, ""))).text();

  const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
  expect(new Set(names).size).toBe(names.length);
  const value = (series: string) =>
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${series} `))
        ?.split(" ")[1],
    );
  expect(value("pitlane_events_total")).toBeGreaterThan(0);
  expect(value('pitlane_stage_duration_seconds_count{stage="execution"}')).toBeGreaterThanOrEqual(5);
  expect(value('pitlane_stage_duration_seconds_bucket{stage="execution",le="+Inf"}')).toBe(
    value('pitlane_stage_duration_seconds_count{stage="execution"}'),
  );
  if (hasPromtool) expect(promtoolProblems(text)).toBe("");
});
