import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { MetricSnapshot } from "@pitlane/perf/metrics";
import { expect, test } from "vitest";
import { STAGES } from "../../src/latency.ts";
import { stageHistogram } from "../../src/observe/stage-histogram.ts";
import { setUp } from "./support.ts";

const PAGE = readFileSync(
  fileURLToPath(new URL("../../../../apps/docs/guide/runtime/export.md", import.meta.url)),
  "utf8",
);
const HEAD = "| metric | kind | labels | what it is |\n| --- | --- | --- | --- |\n";

function rowOf({ name, kind, series, help }: MetricSnapshot): string {
  const labels = Object.keys(series[0]?.labels ?? {}).map((label) => `\`${label}\``);
  return `| \`${name}\` | ${kind} | ${labels.join(", ")} | ${help.replace(/\.$/, "")} |\n`;
}

test("the guide's table is what a session exports", () => {
  const { latencies, hookTimes, collector, second } = setUp();
  for (const stage of STAGES) latencies[stage].record(1_000);
  hookTimes.record(1_000);
  second();
  const metrics = [...collector.metrics().metrics, stageHistogram(collector)];
  const rows = metrics.filter(({ name }) => !name.startsWith("plugin_")).map(rowOf);
  const start = PAGE.indexOf(HEAD) + HEAD.length;
  expect(PAGE.slice(start, PAGE.indexOf("\n\n", start) + 1)).toBe(rows.join(""));
});
