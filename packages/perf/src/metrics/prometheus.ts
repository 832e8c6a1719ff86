import type { Labels } from "./labelled.ts";
import { OVERFLOW_METRIC } from "./names.ts";
import type { HistogramSnapshot, MeterSnapshot, MetricSnapshot, MetricsSnapshot, SummarySnapshot } from "./snapshot.ts";

/** The `Content-Type` to serve `prometheusText` with. */
export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * A snapshot in Prometheus's text exposition format 0.0.4. Pure: the same snapshot gives the same text.
 *
 * Counters and gauges are one line a series, histograms cumulative `le` buckets with `_sum` and `_count`, summaries
 * `quantile` lines with `_sum` and `_count`, meters a counter and three gauges. Label sets beyond a metric's `maxSeries`
 * stand under `overflow="true"`; how often that happened is `metrics_overflow_total{metric="NAME"}`.
 * Source: "Exposition formats", Prometheus documentation, text-based format.
 *
 * @example
 * response.setHeader("content-type", PROMETHEUS_CONTENT_TYPE);
 * response.end(prometheusText(registry.snapshot()));
 */
export function prometheusText(snapshot: MetricsSnapshot): string {
  let text = "";
  for (const metric of snapshot.metrics) text += metricText(metric);
  return text + overflowText(snapshot.metrics.filter(({ overflowed }) => overflowed > 0));
}

function metricText(metric: MetricSnapshot): string {
  switch (metric.kind) {
    case "counter":
    case "gauge": {
      let text = head(metric.name, metric.help, metric.kind);
      for (const { labels, value } of metric.series) text += line(metric.name, labelText(labels), value);
      return text;
    }
    case "meter":
      return meterText(metric);
    case "histogram":
      return histogramText(metric);
    case "summary":
      return summaryText(metric);
  }
}

function meterText({ name, help, series }: MeterSnapshot): string {
  const counted = { name: `${name}_total`, help, type: "counter", field: "count" } as const;
  const rates = [
    { name: `${name}_current_per_second`, help: `${help} Rate over the last window.`, field: "currentPerSecond" },
    { name: `${name}_average_per_second`, help: `${help} Rate since the start.`, field: "averagePerSecond" },
    { name: `${name}_peak_per_second`, help: `${help} Highest rate of a window.`, field: "peakPerSecond" },
  ] as const;
  let text = "";
  for (const part of [counted, ...rates]) {
    text += head(part.name, part.help, "type" in part ? part.type : "gauge");
    for (const one of series) text += line(part.name, labelText(one.labels), one[part.field]);
  }
  return text;
}

function histogramText({ name, help, bounds, series }: HistogramSnapshot): string {
  const ends = bounds.map((bound) => `le="${bound}"`); // once, not once a series: spelling a double is the dearest part
  let text = head(name, help, "histogram");
  for (const { labels, counts, sum, count } of series) {
    const own = labelText(labels);
    const prefix = own === "" ? "" : `${own},`;
    let cumulative = 0;
    for (let i = 0; i < ends.length; i++) {
      cumulative += counts[i] ?? 0;
      text += line(`${name}_bucket`, prefix + ends[i], cumulative);
    }
    text += line(`${name}_bucket`, `${prefix}le="+Inf"`, count);
    text += line(`${name}_sum`, own, sum) + line(`${name}_count`, own, count);
  }
  return text;
}

function summaryText({ name, help, series }: SummarySnapshot): string {
  let text = head(name, help, "summary");
  for (const { labels, quantiles, sumSeconds, count } of series) {
    const own = labelText(labels);
    const prefix = own === "" ? "" : `${own},`;
    for (const { quantile, seconds } of quantiles) text += line(name, `${prefix}quantile="${quantile}"`, seconds);
    text += line(`${name}_sum`, own, sumSeconds) + line(`${name}_count`, own, count);
  }
  return text;
}

function overflowText(metrics: readonly MetricSnapshot[]): string {
  if (metrics.length === 0) return "";
  const lines = metrics.map((metric) => line(OVERFLOW_METRIC, labelText({ metric: metric.name }), metric.overflowed));
  return head(OVERFLOW_METRIC, "Label sets beyond maxSeries, counted under overflow.", "counter") + lines.join("");
}

function head(name: string, help: string, type: string): string {
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
}

function line(name: string, labels: string, value: number | string): string {
  return labels === "" ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
}

function labelText(labels: Labels): string {
  let text = "";
  for (const name in labels) text += `${text === "" ? "" : ","}${name}="${escapeLabel(labels[name] ?? "")}"`;
  return text;
}

function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value) ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n") : value;
}

function escapeHelp(help: string): string {
  return help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
