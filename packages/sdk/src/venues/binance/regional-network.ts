import { setMaxListeners } from "node:events";
import type { Clock } from "@pitlane/perf";
import { PRIORITIES, TakeQueue, WeightedBudget } from "@pitlane/perf/limit";
import { checkFlag } from "../../checks.ts";
import type { RateLimitError } from "../../errors.ts";
import type { ClientHealth } from "../../health.ts";
import { createHealthMeter } from "../../health-meter.ts";
import type { EndpointChoice } from "../../region/endpoints.ts";
import { httpProbe } from "../../region/prober.ts";
import { createRegions } from "../../region/regions.ts";
import type { ConnectionWatch } from "../../stream/connection.ts";
import { authenticate } from "../../transport/authenticate.ts";
import type { BudgetWaits } from "../../transport/budget-waits.ts";
import { checkTransport } from "../../transport/check-options.ts";
import { classify } from "../../transport/classify.ts";
import { deadline } from "../../transport/deadline.ts";
import { failover } from "../../transport/failover.ts";
import { limit } from "../../transport/limit.ts";
import { measure } from "../../transport/measure.ts";
import { createPools } from "../../transport/pools.ts";
import { retry } from "../../transport/retry.ts";
import { compose, type Layer } from "../../transport/transport.ts";
import type { BinanceAuthenticator } from "./authenticator.ts";
import type { Fields } from "./fields.ts";
import { Market } from "./market.ts";
import { type Network, type NetworkPlace, USED_WEIGHT } from "./network.ts";
import { OrderBudget, type OrderLimit, TOO_MANY_ORDERS } from "./order-budget.ts";
import { rateCountsOf } from "./rate-counts.ts";
import { Rest, replyError } from "./rest.ts";
import type { WeightLimit } from "./socket-api.ts";
import { wsApiOf } from "./ws-api-endpoints.ts";

/** A network with regions that are probed and scored, and all layers of the transport. */
export interface RegionalNetwork extends Network {
  readonly rest: Rest;
  /** Where the WebSocket API is. */
  readonly wsApi: EndpointChoice;
  /** The request weight, for calls that do not go by REST. */
  readonly weight: WeightLimit;
  /** The limit on orders; undefined for a client that places none. */
  readonly orders: OrderBudget | undefined;
  /** Hears what becomes of sockets of one kind, which `health` then tells of. */
  watch(kind: string): ConnectionWatch;
  health(): ClientHealth;
}

const WINDOW_MS = 60_000;
const MOST_WAITING = 1_000;

/**
 * Puts pools, regions and layers together; nothing is connected.
 *
 * @param signerOf Makes what signs. It gets what asks for the venue's time at once.
 * @param orderLimits The caller's own; undefined: the venue's.
 * @throws {InvalidInputError} Naming the option and its rule.
 */
export function connectRegions(
  place: NetworkPlace,
  signerOf: (readServerTimeUs: (signal: AbortSignal) => Promise<number>) => BinanceAuthenticator | undefined = () =>
    undefined,
  orderLimits?: readonly OrderLimit[] | undefined,
): RegionalNetwork {
  const { options, venue, facts, endpoints, connectTimeoutMs, callTimeoutMs, connections, events, clock, random } =
    place;
  const { apiPath, snapshotLimit } = facts;
  checkTransport(options);
  const allowH2 = checkFlag("http2", options.http2 ?? false);
  const pools = createPools({ ...options.http, connectTimeoutMs, callTimeoutMs, connections, allowH2, clock });
  const probePools = createPools({ connections: 1, clock });
  const regions = createRegions({
    endpoints: new Map([...Object.entries(endpoints), ["wsApi", wsApiOf(place.product, options)]]),
    ...options.regionRules,
    probes: { rest: httpProbe(probePools.send, `${apiPath}/ping`) },
    events,
    clock,
  });

  const meter = createHealthMeter(place);
  const allowed = { limit: place.requestWeight, windowMs: WINDOW_MS };
  const budget = new WeightedBudget({ ...allowed, clock });
  const waits = meter.addBudget({ name: "weight", ...allowed }, () => budget.usedWeight());
  const authenticator = signerOf((signal) => time.getServerTimeUs({ signal }));
  const cleanReply = authenticator?.cleanReply;
  const judged = classify((call, reply) => replyError(call, reply, cleanReply));
  const waiting = { clock, closing: place.closing };
  setMaxListeners(0, place.closing); // every call that waits listens
  const orders =
    authenticator === undefined
      ? undefined
      : new OrderBudget({ ...waiting, limits: orderLimits, callTimeoutMs, events });
  // Every client reads it before its first order: it has the instruments.
  const onReply = (path: string, reply: unknown) => {
    if (path === "/exchangeInfo") orders?.learn(rateCountsOf((reply as Fields)["rateLimits"]));
  };
  const layers: readonly Layer[] = [
    deadline({ ...waiting, timeoutMs: callTimeoutMs }),
    measure({ registry: options.metrics, venue, clock }),
    retry({ ...options.backoff, ...waiting, retries: options.retries ?? 3, random, events }),
    failover({
      choice: regions.service("rest"),
      onFailure: meter.onFailure,
      hedgeAfterMs: options.hedgeAfterMs,
      suspectAfterMs: options.suspectAfterMs ?? 300,
      clock,
    }),
    limit({ ...waiting, budget, waits, usedWeightHeader: USED_WEIGHT, isOfBudget: isOfWeight, events }),
    ...(authenticator === undefined ? [] : [authenticate({ ...waiting, authenticator })]),
    judged,
  ];
  const rest = new Rest({ send: compose(pools.send, ...layers), apiPath, onReply, cleanReply });
  // The venue's clock is measured past the queue and the repeats, whose waits would count as its distance.
  const bare = compose(
    pools.send,
    deadline({ ...waiting, timeoutMs: callTimeoutMs }),
    failover({ choice: regions.service("rest"), clock }),
    judged,
  );
  const time = new Market({
    api: new Rest({ send: bare, apiPath, cleanReply }),
    venue,
    mostLevels: snapshotLimit,
    nowUs: () => clock.nowUs(),
  });

  return {
    rest,
    stream: regions.service("stream"),
    wsApi: regions.service("wsApi"),
    weight: socketWeight(budget, waits, clock),
    orders,
    watch: meter.watch,
    health() {
      const health = meter.read(regions, orders === undefined ? ["rest", "stream"] : ["rest", "stream", "wsApi"]);
      return orders === undefined ? health : { ...health, budgets: [...health.budgets, ...orders.health()] };
    },
    async close() {
      await regions.close();
      await Promise.all([pools.close(), probePools.close()]);
    },
  };
}

/** Too many orders are no reason to hold up anything else: their own budget waits. */
function isOfWeight({ venueCode }: RateLimitError): boolean {
  return venueCode !== TOO_MANY_ORDERS;
}

/** The same budget, for the calls of a socket. */
function socketWeight(budget: WeightedBudget, waits: BudgetWaits, clock: Clock): WeightLimit {
  const queue = new TakeQueue({ source: budget, priorities: PRIORITIES, maxWaiting: MOST_WAITING, clock });
  return {
    tryTake: ({ weight, priority }) => queue.waiting === 0 && budget.tryTake(weight, priority),
    waitMs: ({ weight, priority }) => budget.waitMs(weight, priority),
    take: ({ path, method = path, weight, priority }, signal) =>
      waits.during(method, () => queue.takeAs(priority, weight, signal)),
    observe: (usedWeight) => budget.observe(usedWeight, budget.taken),
    pause: (retryAfterMs) => budget.blockUntil(clock.nowUs() + Math.ceil(retryAfterMs * 1000)),
  };
}
