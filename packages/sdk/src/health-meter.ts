import type { Clock } from "@pitlane/perf";
import type { ClientEmitter } from "./client-events.ts";
import { VenueUnavailableError } from "./errors.ts";
import type { BudgetHealth, ClientHealth } from "./health.ts";
import type { Regions } from "./region/regions.ts";
import { type WatchedConnections, watchConnections } from "./stream/watched-connections.ts";
import { type BudgetWaits, createBudgetWaits } from "./transport/budget-waits.ts";

export interface HealthMeterOptions {
  readonly venue: string;
  readonly events: Pick<ClientEmitter, "emit" | "on">;
  readonly clock: Pick<Clock, "nowUs" | "monotonicNs">;
}

/** Gathers what a client knows of its network: see `createHealthMeter`. */
export interface HealthMeter {
  /** Has a budget told of. @returns Who waits for it: the option `waits` of `limit`. */
  addBudget(budget: Omit<BudgetHealth, "used" | "waiting">, used: () => number): BudgetWaits;
  /** The option `onFailure` of `failover`. */
  readonly onFailure: (error: Error) => void;
  /** The option `watch` of connections of one kind. */
  readonly watch: WatchedConnections["watch"];
  /** How it all is now. @param services Those to tell of. @throws {InvalidInputError} When the regions do not have one of them. */
  read(regions: Pick<Regions, "status">, services: readonly string[]): ClientHealth;
}

/**
 * Gathers what a client knows of its network. The parts tell it what happens in their slow paths, and are asked for the rest when
 * somebody reads.
 *
 * @example
 * const meter = createHealthMeter({ venue: "example", events, clock });
 * const allowed = { limit: 6_000, windowMs: 60_000 };
 * const budget = new WeightedBudget({ ...allowed, clock });
 * const waits = meter.addBudget({ name: "weight", ...allowed }, () => budget.usedWeight());
 * const choice = regions.service("rest");
 * const send = compose(pools.send, failover({ choice, onFailure: meter.onFailure, clock }), limit({ budget, waits, clock }));
 * const health = () => meter.read(regions, ["rest"]);
 */
export function createHealthMeter(options: HealthMeterOptions): HealthMeter {
  const connections = watchConnections(options);
  const budgets: (() => BudgetHealth)[] = [];
  let clockOffsetUs: number | null = null;
  let failedCalls = 0;
  options.events.on("clockMeasured", ({ offsetUs }) => {
    clockOffsetUs = offsetUs;
  });
  return {
    addBudget(budget, used) {
      const waits = createBudgetWaits(budget.name, options);
      budgets.push(() => ({ ...budget, used: used(), waiting: waits.count() }));
      return waits;
    },
    onFailure(error) {
      if (!(error instanceof VenueUnavailableError)) failedCalls++; // what a gateway says came over a connection that is well
    },
    watch: connections.watch,
    read: (regions, services) => ({
      venue: options.venue,
      endpoints: services.flatMap((service) =>
        regions.status(service).map(({ endpoint, latencyMs, ...status }) => ({
          service,
          ...endpoint,
          ...status,
          latencyMs: Number.isNaN(latencyMs) ? null : latencyMs,
        })),
      ),
      budgets: budgets.map((budget) => budget()),
      connections: connections.list(),
      clockOffsetUs,
      failures: connections.failures() + failedCalls,
    }),
  };
}
