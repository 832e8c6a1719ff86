// Counts orders by venue, times them, and prints what a Prometheus server would scrape.
import { createSystemClock } from "@pitlane/perf";
import { decadeBounds, MetricsRegistry, prometheusText } from "@pitlane/perf/metrics";

const registry = new MetricsRegistry({
  clock: createSystemClock(),
  onOverflow: (metric) => console.warn(`${metric} has too many label sets; further ones are counted together`),
});

const orders = registry.counter("orders_total", { help: "Orders sent.", labels: ["venue"], maxSeries: 50 });
const queued = registry.gauge("orders_queued", { help: "Orders waiting to be sent." });
const fills = registry.meter("fills", { help: "Fills received." });
const answer = registry.histogram("answer_seconds", {
  help: "Time to the venue's answer.",
  bounds: decadeBounds(-4, -1),
});

const onPaper = orders.labels({ venue: "paper" }); // once: `inc` is then a single addition
for (let i = 1; i <= 100; i++) {
  onPaper.inc();
  queued.set(100 - i);
  fills.mark();
  answer.observe(i / 10_000);
}

console.log(prometheusText(registry.snapshot()));
