import { integerInRange } from "@pitlane/perf";
import { check, checkFunction, checkMethods, checkObject } from "../checks.ts";
import { type ConnectionOptions, Connection as PlainConnection } from "../stream/connection.ts";
import { Subscriptions as PlainSubscriptions, type SubscriptionsOptions } from "../stream/subscriptions.ts";
import { Watchdog as PlainWatchdog, type WatchdogOptions } from "../stream/watchdog.ts";
import { checkCallbacks, checkChoice, checkClock, checkRandom } from "./shapes.ts";

// As in layers.ts: parts that the package's own venues use as they are, behind a look at what an outsider gives them.

/**
 * One WebSocket that stays: it reconnects until closed, to the endpoint that is best then, and leaves one that is given up at
 * once. Pings are answered and sent; a socket that is silent, or does not answer, is replaced. What was sent over it is not
 * repeated: `onOpen` says it again.
 *
 * @example
 * const connection = new Connection({ endpoints, target: () => "/ws/btcusdt@trade", onOpen: (link) => link.ready(), onFrame, onLost, onError, clock, random });
 * await connection.close();
 */
export class Connection extends PlainConnection {
  /** Starts connecting at once. @throws {InvalidInputError} Naming the option and its rule, before anything is connected. */
  constructor(options: ConnectionOptions) {
    checkConnection(options);
    super(options);
  }
}

/** Keeps what a connection is subscribed to equal to what is wanted: after every open, and as that changes. */
export class Subscriptions extends PlainSubscriptions {
  /** @throws {InvalidInputError} Naming the option and its rule. */
  constructor(options: SubscriptionsOptions) {
    checkSubscriptions(options);
    super(options);
  }
}

/**
 * Notices channels that fell silent while their socket lives. It owns no timer: call `check` about ten times a second.
 *
 * @example
 * const watchdog = new Watchdog<string>({ onStale: (name) => subscriptions.refresh([name]), clock });
 * const trades = { heardNs: 0 };
 * watchdog.watch("btcusdt@trade", 30_000, trades);
 * trades.heardNs = receivedNs; // for each message
 */
export class Watchdog<T> extends PlainWatchdog<T> {
  /** @throws {InvalidInputError} Naming the option and its rule. */
  constructor(options: WatchdogOptions<T>) {
    checkObject("options", options);
    checkFunction("onStale", options.onStale);
    checkClock(options.clock, "monotonicNs");
    super(options);
  }
}

function checkConnection(options: ConnectionOptions): void {
  checkObject("options", options);
  const { connectTimeoutMs, silenceMs, lifeMs, maxFrameBytes, closeTimeoutMs } = options;
  checkChoice("endpoints", options.endpoints);
  for (const name of ["onOpen", "onFrame", "onLost", "onError"] as const) checkFunction(name, options[name]);
  checkCallbacks(options, "target", "headers", "onRefused", "onLeft", "onTick", "keepalive", "watch");
  checkPing(options.ping);
  checkWhole("connectTimeoutMs", connectTimeoutMs, 1, 600_000);
  checkWhole("silenceMs", silenceMs, 10, 3_600_000);
  checkWhole("lifeMs", lifeMs, 1_000, 2 ** 31);
  checkWhole("maxFrameBytes", maxFrameBytes, 1, 2 ** 30);
  checkWhole("closeTimeoutMs", closeTimeoutMs, 1, 600_000);
  checkClock(options.clock, "nowUs", "monotonicNs", "sleep");
  checkRandom(options.random);
}

function checkPing(ping: ConnectionOptions["ping"]): void {
  if (ping === undefined || ping === false) return;
  check(typeof ping === "object" && ping !== null, "ping", "an object or false", ping);
  integerInRange("ping.everyMs", ping.everyMs, 10, 3_600_000);
  integerInRange("ping.withinMs", ping.withinMs, 10, 600_000);
  checkWhole("ping.quietMs", ping.quietMs, 10, 3_600_000);
}

function checkSubscriptions(options: SubscriptionsOptions): void {
  checkObject("options", options);
  const { dialect, names = [], onError, answerWithinMs, clock } = options;
  checkMethods("dialect", dialect, "subscribe", "unsubscribe");
  integerInRange("dialect.namesPerMessage", dialect.namesPerMessage, 1, 1_000_000);
  checkObject("dialect.pace", dialect.pace);
  integerInRange("dialect.pace.messages", dialect.pace.messages, 1, 1_000_000);
  integerInRange("dialect.pace.windowMs", dialect.pace.windowMs, 1, 3_600_000);
  if (dialect.readAnswer !== undefined) checkFunction("dialect.readAnswer", dialect.readAnswer);
  checkNames(names);
  checkFunction("onError", onError);
  checkWhole("answerWithinMs", answerWithinMs, 10, 600_000);
  checkClock(clock, "monotonicNs");
}

/** Not one text, whose letters would be taken for the names. */
function checkNames(names: Iterable<string>): void {
  const isMany = typeof names === "object" && typeof names?.[Symbol.iterator] === "function";
  check(isMany, "names", "a list or set of names", names);
  if (!Array.isArray(names) && !(names instanceof Set)) return; // what can be gone through once is left to who needs it
  for (const name of names) check(typeof name === "string", "one of names", "text", name);
}

function checkWhole(name: string, value: number | undefined, min: number, max: number): void {
  if (value !== undefined) integerInRange(name, value, min, max);
}
