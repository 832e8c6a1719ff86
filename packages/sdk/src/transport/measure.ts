import type { Clock } from "@pitlane/perf";
import type { Counter, LatencyHistogram, MetricsRegistry } from "@pitlane/perf/metrics";
import { check } from "../checks.ts";
import { RequestError } from "../errors.ts";
import type { HttpCall, HttpMethod, Layer } from "./transport.ts";

export interface MeasureOptions {
  /** Without one nothing is measured, at no cost. */
  readonly registry?: MetricsRegistry | undefined;
  /** The label that tells clients of one registry apart. */
  readonly venue: string;
  readonly clock: Pick<Clock, "monotonicNs">;
}

const MOST_CALLS = 100; // each has a histogram of its own
const OUTCOMES = ["ok", "unsent", "refused", "unknown", "other"] as const;

interface Meters {
  readonly latency: LatencyHistogram;
  readonly ends: Readonly<Record<(typeof OUTCOMES)[number], Counter>>;
}

/**
 * Measures calls as their caller sees them: `http_call_seconds` by venue and call (`GET /api/v3/order`), waits and repeats
 * included, and `http_calls_total` by venue, call and outcome (`ok`, an error's `outcome`, or `other`).
 *
 * A call is known by its method and path: what has ids in its path should send them otherwise, or leave this layer out, as calls
 * beyond the first 100 of a venue are counted together.
 *
 * @example
 * const send = compose(pools.send, measure({ registry, venue: "binance", clock }), retry(options));
 */
export function measure({ registry, venue, clock }: MeasureOptions): Layer {
  if (registry === undefined) return (next) => next;
  check(typeof registry?.summary === "function", "metrics", "a MetricsRegistry", registry);
  const latencies = registry.summary("http_call_seconds", {
    help: "Time of a call, with its waits and repeats.",
    labels: ["venue", "call"],
    maxSeries: MOST_CALLS,
  });
  const totals = registry.counter("http_calls_total", {
    help: "Calls by how they ended.",
    labels: ["venue", "call", "outcome"],
  });
  // By method and then path, so that no text is put together for a look-up.
  const known = { GET: new Map(), POST: new Map(), PUT: new Map(), DELETE: new Map() } as const satisfies Record<
    HttpMethod,
    Map<string, Meters>
  >;
  let size = 0;
  let others: Meters | undefined;

  function create(call: string): Meters {
    const ends = OUTCOMES.map((outcome) => [outcome, totals.labels({ venue, call, outcome })]);
    return { latency: latencies.labels({ venue, call }), ends: Object.fromEntries(ends) };
  }

  function metersOf(call: HttpCall): Meters {
    const found: Meters | undefined = known[call.method].get(call.path);
    if (found !== undefined) return found;
    if (size === MOST_CALLS) {
      others ??= create("other");
      return others;
    }
    const created = create(call.what);
    known[call.method].set(call.path, created);
    size++;
    return created;
  }

  return (next) => (call) => {
    const { latency, ends } = metersOf(call);
    const startedNs = clock.monotonicNs();
    return next(call).then(
      (reply) => {
        latency.record(clock.monotonicNs() - startedNs);
        ends.ok.inc();
        return reply;
      },
      (error: unknown) => {
        latency.record(clock.monotonicNs() - startedNs);
        ends[error instanceof RequestError ? error.outcome : "other"].inc();
        throw error;
      },
    );
  };
}
