import type { Clock } from "@pitlane/perf";
import type { ClientEvents, ClientHealth } from "@pitlane/sdk";
import type { MarketVenue, VenueNetwork } from "../venue.ts";
import type { Disturbance, NetworkFigures } from "./sample.ts";

const WINDOW_NS = 60e9;
const SLOT_NS = 0.5e9; // readings closer than this share a place

/**
 * What clients know of their networks, as figures.
 *
 * @param healths One for each venue.
 * @param failuresPerMinute Of all of them, in the last 60 s: see `FailureWindow`.
 */
export function toNetworkFigures(healths: readonly ClientHealth[], failuresPerMinute: number): NetworkFigures {
  const offsetsUs = healths.flatMap(({ clockOffsetUs }) => (clockOffsetUs === null ? [] : [clockOffsetUs]));
  const [first, ...others] = offsetsUs;
  const largest = (one: number, other: number) => (Math.abs(other) > Math.abs(one) ? other : one);
  return {
    endpoints: healths.flatMap(({ venue, endpoints }) =>
      endpoints.map(({ latencyMs, errorRate, ...endpoint }) => ({
        venue,
        ...endpoint,
        roundTripMs: latencyMs,
        errorRatio: errorRate,
      })),
    ),
    limits: healths.flatMap(({ venue, budgets }) => budgets.map((budget) => ({ venue, ...budget }))),
    connections: healths.flatMap(({ venue, connections }) =>
      connections.map((connection) => ({ venue, ...connection })),
    ),
    failuresPerMinute,
    clockOffsetMs: first === undefined ? null : others.reduce(largest, first) / 1e3,
  };
}

/**
 * How much a counter grew in the last 60 s, from its readings: to be read about once a second. Keeps 120 readings at most, however often
 * it is read; until the first is 60 s old, the growth since that one counts.
 */
export class FailureWindow {
  readonly #readings: { readonly atNs: number; readonly count: number }[] = [];

  /** @param count The counter, which only grows. @param nowNs Monotonic. */
  read(count: number, nowNs: number): number {
    const readings = this.#readings;
    const last = readings.at(-1);
    if (last === undefined || nowNs - last.atNs >= SLOT_NS) readings.push({ atNs: nowNs, count });
    // The youngest one that is a whole window old is where the window begins.
    while (readings.length > 1 && nowNs - (readings[1]?.atNs ?? nowNs) >= WINDOW_NS) readings.shift();
    return count - (readings[0]?.count ?? count);
  }
}

/** A network that is watched. */
export interface NetworkWatch {
  /** As it is now: to be read once a second. */
  figures(): NetworkFigures;
  /** Hears nothing more. */
  close(): void;
}

export interface NetworkWatchOptions {
  /** Told of every wait for a request budget when it is over, and of every socket that was lost when it is open again, or closed. */
  readonly note: (disturbance: Disturbance) => void;
  readonly clock: Pick<Clock, "monotonicNs">;
}

/**
 * Watches the network of a session's client: its figures, and what of it may have held an order up. A client that does not tell has
 * empty figures.
 *
 * @example
 * const network = watchNetwork(client, { note: (disturbance) => disturbances.note(disturbance), clock });
 * network.figures().failuresPerMinute;
 */
export function watchNetwork(venue: MarketVenue, { note, clock }: NetworkWatchOptions): NetworkWatch {
  const failures = new FailureWindow();
  const networks = venue.listNetworks?.();
  const stops = networks === undefined ? [listen(venue, "", note)] : [];
  for (const [name, network] of networks ?? [])
    stops.push(listen(network, networks?.size === 1 ? "" : `${name} `, note));

  function healths(): readonly ClientHealth[] {
    if (networks === undefined) return listed(venue.health?.());
    return Array.from(networks, ([name, network]) =>
      listed(network.health?.()).map((health) => ({ ...health, venue: name })),
    ).flat();
  }

  return {
    figures() {
      const all = healths();
      const count = all.reduce((sum, health) => sum + health.failures, 0);
      return toNetworkFigures(all, failures.read(count, clock.monotonicNs()));
    },
    close() {
      for (const stop of stops.splice(0)) stop();
    },
  };
}

/** @param prefix Tells the venues apart in the names of what is noted. @returns What ends it. */
function listen({ events }: VenueNetwork, prefix: string, note: NetworkWatchOptions["note"]): () => void {
  const lost = new Map<string, number>(); // since when, by connection

  const onWaited: ClientEvents["waited"] = ({ budget, startNs, endNs }) =>
    note({ kind: "limiterWait", what: `${prefix}${budget}`, startNs, endNs });

  const onChanged: ClientEvents["connectionChanged"] = ({ connection, state, atNs }) => {
    const sinceNs = lost.get(connection);
    if (state === "waiting" && sinceNs === undefined) lost.set(connection, atNs);
    if (state !== "open" && state !== "closed") return;
    lost.delete(connection);
    if (sinceNs !== undefined)
      note({ kind: "reconnect", what: `${prefix}${connection}`, startNs: sinceNs, endNs: atNs });
  };

  events?.on("waited", onWaited);
  events?.on("connectionChanged", onChanged);
  return () => {
    events?.off("waited", onWaited);
    events?.off("connectionChanged", onChanged);
  };
}

function listed<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}
