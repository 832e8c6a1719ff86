import type { Clock, Random } from "@pitlane/perf";
import { Conditions } from "./faults/conditions.ts";
import { PortSite } from "./faults/site.ts";
import type { CheckedRegion } from "./regions.ts";
import type { Timeline } from "./timeline.ts";
import type { HttpAnswer, HttpRequest, Place, Protocol } from "./wire/protocol.ts";
import { PaperServer } from "./wire/server.ts";

/** What all ports of an exchange have in common. */
export interface PortParts {
  readonly admin: (request: HttpRequest) => HttpAnswer;
  readonly connectionLifeMs: number;
  readonly clock: Clock;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly onError: (error: Error) => void;
}

export interface PortOptions extends PortParts {
  readonly venue: "binance" | "axiom";
  readonly region: CheckedRegion;
  readonly protocol: (place: Place) => Protocol;
}

/** One venue in one region: its server, and the faults that strike there. */
export interface Port {
  /** What it shall listen on; 0 takes a free one. */
  readonly wanted: number;
  readonly server: PaperServer;
  readonly site: PortSite;
}

/** Puts the parts of a port together. It does not listen yet. */
export function createPort(options: PortOptions): Port {
  const { venue, region, admin, connectionLifeMs, clock, timeline, random, onError } = options;
  const { name, delayMs, jitterMs } = region;
  const conditions = new Conditions({ region: name, delayMs, jitterMs, random: random.fork(`${venue} ${name}`) });
  const protocol = options.protocol(conditions);
  const server: PaperServer = new PaperServer({
    protocol,
    conditions,
    admin,
    clock,
    timeline,
    connectionLifeMs,
    onPeer: (peer) => site.meet(peer),
    onError,
  });
  const site = new PortSite({ venue, conditions, protocol, server });
  return { wanted: region.port, server, site };
}
