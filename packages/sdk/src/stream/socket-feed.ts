import type { Endpoint } from "../region/endpoints.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import type { Link } from "./link.ts";
import type { ShardFeed } from "./shard.ts";
import { type SubscriptionDialect, Subscriptions } from "./subscriptions.ts";

/** How one of the sockets of a stream does. */
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

/** The sockets that bring some streams, as one. */
export interface StreamFeed extends ShardFeed {
  /** What is wanted now. */
  readonly names: ReadonlySet<string>;
  /** The sockets, in the order of their making. */
  readonly legs: readonly LegCounters[];
  /** The venue is about to end the sockets: replaces them before it does. */
  recycle(): void;
}

export interface StreamFeedOptions {
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

/**
 * One connection with its subscriptions. While it changes from one socket to the next both bring frames: what is a duplicate its
 * reader decides, who knows the sequences.
 */
export class SocketFeed implements StreamFeed {
  readonly #connection: Connection;
  readonly #subscriptions: Subscriptions;
  #heardNs = 0;
  #frames = 0;
  #wins = 0;
  #losses = 0;
  /** Open sockets: two while it changes from one to the next. */
  sources = 0;

  /**
   * Starts connecting at once.
   * @param onTick About ten times a second, with the monotonic time.
   */
  constructor(options: StreamFeedOptions, onTick?: (nowNs: number) => void) {
    const { names, dialect, targetOf, onFrame, onLost, onError, quietMs = 60_000 } = options;
    const { clock } = options.connection;
    const quietNs = quietMs * 1e6;
    const subscriptions = new Subscriptions({ dialect, names, onError, clock });
    this.#subscriptions = subscriptions;
    let inTarget: readonly string[] = [];
    const connection = new Connection({
      ...options.connection,
      target: () => {
        const asked = targetOf(subscriptions.wanted);
        inTarget = asked.names;
        return asked.target;
      },
      onOpen: (link) => {
        this.sources++;
        this.#heardNs = clock.monotonicNs();
        subscriptions.opened(link, inTarget);
      },
      onFrame: (data, _isBinary, receivedAtUs, receivedNs, link) => {
        if (subscriptions.tryAnswer(data, link)) return;
        this.#heardNs = receivedNs;
        this.#frames++;
        if (onFrame(data, receivedAtUs, receivedNs, this.sources > 1)) this.#wins++;
      },
      onLost: (reason, link) => {
        this.#forget(link);
        this.#losses++;
        if (link.isReady && !connection.isReady) onLost(reason);
      },
      onLeft: (link) => this.#forget(link),
      onError,
      onTick: (nowNs) => {
        subscriptions.check();
        if (connection.isReady && nowNs - this.#heardNs >= quietNs) {
          this.#heardNs = nowNs;
          connection.recycle();
        }
        onTick?.(nowNs);
      },
    });
    this.#connection = connection;
  }

  get names(): ReadonlySet<string> {
    return this.#subscriptions.wanted;
  }

  get isReady(): boolean {
    return this.#connection.isReady;
  }

  /** Where it is, or connects to; undefined before the first attempt. */
  get endpoint(): Endpoint | undefined {
    return this.#connection.endpoint;
  }

  get legs(): readonly LegCounters[] {
    const { endpoint, isReady } = this.#connection;
    return [{ region: endpoint?.region, isReady, frames: this.#frames, wins: this.#wins, losses: this.#losses }];
  }

  add(names: readonly string[]): void {
    this.#subscriptions.add(names);
  }

  remove(names: readonly string[]): void {
    this.#subscriptions.remove(names);
  }

  refresh(names: readonly string[]): void {
    this.#subscriptions.refresh(names);
  }

  /** Resolves when it is subscribed to everything. */
  whenReady(): Promise<void> {
    return this.#subscriptions.whenSettled();
  }

  recycle(): void {
    this.#connection.recycle();
  }

  async close(): Promise<void> {
    this.#subscriptions.close();
    await this.#connection.close();
  }

  #forget(link: Link): void {
    this.sources--;
    this.#subscriptions.lost(link);
  }
}
