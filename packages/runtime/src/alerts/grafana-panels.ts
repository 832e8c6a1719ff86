/** What a panel of the dashboard shows. */
export interface PanelSpec {
  readonly title: string;
  /** Of Grafana: `s`, `percentunit`, `bytes`, `eps`, `cpm`, `short`. */
  readonly unit: string;
  /** What is asked for, and how each series is called. */
  readonly queries: readonly (readonly [expr: string, legend: string])[];
  /** Its lines are the thresholds of the rules that look at one of these. */
  readonly signals?: readonly string[];
  /** Signals that it shows as well, whose thresholds would say nothing beside its other lines. */
  readonly alsoShows?: readonly string[];
}

export interface PanelRow {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

/** A metric of the chosen sessions. */
function of(metric: string, ...matchers: readonly string[]): string {
  return `${metric}{${['instance=~"$instance"', ...matchers].join(",")}}`;
}

const stage = (name: string, quantile: string) =>
  of("pitlane_stage_latency_seconds", `stage="${name}"`, `quantile="${quantile}"`);

/** An expression of its own about the chosen sessions. Pure. */
export function ofChosen(promql: string): string {
  return promql.replace(
    /\b((?:pitlane|process|gc|eventloop)_[a-z_]+)(\{)?/g,
    (_, metric: string, brace?: string) => `${metric}{instance=~"$instance"${brace === undefined ? "}" : ","}`,
  );
}

function stagePanel(title: string, name: string, signal: string): PanelSpec {
  const quantiles = ["0.5", "0.95", "0.99"].map((q) => [stage(name, q), `p${Number(q) * 100}`] as const);
  const mean = [of("pitlane_stage_latency_mean_seconds", `stage="${name}"`), "average"] as const;
  const others = ["mean", "p50", "p95", "p99"].map((stat) => signal.replace(/[^-]+$/, stat));
  return { title, unit: "s", queries: [...quantiles, mean], signals: [signal], alsoShows: others };
}

function panel(
  title: string,
  unit: string,
  query: readonly [string, string],
  signals: readonly string[] = [],
): PanelSpec {
  return { title, unit, queries: [query], signals };
}

/** Everything on the dashboard, from top to bottom, but for the alerts that fire. */
export const PANEL_ROWS: readonly PanelRow[] = [
  {
    title: "Latency, of the last minute",
    panels: [
      stagePanel("Order execution: wish to answer", "execution", "execution-p99"),
      stagePanel("The venue's answer to orders", "ack", "ack-p95"),
      stagePanel("Frame to order", "tickToOrder", "tick-to-order-p99"),
      stagePanel("Events' wait for their first hook", "dispatch", "dispatch-p99"),
      panel("p99 of a plugin's hooks", "s", [of("pitlane_plugin_hook_seconds", 'quantile="0.99"'), "{{plugin}}"]),
      panel("p99 by stage", "s", [of("pitlane_stage_latency_seconds", 'quantile="0.99"'), "{{stage}}"]),
    ],
  },
  {
    title: "Throughput and orders",
    panels: [
      panel("Market events", "eps", [of("pitlane_events_per_second"), "events"], ["event-rate"]),
      {
        title: "Orders and fills",
        unit: "eps",
        queries: [
          [of("pitlane_orders_per_second"), "orders"],
          [of("pitlane_fills_per_second"), "fills"],
        ],
        signals: ["order-rate", "fill-rate"],
      },
      panel("Requests that failed", "percentunit", [of("pitlane_order_error_ratio"), "failed"], ["order-error-ratio"]),
      panel("Orders that were filled", "percentunit", [of("pitlane_order_fill_ratio"), "filled"], ["fill-ratio"]),
      {
        title: "Orders under way",
        unit: "short",
        queries: [
          [of("pitlane_orders_open"), "open"],
          [of("pitlane_orders_queued"), "wait for their turn"],
          [of("pitlane_orders_unknown"), "outcome not known"],
        ],
        signals: ["orders-queued"],
        alsoShows: ["orders-open", "orders-unknown"],
      },
      panel("Orders by outcome", "eps", [`rate(${of("pitlane_orders_total")}[1m])`, "{{outcome}}"]),
    ],
  },
  {
    title: "Bus and journal",
    panels: [
      panel("Events that wait", "short", [of("pitlane_bus_lane_depth"), "{{lane}}"], ["lane-depth"]),
      {
        title: "Events that had no room",
        unit: "eps",
        queries: [
          [`rate(${of("pitlane_bus_dropped_total")}[1m])`, "{{lane}}: given up"],
          [`rate(${of("pitlane_bus_over_bound_total")}[1m])`, "{{lane}}: kept"],
        ],
        alsoShows: ["kept-lane-overflow"],
      },
      panel("Lag of the journal", "s", [of("pitlane_journal_lag_seconds"), "oldest row"], ["journal-lag"]),
      panel("Rows that the database does not have yet", "short", [of("pitlane_journal_queued_rows"), "rows"]),
    ],
  },
  {
    title: "Network",
    panels: [
      panel(
        "Request budgets used",
        "percentunit",
        [of("pitlane_limiter_used_ratio"), "{{venue}} {{budget}}"],
        ["limiter-used"],
      ),
      panel(
        "Connections that fail",
        "cpm",
        [of("pitlane_connection_failures_per_minute"), "failures"],
        ["connection-failures"],
      ),
      panel(
        "Round trip",
        "s",
        [of("pitlane_endpoint_round_trip_seconds"), "{{venue}} {{service}} {{region}}"],
        ["round-trip"],
      ),
      panel("Clock of the venue against ours", "s", [of("pitlane_clock_offset_seconds"), "offset"], ["clock-offset"]),
      panel("Sockets that are open", "short", [of("pitlane_connection_open"), "{{venue}} {{connection}}"]),
    ],
  },
  {
    title: "Profit",
    panels: [
      panel("Profit", "short", [of("pitlane_profit"), "{{asset}}"]),
      panel(
        "Drawdown, share of its limit",
        "percentunit",
        [of("pitlane_drawdown_used_ratio"), "{{asset}}"],
        ["drawdown-used"],
      ),
    ],
  },
  {
    title: "Process",
    panels: [
      {
        title: "Memory",
        unit: "bytes",
        queries: [
          [of("process_resident_memory_bytes"), "RSS"],
          [of("process_heap_used_bytes"), "heap"],
          [of("process_resident_memory_limit_bytes"), "limit"],
        ],
        signals: ["memory"],
        alsoShows: ["memory-used"],
      },
      panel("CPU, share of one core", "percentunit", [of("process_cpu_ratio"), "{{mode}}"], ["cpu"]),
      panel("Lateness of the event loop", "s", [of("eventloop_delay_seconds"), "{{stat}}"], ["loop-delay-p99"]),
      panel("Pauses of the collector", "percentunit", [`rate(${of("gc_pause_seconds_total")}[1m])`, "{{kind}}"]),
    ],
  },
];
