import { type Endpoint, type EndpointChoice, redirected } from "../region/endpoints.ts";
import { type LegCounters, SocketFeed, type StreamFeed, type StreamFeedOptions } from "./socket-feed.ts";

const APART_EVERY_NS = 30e9;

/**
 * Two sockets that bring the same streams, in two regions where there are several, as one: the first arrival counts, and the loss
 * of one is no gap.
 *
 *   leg 1, region A --frames--\
 *                              onFrame -> new: a win of its leg; else dropped by its reader
 *   leg 2, region B --frames--/
 *
 * What is a duplicate its reader decides, who knows the sequences.
 */
export class DualFeed implements StreamFeed {
  readonly #first: SocketFeed;
  readonly #second: SocketFeed;
  readonly #endpoints: EndpointChoice;
  #apartNs: number;

  /** Starts connecting at once. @throws {InvalidInputError} When an option is out of range. */
  constructor(options: StreamFeedOptions) {
    const { onFrame, onLost, connection } = options;
    const { endpoints } = connection;
    this.#endpoints = endpoints;
    this.#apartNs = connection.clock.monotonicNs();
    const ofLeg: StreamFeedOptions = {
      ...options,
      onFrame: (data, receivedAtUs, receivedNs) =>
        onFrame(data, receivedAtUs, receivedNs, this.#first.sources + this.#second.sources > 1),
      onLost: (reason) => {
        if (!this.#first.isReady && !this.#second.isReady) onLost(reason);
      },
    };
    this.#first = new SocketFeed(ofLeg);
    const apart = apartFrom(endpoints, () => this.#first.endpoint);
    this.#second = new SocketFeed({ ...ofLeg, connection: { ...connection, endpoints: apart } }, (nowNs) => {
      if (nowNs - this.#apartNs < APART_EVERY_NS) return;
      this.#apartNs = nowNs;
      this.#keepApart();
    });
  }

  get names(): ReadonlySet<string> {
    return this.#first.names;
  }

  get legs(): readonly LegCounters[] {
    return [...this.#first.legs, ...this.#second.legs];
  }

  add(names: readonly string[]): void {
    this.#first.add(names);
    this.#second.add(names);
  }

  remove(names: readonly string[]): void {
    this.#first.remove(names);
    this.#second.remove(names);
  }

  refresh(names: readonly string[]): void {
    this.#first.refresh(names);
    this.#second.refresh(names);
  }

  /** Resolves when one of the sockets is subscribed to everything. */
  async whenReady(): Promise<void> {
    try {
      await Promise.any([this.#first.whenReady(), this.#second.whenReady()]);
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error; // closed: both of them say the same
    }
  }

  recycle(): void {
    this.#first.recycle();
    this.#second.recycle();
  }

  async close(): Promise<void> {
    await Promise.all([this.#first.close(), this.#second.close()]);
  }

  /** Two sockets that had to flee to one region: the second one goes elsewhere when it can. */
  #keepApart(): void {
    const { endpoint } = this.#second;
    if (endpoint === undefined || endpoint !== this.#first.endpoint) return;
    if (this.#endpoints.pick(new Set([endpoint])) !== endpoint) this.#second.recycle();
  }
}

/** A choice that avoids the endpoint another one has made, while there is a third. */
function apartFrom(choice: EndpointChoice, other: () => Endpoint | undefined): EndpointChoice {
  return redirected(choice, {
    pick: (exclude) => {
      const taken = other();
      return choice.pick(taken === undefined ? exclude : new Set([...(exclude ?? []), taken]));
    },
  });
}
