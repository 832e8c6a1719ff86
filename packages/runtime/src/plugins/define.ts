import { InvalidInputError } from "@pitlane/perf";
import type { BookEvent, GapEvent, Instrument, OrderBook, QuoteEvent, ResyncEvent, TradeEvent } from "@pitlane/sdk";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { FillEvent, OrderEvent } from "../bus/events.ts";
import type { RiskVote } from "../engines/risk.ts";
import type { Intent, OrderView } from "../orders/order.ts";

/** Events a plugin may listen to. `order` and `fill` tell of its own orders alone. */
export interface HookEvents {
  readonly quote: QuoteEvent;
  readonly book: BookEvent;
  readonly trade: TradeEvent;
  readonly gap: GapEvent;
  readonly resync: ResyncEvent;
  readonly order: OrderEvent;
  readonly fill: FillEvent;
}

export type HookKind = keyof HookEvents;

/** Which events a hook wants; everything of its kind when left out. */
export interface HookFilter {
  /** One instrument, by object or by symbol `AAA/BBB`. */
  readonly instrument?: Instrument | string;
}

/** What a plugin can see and do. Its hooks are owned by it and end with it. */
export interface PluginContext<Config = unknown> {
  readonly name: string;
  /** Checked by the plugin's schema; `{}` when it has none and none was given. */
  readonly config: Config;
  /** Every instrument of the session. */
  readonly instruments: readonly Instrument[];
  /** The instrument of a symbol. @throws {InvalidInputError} Naming the symbols there are, when it is none of them. */
  instrument(symbol: string): Instrument;
  /**
   * Calls `handler` for every event of a kind. Hooks are synchronous: what they return is ignored. Only during `setup`.
   *
   * @example
   * ctx.on("trade", { instrument: "AAA/USDT" }, (trade) => { last = trade.priceTicks; });
   */
  on<Kind extends HookKind>(kind: Kind, handler: (event: HookEvents[Kind]) => void): void;
  on<Kind extends HookKind>(kind: Kind, filter: HookFilter, handler: (event: HookEvents[Kind]) => void): void;
  /** Adds a risk voter: every intent of every strategy is put to it. Only during `setup`. */
  vote(kind: "intent", voter: RiskVote): void;
  /**
   * Wants an order. It goes through risk, journal and wire as soon as the running hook returns; what became of it is in the
   * returned order and in `order` and `fill` hooks; a refusal is an order in state `denied`.
   * @throws {InvalidInputError} When the instrument is not one of the session's, or called from `setup`.
   */
  submit(intent: Intent): OrderView;
  /** Wants an order cancelled. Does nothing when it is no longer open or a cancel is under way. */
  cancel(order: OrderView): void;
  /** Own orders that may still trade, oldest first. */
  openOrders(instrument?: Instrument): readonly OrderView[];
  /** The live order book; undefined while it is not in sync. */
  book(instrument: Instrument): OrderBook | undefined;
  /** The last quote; undefined before the first, and after a gap until it is news again. */
  quote(instrument: Instrument): QuoteEvent | undefined;
  /** Bought less sold in this run over all strategies, in lots. */
  positionLots(instrument: Instrument): number;
  /** What the account holds of an asset, in its smallest unit (10^-8). */
  balance(asset: string): bigint;
  /** Wall time, microseconds since the epoch. */
  nowUs(): number;
  /** A line for people, named after the plugin. */
  log(message: string): void;
}

type Output<Schema> = Schema extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<Schema> : unknown;

export interface PluginDefinition<Schema extends StandardSchemaV1 | undefined = StandardSchemaV1 | undefined> {
  /** Kebab case, unique in a session. */
  readonly name: string;
  readonly version?: string;
  /** Any Standard Schema (valibot, zod, arktype, ...); the session's config for this plugin must pass it. */
  readonly config?: Schema;
  /** Registers hooks. Runs once, after instruments are known and before the first event. */
  readonly setup: (ctx: PluginContext<Output<Schema>>) => void | Promise<void>;
}

/** A plugin as the runtime holds it: checked, its config type forgotten. */
export interface Plugin {
  readonly kind: "pitlane-plugin";
  readonly name: string;
  readonly version: string;
  readonly config: StandardSchemaV1 | undefined;
  readonly setup: (ctx: PluginContext) => void | Promise<void>;
}

/**
 * Makes a plugin of a definition.
 *
 * @throws {InvalidInputError} When the name is not kebab case or `setup` is missing.
 * @example
 * export default definePlugin({
 *   name: "only-small",
 *   setup: (ctx) => ctx.vote("intent", (intent) => (intent.sizeLots <= 10 ? allow() : deny("TOO_LARGE", "10 lots at most"))),
 * });
 */
export function definePlugin<Schema extends StandardSchemaV1 | undefined = undefined>(
  definition: PluginDefinition<Schema>,
): Plugin {
  const { name, version = "0.0.0", config, setup } = definition;
  if (typeof name !== "string" || !/^[a-z][a-z0-9-]{0,63}$/.test(name)) {
    throw new InvalidInputError(
      `a plugin's name must be kebab case, such as "my-strategy"; got ${JSON.stringify(name)}`,
    );
  }
  if (typeof setup !== "function")
    throw new InvalidInputError(`plugin ${name} has no setup function: add setup(ctx) { ... }`);
  return { kind: "pitlane-plugin", name, version, config, setup: setup as Plugin["setup"] };
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

/** True for what `definePlugin` made, by whichever copy of this package. */
export function isPlugin(value: unknown): value is Plugin {
  return typeof value === "object" && value !== null && (value as { kind?: unknown }).kind === "pitlane-plugin";
}
