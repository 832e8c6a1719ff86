import { randomInt } from "node:crypto";
import {
  type Clock,
  createRandom,
  createSystemClock,
  InvalidInputError,
  integerInRange,
  type Random,
} from "@pitlane/perf";
import { PRIORITIES, TakeQueue, WeightedBudget } from "@pitlane/perf/limit";
import { type ClientEmitter, createEvents } from "../../client-events.ts";
import { httpProbe } from "../../region/prober.ts";
import { createRegions, type Regions } from "../../region/regions.ts";
import { authenticate } from "../../transport/authenticate.ts";
import { classify } from "../../transport/classify.ts";
import { deadline } from "../../transport/deadline.ts";
import { failover } from "../../transport/failover.ts";
import { limit } from "../../transport/limit.ts";
import { measure } from "../../transport/measure.ts";
import { createPools } from "../../transport/pools.ts";
import { retry } from "../../transport/retry.ts";
import { type Authenticator, compose, type Layer } from "../../transport/transport.ts";
import { endpointsOf, PRODUCTS } from "./endpoints.ts";
import { Market } from "./market.ts";
import type { BinanceMarketOptions, BinanceProduct } from "./options.ts";
import { Rest, replyError } from "./rest.ts";
import type { WeightLimit } from "./socket-api.ts";

/** What all clients of Binance are made of. */
export interface Wiring {
  readonly product: BinanceProduct;
  readonly venue: string;
  readonly rest: Rest;
  readonly market: Market;
  readonly regions: Regions;
  readonly events: ClientEmitter;
  readonly clock: Clock;
  readonly random: Random;
  readonly connectTimeoutMs: number;
  readonly callTimeoutMs: number;
  /** The request weight, for calls that do not go by REST. */
  readonly weight: WeightLimit;
  /** @throws {InvalidInputError} When the client is closed. */
  checkOpen(): void;
  /** Closes what was added by `own`, in reverse order, then the sockets. */
  close(): Promise<void>;
  /** Has `part` closed with the client. @returns What takes it out again. */
  own(part: { close(): Promise<void> }): () => void;
}

const WINDOW_MS = 60_000;
const MOST_WAITING = 1_000;
const USED_WEIGHT = "x-mbx-used-weight-1m";

/**
 * Checks the options that every client has, and puts its parts together; nothing is connected.
 *
 * @param signerOf Makes what signs, once the parts it needs are there.
 * @throws {InvalidInputError} Naming the option and its rule.
 */
export function wire(
  options: BinanceMarketOptions,
  signerOf: (parts: SigningParts) => Authenticator | undefined,
): Wiring {
  const { product = "spot" } = options;
  const facts = PRODUCTS[product];
  if (facts === undefined) {
    throw new InvalidInputError(
      `product must be one of ${Object.keys(PRODUCTS).join(", ")}, got ${JSON.stringify(product)}`,
    );
  }
  const venue = options.venue ?? facts.venue;
  if (!/^[a-z0-9-]+$/.test(venue)) {
    throw new InvalidInputError(`venue must be lower-case letters, digits and -, got ${JSON.stringify(venue)}`);
  }
  const { rest: restEndpoints, stream, wsApi } = endpointsOf(product, options);
  const connectTimeoutMs = integerInRange("connectTimeoutMs", options.connectTimeoutMs ?? 5_000, 1, 600_000);
  const callTimeoutMs = integerInRange("callTimeoutMs", options.callTimeoutMs ?? 10_000, 1, 600_000);
  const connections = integerInRange("connections", options.connections ?? 20, 1, 1_000);
  const clock = options.clock ?? createSystemClock();
  const random = options.random ?? createRandom(randomInt(2 ** 32));
  const events: ClientEmitter = createEvents();
  const closing = new AbortController();

  const allowH2 = options.http2 ?? false;
  const pools = createPools({ ...options.http, connectTimeoutMs, callTimeoutMs, connections, allowH2, clock });
  const probePools = createPools({ connections: 1, clock });
  const regions = createRegions({
    endpoints: new Map([
      ["rest", restEndpoints],
      ["stream", stream],
      ["wsApi", wsApi],
    ]),
    ...options.regionRules,
    probes: { rest: httpProbe(probePools.send, `${facts.apiPath}/ping`) },
    events,
    clock,
  });

  const requestWeight = integerInRange("requestWeight", options.requestWeight ?? facts.requestWeight, 100, 1e9);
  const budget = new WeightedBudget({ limit: requestWeight, windowMs: WINDOW_MS, clock });
  const authenticator = signerOf({ clock, events, readServerTimeUs: (signal) => time.getServerTimeUs({ signal }) });
  const waiting = { clock, closing: closing.signal };
  const layers: readonly Layer[] = [
    deadline({ timeoutMs: callTimeoutMs, clock }),
    measure({ registry: options.metrics, venue, clock }),
    retry({ ...options.backoff, ...waiting, retries: options.retries ?? 3, random, events }),
    failover({
      choice: regions.service("rest"),
      hedgeAfterMs: options.hedgeAfterMs,
      suspectAfterMs: options.suspectAfterMs ?? 300,
      clock,
    }),
    limit({ ...waiting, budget, usedWeightHeader: USED_WEIGHT, events }),
    ...(authenticator === undefined ? [] : [authenticate({ ...waiting, authenticator })]),
    classify(replyError),
  ];
  const rest = new Rest({ send: compose(pools.send, ...layers), apiPath: facts.apiPath });
  const market = new Market({ api: rest, venue, mostLevels: facts.snapshotLimit, nowUs: () => clock.nowUs() });
  // The venue's clock is measured past the queue and the repeats, whose waits would count as its distance.
  const bare = compose(
    pools.send,
    deadline({ timeoutMs: callTimeoutMs, clock }),
    failover({ choice: regions.service("rest"), clock }),
    classify(replyError),
  );
  const time = new Market({
    api: new Rest({ send: bare, apiPath: facts.apiPath }),
    venue,
    mostLevels: facts.snapshotLimit,
    nowUs: () => clock.nowUs(),
  });

  const owned = new Set<{ close(): Promise<void> }>();
  let closed: Promise<void> | undefined;

  async function shut(): Promise<void> {
    closing.abort(new InvalidInputError("the client was closed"));
    await Promise.all([...owned].reverse().map((part) => part.close()));
    await regions.close();
    await Promise.all([pools.close(), probePools.close()]);
  }

  return {
    product,
    venue,
    rest,
    market,
    regions,
    events,
    clock,
    random,
    connectTimeoutMs,
    callTimeoutMs,
    weight: socketWeight(budget, clock),
    checkOpen() {
      if (closed !== undefined) throw new InvalidInputError("the client is closed: create another one");
    },
    close() {
      closed ??= shut();
      return closed;
    },
    own(part) {
      owned.add(part);
      return () => owned.delete(part);
    },
  };
}

/** What the parts that sign may use. */
export interface SigningParts {
  readonly clock: Clock;
  readonly events: ClientEmitter;
  /** Asks for the venue's time at once. */
  readonly readServerTimeUs: (signal: AbortSignal) => Promise<number>;
}

/** The same budget, for the calls of a socket. */
function socketWeight(budget: WeightedBudget, clock: Clock): WeightLimit {
  const queue = new TakeQueue({ source: budget, priorities: PRIORITIES, maxWaiting: MOST_WAITING, clock });
  return {
    tryTake: ({ weight, priority }) => queue.waiting === 0 && budget.tryTake(weight, priority),
    waitMs: ({ weight, priority }) => budget.waitMs(weight, priority),
    async take({ weight, priority }, signal) {
      await queue.takeAs(priority, weight, signal);
    },
    observe: (usedWeight) => budget.observe(usedWeight, budget.taken),
    pause: (retryAfterMs) => budget.blockUntil(clock.nowUs() + Math.ceil(retryAfterMs * 1000)),
  };
}
