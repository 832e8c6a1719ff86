import { integerInRange } from "@pitlane/perf";
import type { Endpoint, EndpointChoice } from "../region/endpoints.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import type { Link } from "./link.ts";
import type { ShardFeed } from "./shard.ts";
import { type SubscriptionDialect, Subscriptions } from "./subscriptions.ts";

/** How one of the sockets of a feed does. */
export interface LegCounters {
  /** Region of its present socket, or of the last one; undefined before the first. */
  readonly region: string | undefined;
  /** Connected and subscribed. */
  readonly isReady: boolean;
  readonly frames: number;
  /** Frames that brought something before the other socket did. */
  readonly wins: number;
  readonly losses: number;
}

export interface DualFeedOptions {
  /** Sockets with the same subscriptions: two in different regions, where there are several. */
  readonly legs: 1 | 2;
  readonly names: readonly string[];
  readonly dialect: SubscriptionDialect;
  /** Path and query of a handshake, and those of the wanted names that it subscribes to. */
  readonly targetOf: (wanted: ReadonlySet<string>) => { readonly target: string; readonly names: readonly string[] };
  /**
   * Takes a frame that is no answer to a subscription: true when it brought something new. `isShared`: another socket is open that
   * may bring the same.
   */
  readonly onFrame: (data: Buffer, receivedAtUs: number, receivedNs: number, isShared: boolean) => boolean;
  /** The last socket that was subscribed is lost: until the next one is, nothing comes. */
  readonly onLost: (reason: string) => void;
  /** Every loss and failed attempt of every socket, refused and unanswered subscriptions. */
  readonly onError: (error: Error) => void;
  /**
   * A socket over which no data came for this long is replaced, without a gap if it was well, in milliseconds; 1,000 to
   * 86,400,000, default 60,000.
   */
  readonly quietMs?: number;
  readonly connection: Omit<
    ConnectionOptions,
    "onOpen" | "onFrame" | "onLost" | "onLeft" | "onError" | "onTick" | "target"
  >;
}

interface Leg {
  readonly connection: Connection;
  readonly subscriptions: Subscriptions;
  heardNs: number;
  frames: number;
  wins: number;
  losses: number;
}

const APART_EVERY_NS = 30e9;

/**
 * One or two sockets that bring the same streams, as one: the first arrival counts, and the loss of one is no gap.
 *
 *   leg 1, region A --frames--\
 *                              onFrame -> new: a win of its leg; else dropped by its reader
 *   leg 2, region B --frames--/
 *
 * With one socket it is a connection with its subscriptions. What is a duplicate its reader decides, who knows the sequences.
 */
export class DualFeed implements ShardFeed {
  readonly #options: DualFeedOptions;
  readonly #quietNs: number;
  readonly #legs: Leg[] = [];
  #sources = 0; // open sockets, those of a change of connection counted twice
  #apartNs: number;

  /** Starts connecting at once. @throws {InvalidInputError} When an option is out of range. */
  constructor(options: DualFeedOptions) {
    this.#options = options;
    this.#quietNs = integerInRange("quietMs", options.quietMs ?? 60_000, 1_000, 86_400_000) * 1e6;
    this.#apartNs = options.connection.clock.monotonicNs();
    const { endpoints } = options.connection;
    this.#legs.push(this.#newLeg(endpoints));
    if (options.legs === 2) {
      this.#legs.push(this.#newLeg(apartFrom(endpoints, () => this.#legs[0]?.connection.endpoint)));
    }
  }

  /** What is wanted now. */
  get names(): ReadonlySet<string> {
    return (this.#legs[0] as Leg).subscriptions.wanted;
  }

  /** The sockets, in the order of their making. */
  get legs(): readonly LegCounters[] {
    return this.#legs.map(({ connection, frames, wins, losses }) => {
      return { region: connection.endpoint?.region, isReady: connection.isReady, frames, wins, losses };
    });
  }

  add(names: readonly string[]): void {
    for (const { subscriptions } of this.#legs) subscriptions.add(names);
  }

  remove(names: readonly string[]): void {
    for (const { subscriptions } of this.#legs) subscriptions.remove(names);
  }

  refresh(names: readonly string[]): void {
    for (const { subscriptions } of this.#legs) subscriptions.refresh(names);
  }

  /** Resolves when one of the sockets is subscribed to everything. */
  async whenReady(): Promise<void> {
    try {
      await Promise.any(this.#legs.map(({ subscriptions }) => subscriptions.whenSettled()));
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error; // closed: all of them say the same
    }
  }

  /** The venue is about to end the sockets: replaces them before it does. */
  recycle(): void {
    for (const { connection } of this.#legs) connection.recycle();
  }

  async close(): Promise<void> {
    for (const { subscriptions } of this.#legs) subscriptions.close();
    await Promise.all(this.#legs.map(({ connection }) => connection.close()));
  }

  #newLeg(endpoints: EndpointChoice): Leg {
    const { names, dialect, targetOf, onFrame, onLost, onError } = this.#options;
    const { clock } = this.#options.connection;
    const subscriptions = new Subscriptions({ dialect, names, onError, clock });
    let inTarget: readonly string[] = [];
    const connection = new Connection({
      ...this.#options.connection,
      endpoints,
      target: () => {
        const asked = targetOf(subscriptions.wanted);
        inTarget = asked.names;
        return asked.target;
      },
      onOpen: (link) => {
        this.#sources++;
        leg.heardNs = clock.monotonicNs();
        subscriptions.opened(link, inTarget);
      },
      onFrame: (data, _isBinary, receivedAtUs, receivedNs, link) => {
        if (subscriptions.tryAnswer(data, link)) return;
        leg.heardNs = receivedNs;
        leg.frames++;
        if (onFrame(data, receivedAtUs, receivedNs, this.#sources > 1)) leg.wins++;
      },
      onLost: (reason, link) => {
        this.#forget(subscriptions, link);
        leg.losses++;
        if (link.isReady && !this.#legs.some((other) => other.connection.isReady)) onLost(reason);
      },
      onLeft: (link) => this.#forget(subscriptions, link),
      onError,
      onTick: (nowNs) => this.#tick(leg, nowNs),
    });
    const leg: Leg = { connection, subscriptions, heardNs: 0, frames: 0, wins: 0, losses: 0 };
    return leg;
  }

  #forget(subscriptions: Subscriptions, link: Link): void {
    this.#sources--;
    subscriptions.lost(link);
  }

  #tick(leg: Leg, nowNs: number): void {
    leg.subscriptions.check();
    if (leg.connection.isReady && nowNs - leg.heardNs >= this.#quietNs) {
      leg.heardNs = nowNs;
      leg.connection.recycle();
    }
    if (leg === this.#legs[1] && nowNs - this.#apartNs >= APART_EVERY_NS) {
      this.#apartNs = nowNs;
      this.#keepApart(leg);
    }
  }

  /** Two sockets that had to flee to one region: the second one goes elsewhere when it can. */
  #keepApart(second: Leg): void {
    const { endpoint } = second.connection;
    if (endpoint === undefined || endpoint !== this.#legs[0]?.connection.endpoint) return;
    if (this.#options.connection.endpoints.pick(new Set([endpoint])) !== endpoint) second.connection.recycle();
  }
}

/** A choice that avoids the endpoint another one has made, while there is a third. */
function apartFrom(choice: EndpointChoice, other: () => Endpoint | undefined): EndpointChoice {
  return {
    pick: (exclude) => {
      const taken = other();
      return choice.pick(taken === undefined ? exclude : new Set([...(exclude ?? []), taken]));
    },
    succeeded: (endpoint, latencyMs) => choice.succeeded(endpoint, latencyMs),
    failed: (endpoint, error) => choice.failed(endpoint, error),
    onDown: (listener) => choice.onDown(listener),
  };
}
