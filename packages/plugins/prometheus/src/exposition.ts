import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type MetricSnapshot, prometheusText } from "@pitlane/perf/metrics";
import { type ObservedSession, stageHistogram } from "pitlane";

const zip = promisify(gzip);

/** The session's metrics as text, made at most once a sample. */
export class Exposition {
  readonly #session: Pick<ObservedSession, "samples" | "alerts">;
  #seq = -1; // of the sample that #text was made of
  #text: Buffer = Buffer.alloc(0);
  #zipped: Promise<Buffer> | undefined;

  constructor(session: Pick<ObservedSession, "samples" | "alerts">) {
    this.#session = session;
  }

  /** As bytes of UTF-8. However often it is asked for, a session pays for one rendering a sample: a flood of scrapes cannot slow it. */
  text(): Buffer {
    this.#refresh();
    return this.#text;
  }

  /** As `text`, compressed by gzip in Node's thread pool, so that the event loop is not held up. */
  zipped(): Promise<Buffer> {
    this.#refresh();
    this.#zipped ??= zip(this.#text);
    return this.#zipped;
  }

  #refresh(): void {
    const seq = this.#session.samples.latest?.seq ?? 0;
    if (seq === this.#seq) return;
    const { samples, alerts } = this.#session;
    const { atUs, metrics } = samples.metrics();
    const own = [stageHistogram(samples), activeAlerts(alerts)];
    const names = new Set(own.map(({ name }) => name));
    const all = [...metrics.filter(({ name }) => !names.has(name)), ...own];
    this.#text = Buffer.from(prometheusText({ atUs, metrics: all }));
    this.#zipped = undefined;
    this.#seq = seq;
  }
}

function activeAlerts({ active }: ObservedSession["alerts"]): MetricSnapshot {
  return {
    kind: "gauge",
    name: "pitlane_alerts_active",
    help: "Alerts that are raised now.",
    overflowed: 0,
    series: (["warning", "critical"] as const).map((severity) => ({
      labels: { severity },
      value: active.filter((alert) => alert.severity === severity).length,
    })),
  };
}
