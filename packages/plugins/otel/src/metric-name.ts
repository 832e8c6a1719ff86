/** Endings that tell a unit, and how OpenTelemetry writes it. Source: "Instrument units" of its semantic conventions (UCUM). */
const UNITS: readonly (readonly [ending: string, unit: string])[] = [
  ["_milliseconds", "ms"],
  ["_microseconds", "us"],
  ["_seconds", "s"],
  ["_bytes", "By"],
  ["_percent", "%"],
  ["_ratio", "1"],
];

/** What a metric is called in OpenTelemetry. */
export interface OtelName {
  readonly name: string;
  /** In UCUM; "" when the name tells none. */
  readonly unit: string;
}

/**
 * A metric's Prometheus name in OpenTelemetry's way: the unit leaves the name, `_total` too, and the first part becomes a namespace. Pure.
 *
 * A collector that hands metrics on to Prometheus turns each into what it was, so that a query or an alert is right for both ways.
 * Source: "Prometheus and OpenMetrics Compatibility" of OpenTelemetry's specification.
 *
 * @example
 * toOtelName("pitlane_events_total"); // { name: "pitlane.events", unit: "" }
 * toOtelName("pitlane_journal_lag_seconds"); // { name: "pitlane.journal_lag", unit: "s" }
 */
export function toOtelName(prometheusName: string): OtelName {
  const base = prometheusName.replace(/_total$/, "");
  // A rate keeps its ending: without it, it would be called as the counter that it is the rate of.
  if (base.endsWith("_per_second")) return { name: base.replace("_", "."), unit: "1/s" };
  const [ending = "", unit = ""] = UNITS.find(([ending]) => base.endsWith(ending) && base.length > ending.length) ?? [];
  return { name: base.slice(0, base.length - ending.length).replace("_", "."), unit };
}
