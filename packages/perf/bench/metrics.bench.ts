// Every order and every frame is counted, so an increment is paid millions of times; the text is written once a scrape, but in
// one piece on the event loop. The floor of an increment is the same check and addition on a bare typed array.
import { createSystemClock } from "@pitlane/perf";
import { decadeBounds, MetricsRegistry, prometheusText } from "@pitlane/perf/metrics";
import * as promClient from "prom-client";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";

const SERIES = 1_000;
const BOUNDS_11 = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]; // prom-client's default
const BOUNDS_40 = decadeBounds(-8, 1, [1, 2, 4, 7]);

/** Values over six decades, prepared, so that the search for a bucket cannot be predicted and costs no drawing. */
const VALUES = Float64Array.from({ length: 4_096 }, (_, i) => 10 ** (((i * 2_654_435_761) % 4_096) / 640 - 6));
const MASK = VALUES.length - 1;

const registry = () => new MetricsRegistry({ clock: createSystemClock() });

function observeOurs(bounds: readonly number[]): Case {
  return {
    loop: () => {
      const metric = registry().histogram("took_seconds", { help: "Took.", bounds, labels: ["venue", "side"] });
      const seconds = metric.labels({ venue: "paper", side: "buy" });
      return (n) => {
        for (let i = 0; i < n; i++) seconds.observe(VALUES[i & MASK] as number);
        return seconds.read();
      };
    },
  };
}

function observeTheirs(buckets: readonly number[]): Case {
  return {
    loop: () => {
      const metric = new promClient.Histogram({
        name: "took_seconds",
        help: "Took.",
        buckets: [...buckets],
        labelNames: ["venue", "side"],
        registers: [],
      });
      const seconds = metric.labels("paper", "buy");
      return async (n) => {
        for (let i = 0; i < n; i++) seconds.observe(VALUES[i & MASK] as number);
        return await metric.get();
      };
    },
  };
}

const suite: Suite = {
  name: "metrics",
  comparisons: [
    {
      name: "counter, inc of a bound series",
      unit: "ns/op",
      ours: {
        loop: () => {
          const metric = registry().counter("orders_total", { help: "Orders.", labels: ["venue", "side"] });
          const orders = metric.labels({ venue: "paper", side: "buy" });
          return (n) => {
            for (let i = 0; i < n; i++) orders.inc(i & 3);
            return orders.value;
          };
        },
      },
      peers: {
        "prom-client 15 Counter, bound": {
          case: {
            loop: () => {
              const metric = new promClient.Counter({
                name: "orders_total",
                help: "Orders.",
                labelNames: ["venue", "side"],
                registers: [],
              });
              const orders = metric.labels("paper", "buy");
              return async (n) => {
                for (let i = 0; i < n; i++) orders.inc(i & 3);
                return await metric.get();
              };
            },
          },
        },
        "checked add to a typed array (floor)": {
          case: {
            loop: () => {
              const cells = new Float64Array(1);
              const inc = (amount: number) => {
                if (!(amount >= 0 && amount < Number.POSITIVE_INFINITY)) throw new Error("no");
                (cells[0] as number) += amount;
              };
              return (n) => {
                for (let i = 0; i < n; i++) inc(i & 3);
                return cells[0];
              };
            },
          },
          aim: null,
        },
      },
    },
    {
      name: "histogram of 11 buckets, observe of a bound series",
      unit: "ns/op",
      ours: observeOurs(BOUNDS_11),
      peers: { "prom-client 15 Histogram, bound": { case: observeTheirs(BOUNDS_11) } },
    },
    {
      name: "histogram of 40 buckets, observe of a bound series",
      unit: "ns/op",
      ours: observeOurs(BOUNDS_40),
      peers: { "prom-client 15 Histogram, bound": { case: observeTheirs(BOUNDS_40) } },
    },
    {
      name: "meter, mark",
      unit: "ns/op",
      ours: {
        loop: () => {
          const fills = registry().meter("fills", { help: "Fills." });
          return (n) => {
            for (let i = 0; i < n; i++) fills.mark();
            return fills.read();
          };
        },
      },
      peers: {
        "clock.monotonicNs alone (floor)": {
          case: {
            loop: () => {
              const clock = createSystemClock();
              return (n) => {
                let last = 0;
                for (let i = 0; i < n; i++) last = clock.monotonicNs();
                return last;
              };
            },
          },
          aim: null,
          note: "a meter reads the clock once a call",
        },
      },
    },
    {
      name: `prometheus text of ${SERIES} counters`,
      unit: "us/op",
      ours: {
        loop: () => {
          const all = registry();
          const metric = all.counter("orders_total", { help: "Orders.", labels: ["venue", "instrument"] });
          for (let i = 0; i < SERIES; i++) metric.labels({ venue: "paper", instrument: `A${i}/USDT` }).inc(i);
          return (n) => {
            let length = 0;
            for (let i = 0; i < n; i++) length += Buffer.byteLength(prometheusText(all.snapshot()));
            return length;
          };
        },
      },
      peers: {
        "prom-client 15 register.metrics": {
          case: {
            loop: () => {
              const all = new promClient.Registry();
              const metric = new promClient.Counter({
                name: "orders_total",
                help: "Orders.",
                labelNames: ["venue", "instrument"],
                registers: [all],
              });
              for (let i = 0; i < SERIES; i++) metric.labels("paper", `A${i}/USDT`).inc(i);
              return async (n) => {
                let length = 0;
                for (let i = 0; i < n; i++) length += Buffer.byteLength(await all.metrics());
                return length;
              };
            },
          },
        },
      },
    },
    {
      name: `prometheus text of ${SERIES} series in histograms of 11 buckets`,
      unit: "us/op",
      rounds: 3,
      ours: {
        loop: () => {
          const all = registry();
          const metric = all.histogram("took_seconds", { help: "Took.", bounds: BOUNDS_11, labels: ["instrument"] });
          for (let i = 0; i < SERIES; i++) metric.labels({ instrument: `A${i}/USDT` }).observe(i / 100);
          return (n) => {
            let length = 0;
            for (let i = 0; i < n; i++) length += Buffer.byteLength(prometheusText(all.snapshot()));
            return length;
          };
        },
      },
      peers: {
        "prom-client 15 register.metrics": {
          case: {
            loop: () => {
              const all = new promClient.Registry();
              const metric = new promClient.Histogram({
                name: "took_seconds",
                help: "Took.",
                buckets: BOUNDS_11,
                labelNames: ["instrument"],
                registers: [all],
              });
              for (let i = 0; i < SERIES; i++) metric.labels(`A${i}/USDT`).observe(i / 100);
              return async (n) => {
                let length = 0;
                for (let i = 0; i < n; i++) length += Buffer.byteLength(await all.metrics());
                return length;
              };
            },
          },
        },
      },
    },
  ],
};

export default suite;
