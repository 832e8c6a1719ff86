/** One address of a service, as the client finds it. */
export interface EndpointHealth {
  /** `rest`, `stream`, `wsApi` for Binance. */
  readonly service: string;
  readonly region: string;
  /** Without a path for calls; for sockets without what each asks for. */
  readonly url: string;
  /** Calls, or new sockets, go here now. */
  readonly isPresent: boolean;
  /** Given up until it is found well again. The only address of a service is used none the less. */
  readonly isDown: boolean;
  /**
   * Smoothed, in milliseconds; null while it is not known. Of calls: of the probe where the address is probed, else of what was called.
   * Of sockets: how long it took to open one, which is several round trips.
   */
  readonly latencyMs: number | null;
  /** Smoothed share of failures, 0 to 1. */
  readonly errorRate: number;
}

/** What the venue lets a client spend in a window of time. */
export interface BudgetHealth {
  /** `weight` for Binance's request weight, `orders-10s` and `orders-1d` for its limits on orders, once they are known. */
  readonly name: string;
  readonly limit: number;
  /** Of the present window, by our count or the venue's, whichever is higher. */
  readonly used: number;
  readonly windowMs: number;
  /** Calls that wait for it now. */
  readonly waiting: number;
}

/** `connecting`: an attempt is under way. `waiting`: the next one is not due yet. */
export type ConnectionState = "connecting" | "open" | "waiting" | "closed";

/** A socket that is meant to stay open. Those that were closed by their owner are not told of. */
export interface ConnectionHealth {
  /** `market stream`, `user stream`, `order socket` for Binance; the second one of a kind `market stream 2`, and so on. */
  readonly name: string;
  readonly state: ConnectionState;
  /** Where it is or, while it is not open, where it was tried last; empty before the first attempt. */
  readonly region: string;
  readonly url: string;
  /** How often it was opened anew after a loss; planned changes of the socket are not counted. */
  readonly reconnects: number;
  /** Since when it is in this state, microseconds since the epoch. */
  readonly sinceUs: number;
}

/** What a client knows of its network at one moment. Plain data. */
export interface ClientHealth {
  /** The client's venue. */
  readonly venue: string;
  readonly endpoints: readonly EndpointHealth[];
  readonly budgets: readonly BudgetHealth[];
  readonly connections: readonly ConnectionHealth[];
  /** How far the venue's clock is ahead of ours, microseconds; null while it was not measured. */
  readonly clockOffsetUs: number | null;
  /**
   * Sockets that were lost or could not be opened, and tries of a call that found no connection or no answer, since the client was
   * made. It only grows; failed probes are not in it.
   */
  readonly failures: number;
}

/** A client that can tell how its network does. */
export interface KnowsHealth {
  /**
   * How the network does now, from what the client saw anyway: nothing is asked of the venue. Cheap enough for once a second.
   *
   * @example
   * const { connections, endpoints } = client.health();
   * for (const { name, state, region } of connections) console.log(name, state, region);
   */
  health(): ClientHealth;
}
