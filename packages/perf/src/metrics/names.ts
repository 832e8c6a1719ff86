import { InvalidInputError } from "../errors.ts";

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const LONGEST_NAME = 200;

/** What a registry can make. */
export type MetricKind = "counter" | "gauge" | "meter" | "histogram" | "summary";

/** Counter that the exposition adds for metrics that ran out of series. */
export const OVERFLOW_METRIC = "metrics_overflow_total";

/** What a metric of each kind is called in the exposition: its own name with these endings. */
const ENDINGS: Readonly<Record<MetricKind, readonly string[]>> = {
  counter: [""],
  gauge: [""],
  meter: ["_total", "_current_per_second", "_average_per_second", "_peak_per_second"],
  histogram: ["", "_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
};

/** Labels the exposition itself puts on the series of a kind. */
const RESERVED_LABELS: Readonly<Record<MetricKind, readonly string[]>> = {
  counter: ["overflow"],
  gauge: ["overflow"],
  meter: ["overflow"],
  histogram: ["overflow", "le"],
  summary: ["overflow", "quantile"],
};

/**
 * Checks a metric's name by Prometheus's rules and returns it: letters, digits, `_` and `:`, no digit first, at most 200.
 *
 * A counter ends in `_total` and nothing else does; a summary, which counts in seconds, ends in `_seconds`.
 * Source: "Metric and label naming" and "Data model" of the Prometheus documentation.
 *
 * @throws {InvalidInputError} When the name breaks one of these rules.
 */
export function checkMetricName(kind: MetricKind, name: string): string {
  if (typeof name !== "string" || name.length > LONGEST_NAME || !METRIC_NAME.test(name))
    throw new InvalidInputError(
      `a metric's name must match ${METRIC_NAME.source} and have at most ${LONGEST_NAME} characters, got ${JSON.stringify(name)}`,
    );
  if (name.endsWith("_total") !== (kind === "counter"))
    throw new InvalidInputError(`names of counters end in "_total" and no others do, got ${kind} "${name}"`);
  if (kind === "summary" && !name.endsWith("_seconds"))
    throw new InvalidInputError(`a summary is exposed in seconds, so its name must end in "_seconds", got "${name}"`);
  return name;
}

/**
 * Checks a metric's label names and returns a copy: letters, digits and `_`, no digit and no `__` first, none twice, none reserved.
 *
 * @throws {InvalidInputError} Naming the label that breaks one of these rules.
 */
export function checkLabelNames<L extends string>(kind: MetricKind, metric: string, names: readonly L[]): readonly L[] {
  const seen = new Set<string>();
  for (const name of names) {
    const isLegal = typeof name === "string" && LABEL_NAME.test(name) && !name.startsWith("__");
    if (!isLegal || seen.has(name) || RESERVED_LABELS[kind].includes(name))
      throw new InvalidInputError(
        `labels of ${metric} must match ${LABEL_NAME.source}, not start with "__", not repeat and not be ${RESERVED_LABELS[kind].join(" or ")}; got ${JSON.stringify(name)}`,
      );
    seen.add(name);
  }
  return [...names];
}

/** Every name that a metric takes up in the exposition, so that two metrics cannot write the same series. */
export function exposedNames(kind: MetricKind, name: string): readonly string[] {
  return ENDINGS[kind].map((ending) => name + ending);
}
