import { check, checkFunction, checkMethods, checkObject, checkSignal } from "../checks.ts";
import { type AuthenticateOptions, authenticate as authenticateLayer } from "../transport/authenticate.ts";
import { classify as classifyLayer } from "../transport/classify.ts";
import { type DeadlineOptions, deadline as deadlineLayer } from "../transport/deadline.ts";
import { type FailoverOptions, failover as failoverLayer } from "../transport/failover.ts";
import { type LimitOptions, limit as limitLayer } from "../transport/limit.ts";
import { type MeasureOptions, measure as measureLayer } from "../transport/measure.ts";
import { type RetryLayerOptions, retry as retryLayer } from "../transport/retry.ts";
import { compose as composeLayers, type Layer, type Send } from "../transport/transport.ts";
import { checkCallbacks, checkChoice, checkClock, checkEvents, checkRandom, checkWaiting } from "./shapes.ts";

// The layers of the transport as the kit hands them out: their options are looked at first. The venues that come with the package
// have checked what their users gave them, and take the layers as they are: their bundles hold nothing of this.

/**
 * `send` inside of layers, the first one outermost. The order that makes sense of most venues: deadline, measure, retry, failover,
 * limit, authenticate, classify, and `pools.send`.
 *
 * @throws {InvalidInputError} When one of them is no function.
 * @example
 * const send = compose(pools.send, deadline({ clock }), retry({ clock, random }), failover({ choice, clock }), classify(toError));
 */
export function compose(send: Send, ...layers: readonly Layer[]): Send {
  checkFunction("send", send);
  for (const [i, layer] of layers.entries()) checkFunction(`layers[${i}]`, layer);
  return composeLayers(send, ...layers);
}

/**
 * Says when a call must be over: the layers inside keep to it. With `closing`, calls that come once the client closes are refused,
 * unsent.
 *
 * @throws {InvalidInputError} Naming the option and its rule.
 * @example
 * const send = compose(pools.send, deadline({ timeoutMs: 30_000, closing, clock }), retry(options));
 */
export function deadline(options: DeadlineOptions): Layer {
  checkObject("options", options);
  checkSignal(options.closing, "closing");
  checkClock(options.clock, "monotonicNs");
  return deadlineLayer(options);
}

/**
 * Repeats what is safe to repeat: a read whose error is `retryable`, and a write only when no byte of it can have left. Delays have
 * full jitter, and a venue's Retry-After lengthens them.
 *
 * @throws {InvalidInputError} Naming the option and its rule.
 * @example
 * const send = compose(pools.send, deadline({ clock }), retry({ retries: 5, clock, random, events }), failover({ choice, clock }));
 */
export function retry(options: RetryLayerOptions): Layer {
  checkObject("options", options);
  checkWaiting(options);
  checkRandom(options.random);
  checkEvents(options.events);
  return retryLayer(options);
}

/**
 * Sends each attempt to the best endpoint, and moves on where that does no harm: a read that failed, and a write of which no byte can
 * have left. `classify` must be inside, so that a gateway's 503 is an error here.
 *
 * @throws {InvalidInputError} Naming the option and its rule.
 * @example
 * const send = compose(pools.send, retry(options), failover({ choice: regions.service("rest"), clock }), classify(toError));
 */
export function failover(options: FailoverOptions): Layer {
  checkObject("options", options);
  checkChoice("choice", options.choice);
  checkCallbacks(options, "onFailure");
  checkClock(options.clock, "monotonicNs", "sleep");
  return failoverLayer(options);
}

/**
 * Spends the venue's request budget before the wire, by the call's weight and priority, and waits where it is short. It learns from
 * the venue's own count, and gives weight back only when nothing was sent.
 *
 * @throws {InvalidInputError} Naming the option and its rule; from a call, when the budget can never admit its weight.
 * @example
 * const budget = new WeightedBudget({ limit: 6_000, windowMs: 60_000, clock });
 * const layer = limit({ budget, usedWeightHeader: "x-mbx-used-weight-1m", events, clock });
 */
export function limit(options: LimitOptions): Layer {
  checkObject("options", options);
  const { budget, usedWeightHeader: header, waits } = options;
  checkMethods("budget", budget, "tryTake", "waitMs");
  for (const name of ["observe", "refund", "blockUntil"] as const)
    if (budget[name] !== undefined) checkFunction(`budget.${name}`, budget[name]);
  checkCallbacks(options, "isOfBudget");
  check(header === undefined || typeof header === "string", "usedWeightHeader", "the name of a header", header);
  if (waits !== undefined) checkMethods("waits", waits, "during");
  checkEvents(options.events);
  checkWaiting(options);
  checkClock(options.clock, "nowUs");
  return limitLayer(options);
}

/**
 * Measures calls as their caller sees them: `http_call_seconds` by venue and call, and `http_calls_total` by outcome as well.
 *
 * @throws {InvalidInputError} Naming the option and its rule.
 * @example
 * const send = compose(pools.send, measure({ registry, venue: "binance", clock }), retry(options));
 */
export function measure(options: MeasureOptions): Layer {
  checkObject("options", options);
  const { registry, venue, clock } = options;
  if (registry !== undefined) checkMethods("registry", registry, "summary", "counter");
  check(typeof venue === "string", "venue", "text", venue);
  checkClock(clock, "monotonicNs");
  return measureLayer(options);
}

/**
 * Adds credentials to every attempt of a private call; public ones pass. Refused credentials are renewed once a call, where the
 * authenticator can.
 *
 * @throws {InvalidInputError} Naming the option and its rule.
 * @example
 * const send = compose(pools.send, authenticate({ authenticator, clock }), classify(toError));
 */
export function authenticate(options: AuthenticateOptions): Layer {
  checkObject("options", options);
  const { authenticator } = options;
  checkMethods("authenticator", authenticator, "prepare");
  if (authenticator.recover !== undefined) checkFunction("authenticator.recover", authenticator.recover);
  checkWaiting(options);
  return authenticateLayer(options);
}

/**
 * Turns replies that are no success, of any status but 2xx, into the venue's errors.
 *
 * @param toError Says what a reply means; undefined lets it through as it is. It must keep the call's credentials out of the error:
 * a venue may echo what it was sent.
 * @throws {InvalidInputError} When it is no function.
 * @example
 * classify((call, { status, body }) => (status === 404 ? new OrderNotFoundError(call.what, { status, venueText: body.toString() }) : undefined));
 */
export function classify(toError: Parameters<typeof classifyLayer>[0]): Layer {
  checkFunction("toError", toError);
  return classifyLayer(toError);
}
