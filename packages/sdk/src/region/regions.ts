import { type Clock, InvalidInputError, inRange, integerInRange } from "@pitlane/perf";
import type { ClientEmitter } from "../client-events.ts";
import type { EndpointSet } from "./endpoint-set.ts";
import type { EndpointChoice } from "./endpoints.ts";
import type { Probe } from "./prober.ts";
import { type EndpointStatus, ServiceRegions } from "./service-regions.ts";

export interface RegionsOptions {
  readonly endpoints: EndpointSet;
  /**
   * By service: asks an endpoint whether it is well, and rejects when it is not. `httpProbe` makes one. A service without a probe is
   * judged by its calls alone, which know nothing of the endpoints that are not in use.
   */
  readonly probes?: Readonly<Record<string, Probe>>;
  /** How often each endpoint is probed, in milliseconds; 100 to 3,600,000, 5,000 unless told. */
  readonly probeEveryMs?: number;
  /**
   * Limit for a probe, in milliseconds; 10 to 60,000, 1,000 unless told. Less where an endpoint is known to be faster: four times its latency,
   * but never under 250.
   */
  readonly probeTimeoutMs?: number;
  /** When an endpoint that is down is probed first, in milliseconds; 10 to `probeEveryMs`, 250 unless told. Then in twice the time, and so on, up to `probeEveryMs`. */
  readonly downProbeMs?: number;
  /** Failed calls in a row that bring an endpoint down although its probes succeed; 1 to 1,000, 3 unless told, 2 for services without a probe. */
  readonly consecutiveErrors?: number;
  /** How much less another endpoint must cost to be preferred, as a share; 0 to 0.95, 0.3 unless told. */
  readonly margin?: number;
  /** How often in a row it must; 1 to 1,000, 5 unless told. */
  readonly samples?: number;
  /** Told `regionChanged`, `endpointDown` and `endpointUp`. */
  readonly events?: Pick<ClientEmitter, "emit"> | undefined;
  readonly clock: Pick<Clock, "monotonicNs" | "sleep">;
}

/** The regions of a venue: for each of its services, which endpoint to use now. */
export interface Regions {
  /** The choice of one service, the same one every time. @throws {InvalidInputError} When the set has no such service. */
  service(name: string): EndpointChoice;
  /** What is known of a service's endpoints. A single one is not probed: its calls and sockets alone tell. Throws as `service`. */
  status(name: string): readonly EndpointStatus[];
  /** Ends the probes. Choices stay as they are. */
  close(): Promise<void>;
}

/**
 * Chooses among a venue's endpoints, each service for itself.
 *
 * - **Sticky**: the first of the set until it goes down, or another costs less by a margin, several times in a row. Cost is smoothed
 *   latency, raised by failures and age (see `costOf`). Where there is a probe only its latency counts: a large answer is slower than
 *   a small one, wherever it comes from.
 * - **Down** is an endpoint after failed calls in a row, or when a probe fails that was asked for because a call failed or is
 *   overdue; of the regular probes two in a row must fail. It comes back with a good probe. One that goes down again within 30 s is
 *   probed later each time.
 * - With every endpoint down the last choice stays. A service with a single endpoint always has that one.
 * - Probes begin with the first `pick`.
 *
 * @throws {InvalidInputError} When an option is out of range, or a probe is for a service that the set does not have.
 * @example
 * const regions = createRegions({ endpoints, probes: { rest: httpProbe(pools.send, "/api/v3/ping") }, events, clock });
 * const send = compose(pools.send, failover({ choice: regions.service("rest"), clock }));
 * await regions.close();
 */
export function createRegions(options: RegionsOptions): Regions {
  const { endpoints, probes = {}, events, clock } = options;
  const probeEveryMs = inRange("probeEveryMs", options.probeEveryMs ?? 5_000, 100, 3_600_000);
  const probeTimeoutMs = inRange("probeTimeoutMs", options.probeTimeoutMs ?? 1_000, 10, 60_000);
  const downProbeMs = inRange("downProbeMs", options.downProbeMs ?? Math.min(250, probeEveryMs), 10, probeEveryMs);
  const consecutiveErrors =
    options.consecutiveErrors === undefined
      ? undefined
      : integerInRange("consecutiveErrors", options.consecutiveErrors, 1, 1_000);
  const margin = inRange("margin", options.margin ?? 0.3, 0, 0.95);
  const samples = integerInRange("samples", options.samples ?? 5, 1, 1_000);
  for (const service of Object.keys(probes)) {
    if (!endpoints.has(service)) throw unknownService(endpoints, service);
  }

  const services = new Map<string, ServiceRegions>();
  for (const [service, its] of endpoints) {
    const probe = its.length === 1 ? undefined : probes[service];
    const errors = consecutiveErrors ?? (probe === undefined ? 2 : 3);
    const rules = { probeEveryMs, probeTimeoutMs, downProbeMs, consecutiveErrors: errors, margin, samples };
    services.set(service, new ServiceRegions({ service, endpoints: its, probe, rules, events, clock }));
  }

  function find(name: string): ServiceRegions {
    const found = services.get(name);
    if (found === undefined) throw unknownService(endpoints, name);
    return found;
  }

  return {
    service: find,
    status: (name) => find(name).status(),
    async close() {
      await Promise.all(Array.from(services.values(), (service) => service.close()));
    },
  };
}

function unknownService(endpoints: EndpointSet, name: string): InvalidInputError {
  return new InvalidInputError(
    `service must be one of ${[...endpoints.keys()].join(", ")}, got ${JSON.stringify(name)}`,
  );
}
