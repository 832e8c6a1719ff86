import { expect, test } from "vitest";
import { builtInRules } from "../../src/alerts/built-in.ts";
import { toGrafanaDashboard } from "../../src/alerts/grafana.ts";
import type { AlertRule } from "../../src/alerts/rules.ts";

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string; readonly thresholds?: { readonly steps: readonly object[] } };
  };
}

const RULES = builtInRules({ laneCapacity: 10_000, orderQueue: 10_000 });
const panelsOf = (rules: readonly AlertRule[]) =>
  (JSON.parse(JSON.stringify(toGrafanaDashboard(rules))) as { readonly panels: readonly Panel[] }).panels;
const stepsOf = (rules: readonly AlertRule[], title: string) =>
  panelsOf(rules).find((panel) => panel.title === title)?.fieldConfig?.defaults.thresholds?.steps;

test("every panel has a number and a place of its own, within the grid", () => {
  const panels = panelsOf(RULES);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const taken = new Set<string>();
  for (const { gridPos } of panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken.has(`${x},${y}`)).toBe(false);
        taken.add(`${x},${y}`);
      }
  }
});

test("every panel asks the chosen data source, about the chosen sessions, in a unit", () => {
  const dashboard = toGrafanaDashboard(RULES) as { readonly schemaVersion: number; readonly templating: object };
  expect(dashboard.schemaVersion).toBe(39);
  expect(dashboard.templating).toMatchObject({
    list: [
      { name: "datasource", type: "datasource", query: "prometheus" },
      { name: "instance", type: "query" },
    ],
  });
  const series = panelsOf(RULES).filter(({ type }) => type === "timeseries");
  expect(series.length).toBeGreaterThan(20);
  for (const { datasource, targets = [], fieldConfig } of series) {
    expect(datasource?.uid).toBe("$datasource");
    expect(fieldConfig?.defaults.unit).toBeTruthy();
    expect(targets.length).toBeGreaterThan(0);
    for (const { expr } of targets) expect(expr).toContain('instance=~"$instance"');
  }
});

test("the lines in a panel are the thresholds of its rules", () => {
  expect(stepsOf(RULES, "Order execution: wish to answer")).toEqual([
    { color: "green", value: null },
    { color: "yellow", value: 0.05 },
    { color: "red", value: 0.5 },
  ]);
  expect(stepsOf(RULES, "Market events")).toEqual([
    { color: "red", value: null },
    { color: "yellow", value: 100 },
    { color: "green", value: 500 },
  ]);
  expect(stepsOf([], "Market events")).toEqual([{ color: "green", value: null }]);
});

test("a rule of one's own on what no panel shows gets a panel", () => {
  const own: AlertRule = { name: "hot", title: "hot", signal: "heap-used", bad: "above", critical: { threshold: 0.9 } };
  const panel = panelsOf([own]).find(({ title }) => title.startsWith("heap-used"));
  expect(panel?.targets?.[0]?.expr).toBe(
    'process_heap_used_bytes{instance=~"$instance"} / process_heap_limit_bytes{instance=~"$instance"}',
  );
  expect(stepsOf([own], panel!.title)).toEqual([
    { color: "green", value: null },
    { color: "red", value: 0.9 },
  ]);
});
