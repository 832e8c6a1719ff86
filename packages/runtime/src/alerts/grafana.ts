import { ofChosen, PANEL_ROWS, type PanelSpec } from "./grafana-panels.ts";
import type { AlertRule } from "./rules.ts";
import { type AlertUnit, signalNamed } from "./signals.ts";

/** Of Grafana 11; later ones read it and bring it up to their own. */
const SCHEMA_VERSION = 39;
const WIDTH = 24; // of the grid
const PANEL = { w: 8, h: 8 } as const;
const DATASOURCE = { type: "prometheus", uid: "$datasource" } as const;

const UNITS: Readonly<Record<AlertUnit, string>> = {
  s: "s",
  ratio: "percentunit",
  bytes: "bytes",
  "per second": "eps",
  "per minute": "cpm",
  events: "short",
};

/**
 * A dashboard for Grafana of the session's metrics, with the rules' thresholds as lines in the panels. Pure.
 *
 * Import it under Dashboards, New, Import; it asks for nothing but a Prometheus data source. A rule of the settings' own that looks at what no
 * panel shows gets one.
 *
 * @example
 * writeFileSync("pitlane.dashboard.json", JSON.stringify(toGrafanaDashboard(rules), null, 2));
 */
export function toGrafanaDashboard(rules: readonly AlertRule[]): object {
  const shown = new Set(
    PANEL_ROWS.flatMap(({ panels }) =>
      panels.flatMap(({ signals = [], alsoShows = [] }) => [...signals, ...alsoShows]),
    ),
  );
  const missing = [...new Set(rules.map(({ signal }) => signal))].filter((signal) => !shown.has(signal));
  const rows = [
    ...PANEL_ROWS,
    ...(missing.length === 0 ? [] : [{ title: "Looked at by rules", panels: missing.flatMap(ownPanel) }]),
  ];
  return {
    uid: "pitlane",
    title: "Pitlane",
    tags: ["pitlane"],
    schemaVersion: SCHEMA_VERSION,
    editable: true,
    graphTooltip: 1, // one crosshair for all
    refresh: "5s",
    time: { from: "now-30m", to: "now" },
    timezone: "browser",
    templating: { list: [datasourceVariable(), instanceVariable()] },
    annotations: { list: [] },
    panels: place([
      { title: "Alerts", panels: [alertsPanel()] },
      ...rows.map((row) => ({ ...row, panels: row.panels.map((spec) => timeSeries(spec, rules)) })),
    ]),
  };
}

type Panel = Readonly<Record<string, unknown>>;

/** Numbers the panels and gives each its place: rows below each other, three panels side by side. */
function place(rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[]): readonly Panel[] {
  const placed: Panel[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    placed.push({
      id: placed.length + 1,
      type: "row",
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
    });
    y++;
    for (const [index, panel] of panels.entries()) {
      const x = (index * PANEL.w) % WIDTH;
      const line = Math.floor((index * PANEL.w) / WIDTH);
      placed.push({ id: placed.length + 1, gridPos: { x, y: y + line * PANEL.h, ...PANEL, ...size(panel) }, ...panel });
    }
    y += Math.ceil((panels.length * PANEL.w) / WIDTH) * PANEL.h;
  }
  return placed;
}

/** The table of alerts has a row of its own. */
function size(panel: Panel): object {
  return panel["type"] === "table" ? { w: WIDTH } : {};
}

function timeSeries({ title, unit, queries, signals = [] }: PanelSpec, rules: readonly AlertRule[]): Panel {
  const steps = thresholdSteps(rules.filter(({ signal }) => signals.includes(signal)));
  return {
    type: "timeseries",
    title,
    datasource: DATASOURCE,
    targets: queries.map(([expr, legendFormat], index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: DATASOURCE,
      expr,
      legendFormat,
    })),
    fieldConfig: {
      defaults: {
        unit,
        min: unit === "short" ? null : 0,
        thresholds: { mode: "absolute", steps },
        custom: {
          drawStyle: "line",
          lineWidth: 1,
          showPoints: "never",
          thresholdsStyle: { mode: steps.length > 1 ? "line" : "off" },
        },
      },
      overrides: [],
    },
    options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
  };
}

interface Step {
  readonly color: string;
  /** From where on; null for the first one. */
  readonly value: number | null;
}

/** Of several rules on one signal the most watchful threshold of each level. */
function thresholdSteps(rules: readonly AlertRule[]): readonly Step[] {
  const bad = rules[0]?.bad ?? "above";
  const same = rules.filter((rule) => rule.bad === bad);
  const first = (level: "warning" | "critical"): number | undefined => {
    const all = same.flatMap((rule) => rule[level]?.threshold ?? []).sort((a, b) => a - b);
    return bad === "above" ? all[0] : all.at(-1);
  };
  const warning = first("warning");
  const critical = first("critical");
  if (bad === "above") return stepsFrom("green", ["yellow", warning], ["red", critical]);
  // From below: what is under the lowest line is the worst.
  if (critical === undefined) return stepsFrom("yellow", ["green", warning]);
  return warning === undefined
    ? stepsFrom("red", ["green", critical])
    : stepsFrom("red", ["yellow", critical], ["green", warning]);
}

function stepsFrom(lowest: string, ...rest: readonly (readonly [string, number | undefined])[]): readonly Step[] {
  const lines = rest.flatMap(([color, value]) => (value === undefined ? [] : [{ color, value }]));
  return [{ color: lines.length === 0 ? "green" : lowest, value: null }, ...lines];
}

function ownPanel(name: string): readonly PanelSpec[] {
  const signal = signalNamed(name);
  if (signal === undefined) return [];
  const legend = signal.labels.length === 0 ? name : signal.labels.map((label) => `{{${label}}}`).join(" ");
  return [
    {
      title: `${name}: ${signal.help}`,
      unit: UNITS[signal.unit],
      queries: [[ofChosen(signal.promql), legend]],
      signals: [name],
    },
  ];
}

function alertsPanel(): Panel {
  return {
    type: "table",
    title: "Firing now",
    datasource: DATASOURCE,
    targets: [
      {
        refId: "A",
        datasource: DATASOURCE,
        expr: 'ALERTS{alertname=~"Pitlane.+",alertstate="firing"}',
        instant: true,
        format: "table",
      },
    ],
    transformations: [
      {
        id: "organize",
        options: { excludeByName: { Time: true, Value: true, __name__: true, alertstate: true, job: true } },
      },
    ],
    fieldConfig: { defaults: {}, overrides: [] },
    options: { showHeader: true },
  };
}

function datasourceVariable(): object {
  return { name: "datasource", label: "Data source", type: "datasource", query: "prometheus", current: {}, hide: 0 };
}

function instanceVariable(): object {
  const query = "label_values(pitlane_uptime_seconds, instance)";
  return {
    name: "instance",
    label: "Session",
    type: "query",
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: "instance" },
    refresh: 2, // whenever the time range changes
    includeAll: true,
    multi: true,
    allValue: ".*",
    current: { text: "All", value: "$__all" },
    hide: 0,
  };
}
