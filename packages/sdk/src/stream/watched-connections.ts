import type { Clock } from "@pitlane/perf";
import type { ClientEmitter } from "../client-events.ts";
import type { ConnectionHealth, ConnectionState } from "../health.ts";
import { type Endpoint, redirected } from "../region/endpoints.ts";
import type { ConnectionOptions, ConnectionWatch } from "./connection.ts";
import type { Link } from "./link.ts";

export interface WatchedConnectionsOptions {
  /** Told `connectionChanged`. */
  readonly events: Pick<ClientEmitter, "emit">;
  readonly clock: Pick<Clock, "nowUs" | "monotonicNs">;
}

/** The connections of a client that are not closed, and how they do. */
export interface WatchedConnections {
  /** What the option `watch` of connections of this kind is. */
  watch(kind: string): ConnectionWatch;
  list(): readonly ConnectionHealth[];
  /** Sockets that were lost or could not be opened, since the start. */
  failures(): number;
}

type Changeable = { -readonly [K in keyof ConnectionHealth]: ConnectionHealth[K] };

/** Watches connections by the callbacks of their options. Nothing of it runs for a frame. */
export function watchConnections({ events, clock }: WatchedConnectionsOptions): WatchedConnections {
  const open = new Set<ConnectionHealth>();
  let failures = 0;

  function freeName(kind: string): string {
    let name = kind;
    for (let n = 2; Array.from(open).some((other) => other.name === name); n++) name = `${kind} ${n}`;
    return name;
  }

  /** The same options, whose callbacks keep the connection's health as well. */
  function heard(kind: string, options: ConnectionOptions): ConnectionOptions {
    const { endpoints } = options;
    const sinceUs = clock.nowUs();
    const health: Changeable = { name: kind, state: "waiting", region: "", url: "", reconnects: 0, sinceUs };
    const links = new Set<Link>(); // open ones: several while it changes from one to the next
    let picked: Endpoint | undefined;
    let opens = 0;

    function turn(state: ConnectionState, reason = ""): void {
      if (state === health.state || health.state === "closed") return;
      health.state = state;
      health.sinceUs = clock.nowUs();
      const { name: connection, region, url } = health;
      events.emit("connectionChanged", { connection, state, region, url, reason, atNs: clock.monotonicNs() });
    }

    /** Looks where the link is that is in use; false when there is none. */
    function isOpen(): boolean {
      const link = Array.from(links).find(({ isCurrent }) => isCurrent);
      Object.assign(health, link?.endpoint);
      return link !== undefined;
    }

    return {
      ...options,
      endpoints: redirected(endpoints, {
        pick: (exclude) => {
          picked = endpoints.pick(exclude);
          return picked;
        },
        // A connection listens from when its options were found right until it is closed.
        onDown: (listener) => {
          health.name = freeName(kind);
          open.add(health);
          const forget = endpoints.onDown(listener);
          return () => {
            forget();
            turn("closed");
            open.delete(health);
          };
        },
      }),
      // Asked right before each attempt, at the endpoint that was picked last: other picks only look whether one is left.
      target: () => {
        if (!isOpen()) {
          Object.assign(health, picked);
          turn("connecting");
        }
        return options.target?.() ?? "";
      },
      onOpen: (link) => {
        links.add(link);
        // A second one may take over later: nothing is interrupted, and it counts for no reconnection.
        if (link.isCurrent) {
          health.reconnects = opens++;
          turn("open");
        }
        options.onOpen(link);
      },
      onLost: (reason, link) => {
        links.delete(link); // its error comes next
        options.onLost(reason, link);
      },
      onLeft: (link) => {
        links.delete(link);
        isOpen();
        options.onLeft?.(link);
      },
      onError: (error) => {
        failures++;
        if (!isOpen()) turn("waiting", error.message);
        options.onError(error);
      },
    };
  }

  return {
    watch: (kind) => (options) => heard(kind, options),
    list: () => Array.from(open, (health) => ({ ...health })),
    failures: () => failures,
  };
}
