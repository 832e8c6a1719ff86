import { type Clock, InvalidInputError, type Random } from "@pitlane/perf";
import type { MetricsRegistry } from "@pitlane/perf/metrics";
import type { Instrument, OrderBook, QuoteEvent } from "@pitlane/sdk";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { EventCatalogue, EventDefinition, EventKind } from "../bus/events.ts";
import type { Backlog } from "../engines/backlog.ts";
import type { BarEvery } from "../engines/bar-every.ts";
import type { BuiltBarEvent } from "../engines/bars.ts";
import type { MarketStats } from "../engines/microstructure.ts";
import type { RecentData, RecentKind } from "../engines/recent.ts";
import type { RiskVote, Verdict } from "../engines/risk.ts";
import type { RouteDecision, RouteRequest } from "../engines/router-types.ts";
import type { ErrorPolicy, HookPlace } from "../hooks/kinds.ts";
import type { Intent, OrderView } from "../orders/order.ts";
import type { IntentChange } from "../orders/shape.ts";
import type { Signal } from "../orders/signal.ts";
import {
  type Capabilities,
  checkRange,
  checkVersion,
  type Need,
  type Needs,
  type Provision,
  type Provisions,
  toNeeds,
  toProvisions,
} from "./needs.ts";
import type { PerfParts } from "./parts.ts";
import type { Permissions } from "./permissions.ts";
import type { Budgets, FaultPolicy } from "./quarantine.ts";
import type { KeyValueState } from "./state.ts";
import type { PluginTimer } from "./timers.ts";

/** Events a plugin may listen to: all of the catalogue but the venue's raw reports. `order` and `fill` tell of its own orders alone. */
export type HookEvents = Omit<EventCatalogue, "report">;

export type HookKind = keyof HookEvents;

/** Which events a hook wants, everything of its kind when left out; and its place among the handlers of others. */
export interface HookFilter extends HookPlace {
  /** One instrument or several, by object, by symbol `AAA/BBB` or by id `venue:AAA/BBB`. */
  readonly instrument?: Instrument | string | readonly (Instrument | string)[];
  /** What an error of the handler costs; default `isolate`: nothing but that call. */
  readonly onError?: ErrorPolicy;
  /** The plugin makes do without such events: a backtest whose data have none of them does not say so. Default false. */
  readonly optional?: boolean;
}

/** Which bars, made of trades, a hook wants. */
export interface BarFilter extends HookFilter {
  /** What ends a bar: `"1m"`, `{ ticks: 100 }`, `{ volumeLots: 5000 }` or `{ notional: 10_000_000_000n }`. */
  readonly every: BarEvery;
}

/**
 * What a gap of an instrument's book does to a plugin's orders there. `cancel`: those open are cancelled, and new ones are denied with
 * `MARKET_GAP`, until the book is whole again. `ignore`: nothing; it hears of the gap.
 */
export type GapPolicy = "cancel" | "ignore";

/** Whatever a hot hook returns is ignored, but a promise is a mistake: what waits would act at a moment that no journal knows. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook that returns nothing
export type NoPromise = void | undefined | Plain | (object & { readonly then?: never });
type Plain = null | boolean | number | string | bigint;

/**
 * What is to change of an intent; nothing to leave it as it is. Synchronous. Must be quick and must not act.
 *
 * @param strategy Name of the plugin that wants it.
 */
export type IntentShaper = (intent: Intent, strategy: string) => ShapeAnswer;

// biome-ignore lint/suspicious/noConfusingVoidType: a shaper that changes nothing returns nothing
type ShapeAnswer = void | undefined | (IntentChange & { readonly then?: never });

/** What `ctx.route` has decided and done. */
export interface Routed {
  readonly decision: RouteDecision;
  /** One for each piece, in their order. */
  readonly orders: readonly OrderView[];
}

/** Lines for people, named after the plugin. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export type LogLevel = keyof Logger;

/** What a plugin can see and do. Everything it makes is owned by it and ends with it. */
export interface PluginContext<Config = unknown> {
  /** Name of this instance: the plugin's, or the one that the config gives it. */
  readonly name: string;
  /** Checked by the plugin's schema; `{}` when it has none and none was given. */
  readonly config: Config;
  /** Every instrument of the session. */
  readonly instruments: readonly Instrument[];
  /**
   * The instrument of a symbol `AAA/BBB`, or of an id `venue:AAA/BBB`.
   * @throws {InvalidInputError} Naming those there are, when it is none of them, or is traded on several venues of the session.
   */
  instrument(symbol: string): Instrument;
  /**
   * Calls `handler` for every event of a kind. Hooks are synchronous: one that returns a promise does not compile, and counts as a fault
   * where types were not looked at. Only during `setup`.
   *
   * @example
   * ctx.on("trade", { instrument: "AAA/USDT" }, (trade) => { last = trade.priceTicks; });
   *
   * With `every`, bars are made of the trades from here on, and the hook hears each when it is closed. Without, it hears the venue's own
   * bars, where the session's streams have some.
   *
   * @example
   * ctx.on("bar", { instrument: "AAA/USDT", every: "1m" }, (bar) => { if (!bar.hasGap) closes.push(bar.closeTicks); });
   */
  on(kind: "bar", filter: BarFilter, handler: (bar: BuiltBarEvent) => NoPromise): void;
  on<Kind extends HookKind>(kind: Kind, handler: (event: HookEvents[Kind]) => NoPromise): void;
  on<Kind extends HookKind>(kind: Kind, filter: HookFilter, handler: (event: HookEvents[Kind]) => NoPromise): void;
  /**
   * Changes intents on their way to risk: every order that any strategy wants passes, children of algos and of `ctx.route` among them. Return
   * what changes of price, size, type and time in force, or nothing; what it leaves out stays. A size can only become smaller. Shapers run one after the other, each on what the
   * one before has made; risk votes on what they come to, the strategy's permissions are asked of it once more, and the journal keeps each
   * change. It acts on the intent alone: it places no orders.
   *
   * What goes wrong denies the order: a hook that throws or returns a promise (`SHAPER_FAILED`), a change that does not fit (`BAD_SHAPE`), a plugin
   * that was quarantined (`SHAPER_QUARANTINED`). An amendment passes too, as the intent with its new size: of what comes back the size alone
   * counts. Orders by which the session itself closes a position do not. Only during `setup`, and not in a worker.
   *
   * @param filter Which instruments, its place among other shapers, and what an error costs beside the order.
   * @example
   * ctx.shape("intent", ({ sizeLots }) => ({ sizeLots: Math.min(sizeLots, 500) }), { instrument: "AAA/USDT" });
   */
  shape(kind: "intent", shaper: IntentShaper, filter?: HookFilter): void;
  /** Adds a risk voter: every intent of every strategy is put to it, and every amendment, as the intent with its new size. Only during `setup`, and not in a worker. */
  vote(kind: "intent", voter: RiskVote, place?: HookPlace): void;
  /** Adds a kind of event to the catalogue, so that it can be published and listened to. Only during `setup`. */
  define(definition: EventDefinition): void;
  /** Publishes an event of a kind that it, or another plugin, has defined. It is dispatched in its lane's turn. */
  publish<Kind extends EventKind>(event: EventCatalogue[Kind]): void;
  /**
   * Wants an order. It goes through permissions, risk, journal and wire as soon as the running hook returns; what became of it is in the
   * returned order and in `order` and `fill` hooks; a refusal is an order in state `denied`.
   * @throws {InvalidInputError} When the instrument is not one of the session's, or called from `setup`.
   */
  submit(intent: Intent): OrderView;
  /**
   * Acts on a signal at once or not at all: a limit order, immediate-or-cancel unless told, rounded away from harm, at the quote and
   * `maxSlippageBps` beyond; dropped or cancelled after `maxLatencyMs`. One below `execution.minConfidence` is an order in state `denied`, code
   * `LOW_CONFIDENCE`. It is counted, voted on, journaled and sent as what `submit` takes.
   *
   * @throws {InvalidInputError} As `submit`.
   * @example
   * ctx.on("trade", { instrument }, ({ aggressor }) => {
   *   ctx.submitSignal({ instrument, side: aggressor, sizeLots: 1000, confidence: 0.8 });
   * });
   */
  submitSignal(signal: Signal): OrderView;
  /**
   * Wants an order cancelled. Does nothing when it is no longer open or a cancel is under way.
   *
   * @throws {InvalidInputError} When it is no order.
   */
  cancel(order: OrderView): void;
  /**
   * Wants an order smaller: `sizeLots` is its new size as a whole, fills included, and it keeps its place in the venue's queue. The order is
   * `pendingAmend` until the venue has answered; an `order` event then tells of the new size, or has the refusal in `reason`: of the venue, or
   * of a plugin that shapes or votes, to which the amendment is put when the hook has returned. The size may come out smaller than was asked for.
   *
   * @returns A denial when it cannot be asked for: `NOT_OPEN`, `NOT_ACKNOWLEDGED` (the venue has not confirmed the order yet),
   * `CANCEL_PENDING`, `AMEND_PENDING`, `BAD_SIZE`, `AMEND_NOT_SUPPORTED`.
   * @throws {InvalidInputError} When called outside of hooks and timers, or with what is no order or no change.
   */
  amend(order: OrderView, change: { readonly sizeLots: number }): Verdict;
  /**
   * The session's orders of which the venue has said nothing yet, kept up to date. While `isHigh`, want less: at `limit`, intents are denied
   * with `QUEUE_FULL`.
   */
  backlog(): Backlog;
  /** Own orders that may still trade, oldest first. */
  openOrders(instrument?: Instrument): readonly OrderView[];
  /**
   * Sends an order that takes to the venue of the session that suits it best, or over several when that costs less: each piece is an
   * immediate-or-cancel order at the worst price that its book asks for it, and is voted on as every order. The decision says how it was come to,
   * and is journaled (`route`) before the orders; no suitable venue is a decision too, and nothing is submitted then. See `routeOrder`.
   *
   * @throws {InvalidInputError} When the request cannot be, and as `submit`.
   * @example
   * const { decision, orders } = ctx.route({ symbol: "AAA/USDT", side: "buy", sizeUnits: 5_00000000n, limitPrice: "61.25" });
   * if (decision.outcome === "none") ctx.log(decision.reason);
   */
  route(request: RouteRequest): Routed;
  /**
   * Own orders whose `tag` begins with `prefix`, oldest first: those open, and those that ended in this process or since the snapshot that it
   * began from, 10,000 at most. After a restart it says what became of orders that a snapshot knows nothing of; from `reconcile` on it is
   * whole.
   */
  ordersTagged(prefix: string): readonly OrderView[];
  /** The live order book; undefined while it is not in sync. */
  book(instrument: Instrument): OrderBook | undefined;
  /** The last quote; undefined before the first, and after a gap until it is news again. */
  quote(instrument: Instrument): QuoteEvent | undefined;
  /**
   * Live statistics of a market: VWAP, imbalances, volatility, impact. They are kept from the call in `setup` on; later calls give the same.
   * @throws {InvalidInputError} When it was not called in `setup`.
   */
  stats(instrument: Instrument): MarketStats;
  /**
   * The latest trades or quotes of a market, kept from here on: 10,000 rows unless told, 1 to 2^24; trades take 48 bytes a row and quotes as
   * many. Only during `setup`.
   */
  recent<Kind extends RecentKind>(instrument: Instrument, kind: Kind, capacity?: number): RecentData[Kind];
  /** Bought less sold in this run over all strategies, in lots. */
  positionLots(instrument: Instrument): number;
  /**
   * The largest size that could be sold now, in lots: the base asset that the account holds at the instrument's venue, in its steps, less
   * what open orders sell. A fee that was paid in the base asset is gone from it, and so it may be less than the position.
   */
  sellableLots(instrument: Instrument): number;
  /** What the account holds of an asset, in its smallest unit (10^-8). */
  balance(asset: string): bigint;
  /** Time of the present input, microseconds since the epoch: the same in a replay. */
  nowUs(): number;
  /** The same time as a clock, for parts that take one. It moves from input to input and not within one. */
  readonly clock: Pick<Clock, "nowUs" | "monotonicNs">;
  /** Fixed by the run's seed and this plugin's name. */
  readonly random: Random;
  /** Values by key that survive a restart and a reload. */
  readonly state: KeyValueState;
  /**
   * Calls `run` every `ms` milliseconds of the session's time, 1 or more; those missed are left out. It does not survive a restart: set it in
   * `setup`, and it goes on where it was.
   * @throws {PermissionError} Without permission for timers.
   */
  every(ms: number, run: () => NoPromise): PluginTimer;
  /** Calls `run` once, `ms` milliseconds from now. Throws as `every`. */
  after(ms: number, run: () => NoPromise): PluginTimer;
  /** Metrics of this plugin; exposed as `plugin_NAME_METRIC`. */
  readonly metrics: MetricsRegistry;
  /** Pools, limiters, caches and knobs that end with the plugin. */
  readonly perf: PerfParts;
  /** Offers a capability, one of those named in `provides`. Only during `setup`. */
  provide<Name extends keyof Capabilities>(name: Name, handle: Capabilities[Name]): void;
  /** A capability named in `requires`. @throws {InvalidInputError} When it is not named there. */
  use<Name extends keyof Capabilities>(name: Name): Capabilities[Name];
  /** A capability named in `optional`; undefined when nothing provides it. Throws as `use`. */
  useOptional<Name extends keyof Capabilities>(name: Name): Capabilities[Name] | undefined;
  /** Runs `close` when the plugin ends, last registered first. */
  onClose(close: () => void | Promise<void>): void;
  /** Aborts when the plugin ends. */
  readonly signal: AbortSignal;
  /** A line for people, named after the plugin. */
  log(message: string): void;
  /** As `log`, with a level. */
  readonly logger: Logger;
}

/** What `setup` may return: state of more form than `ctx.state`, and an end. */
export interface PluginInstance<State = unknown> {
  /** What must survive a restart or a reload: what JSON can carry, passing the plugin's `state` schema. Synchronous. */
  readonly snapshot?: () => State;
  /**
   * Takes over what `snapshot` of an earlier process or of older code gave. Synchronous, before the first event.
   *
   * @param old It has passed the `state` schema when `fromVersion` is this plugin's version; otherwise nothing is known of it.
   */
  readonly hydrate?: (old: State, fromVersion: string) => void;
  /** Runs when orders and accounts were compared with the venue's, before `ready`. A failure ends the start. */
  readonly reconcile?: (signal: AbortSignal) => void | Promise<void>;
  /** Runs before the market opens. A failure ends the start. What it reads from outside is not in the journal. */
  readonly ready?: (signal: AbortSignal) => void | Promise<void>;
  /** Runs when the plugin ends, before what `ctx.onClose` registered. */
  readonly close?: () => void | Promise<void>;
}

type Output<Schema> = Schema extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<Schema> : unknown;
type Input<Schema> = Schema extends StandardSchemaV1 ? StandardSchemaV1.InferInput<Schema> : unknown;

// biome-ignore lint/suspicious/noConfusingVoidType: a setup that returns nothing
type SetupResult<State> = void | PluginInstance<State>;

export interface PluginDefinition<
  Schema extends StandardSchemaV1 | undefined = StandardSchemaV1 | undefined,
  State extends StandardSchemaV1 | undefined = StandardSchemaV1 | undefined,
> {
  /** Kebab case, unique in a session. */
  readonly name: string;
  /** Semver; default `0.0.0`. Snapshots keep it. */
  readonly version?: string;
  /** Versions of pitlane that it is written for, a semver range; any when left out. */
  readonly pitlane?: string;
  /** Capabilities it cannot do without: it is started after what provides them. */
  readonly requires?: Needs;
  /** Capabilities it uses when something provides them. */
  readonly optional?: Needs;
  /** Capabilities it offers by `ctx.provide`. */
  readonly provides?: Provisions;
  /** Any Standard Schema (valibot, zod, arktype, ...); the session's config for this plugin must pass it. */
  readonly config?: Schema;
  /** Form of what `snapshot` gives; a synchronous Standard Schema. */
  readonly state?: State;
  /** What it may do; everything but the network when left out. The config can narrow it. */
  readonly permissions?: Permissions;
  /** What it may use up; the config's, or the defaults, for what is left out. */
  readonly budgets?: Partial<Budgets>;
  /** What happens to its orders when it is taken out of the session; default `cancel`. */
  readonly onFault?: FaultPolicy;
  /** What a gap of a book does to its orders there; default `ignore`. */
  readonly onGap?: GapPolicy;
  /** True runs it in a worker thread of its own. */
  readonly worker?: boolean;
  /** Registers hooks. Runs once, after instruments are known and before the first event. */
  readonly setup: (
    ctx: PluginContext<Output<Schema>>,
  ) => SetupResult<Input<State>> | Promise<SetupResult<Input<State>>>;
}

/** A plugin as the runtime holds it: checked, its config type forgotten. */
export interface Plugin {
  readonly kind: "pitlane-plugin";
  readonly name: string;
  readonly version: string;
  readonly pitlane: string | undefined;
  readonly requires: readonly Need[];
  readonly optional: readonly Need[];
  readonly provides: readonly Provision[];
  readonly config: StandardSchemaV1 | undefined;
  readonly state: StandardSchemaV1 | undefined;
  readonly permissions: Permissions | undefined;
  readonly budgets: Partial<Budgets>;
  readonly onFault: FaultPolicy;
  readonly onGap: GapPolicy;
  readonly worker: boolean;
  readonly setup: (ctx: PluginContext) => SetupResult<unknown> | Promise<SetupResult<unknown>>;
}

const GAP_POLICIES: readonly string[] = ["cancel", "ignore"] satisfies readonly GapPolicy[];
const FAULT_POLICIES: readonly string[] = ["hold", "cancel", "flatten"] satisfies readonly FaultPolicy[];

/**
 * Makes a plugin of a definition.
 *
 * @throws {InvalidInputError} When the name is not kebab case, `setup` is missing, or a version or range is not semver.
 * @example
 * export default definePlugin({
 *   name: "only-small",
 *   setup: (ctx) => ctx.vote("intent", (intent) => (intent.sizeLots <= 10 ? allow() : deny("TOO_LARGE", "10 lots at most"))),
 * });
 */
export function definePlugin<
  Schema extends StandardSchemaV1 | undefined = undefined,
  State extends StandardSchemaV1 | undefined = undefined,
>(definition: PluginDefinition<Schema, State>): Plugin {
  const { name, version = "0.0.0", pitlane, setup, onFault = "cancel", onGap = "ignore" } = definition;
  if (!isPluginName(name)) {
    throw new InvalidInputError(
      `a plugin's name must be kebab case, such as "my-strategy"; got ${JSON.stringify(name)}`,
    );
  }
  if (typeof setup !== "function")
    throw new InvalidInputError(`plugin ${name} has no setup function: add setup(ctx) { ... }`);
  if (!FAULT_POLICIES.includes(onFault))
    throw new InvalidInputError(`plugin ${name}: onFault must be one of ${FAULT_POLICIES.join(", ")}, got ${onFault}`);
  if (!GAP_POLICIES.includes(onGap))
    throw new InvalidInputError(`plugin ${name}: onGap must be one of ${GAP_POLICIES.join(", ")}, got ${onGap}`);
  checkVersion(name, "its version", version);
  if (pitlane !== undefined) checkRange(name, "its range of pitlane versions", pitlane);
  return {
    kind: "pitlane-plugin",
    name,
    version,
    pitlane,
    requires: toNeeds(name, definition.requires),
    optional: toNeeds(name, definition.optional),
    provides: toProvisions(name, version, definition.provides),
    config: definition.config,
    state: definition.state,
    permissions: definition.permissions,
    budgets: definition.budgets ?? {},
    onFault,
    onGap,
    worker: definition.worker ?? false,
    setup: setup as Plugin["setup"],
  };
}

/**
 * Makes a strategy: a plugin that trades.
 *
 * @example
 * export default defineStrategy({
 *   name: "buy-once",
 *   setup(ctx) {
 *     const instrument = ctx.instrument("AAA/USDT");
 *     ctx.on("quote", { instrument }, (quote) => {
 *       if (ctx.positionLots(instrument) > 0 || ctx.openOrders(instrument).length > 0) return;
 *       ctx.submit({ instrument, side: "buy", type: "limit", timeInForce: "IOC", priceTicks: quote.askTicks, sizeLots: 100 });
 *     });
 *   },
 * });
 */
export const defineStrategy = definePlugin;

/** True for a name a plugin may have: kebab case, at most 64 characters. */
export function isPluginName(name: unknown): name is string {
  return typeof name === "string" && /^[a-z][a-z0-9-]{0,63}$/.test(name);
}

/** True for what `definePlugin` made, by whichever copy of this package. */
export function isPlugin(value: unknown): value is Plugin {
  return typeof value === "object" && value !== null && (value as { kind?: unknown }).kind === "pitlane-plugin";
}
