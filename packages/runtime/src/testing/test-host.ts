import type { Channel, Instrument, Side } from "@pitlane/sdk";
import type { Verdict } from "../hooks/verdict.ts";
import type { Intent, Order } from "../orders/order.ts";
import type { Plugin } from "../plugins/define.ts";
import type { PluginHost } from "../plugins/host.ts";
import type { Permissions } from "../plugins/permissions.ts";
import type { HostSnapshot } from "../plugins/snapshot.ts";

export interface TestHostOptions {
  readonly plugin: Plugin;
  readonly instruments: readonly Instrument[];
  readonly config?: unknown;
  /** Of `ctx.random`; default 1. */
  readonly seed?: number;
  /** Plugins that it needs: what they provide is there, and they hear the same events, before it. */
  readonly with?: readonly { readonly plugin: Plugin; readonly config?: unknown }[];
  /** Narrows what the plugin may do, as a session's config can. */
  readonly permissions?: Permissions;
  /** State to start from: what `snapshot` of another test host gave. */
  readonly snapshot?: HostSnapshot;
  /**
   * Takes over another test host's time, market, orders and positions, as a session that is started again finds them; and its bars and
   * statistics, which a session would begin anew: what is looked at is the plugin's own state.
   */
  readonly after?: TestHost;
}

/** One level of a book: price in ticks, size in lots. */
export type TestLevel = readonly [ticks: number, lots: number];

/**
 * Runs one plugin on events that the test makes: no venue, no wall clock, no risk. What it wants is in `orders`; the test decides what becomes
 * of them. What a hook throws comes out of the call that made the event.
 *
 * @example
 * const host = await createTestHost({ plugin: myStrategy, instruments: [testInstrument()] });
 * host.quote({ bidTicks: 100, askTicks: 102 });
 * expect(host.orders[0]?.intent.side).toBe("buy");
 */
export interface TestHost {
  /** Every order the plugins wanted, oldest first; new ones are in state `accepted`, refused ones in `denied`. */
  readonly orders: readonly Order[];
  /** Lines the plugins logged. */
  readonly logged: readonly string[];
  /** The plugins as a session holds them: metrics, knobs, standing, boot tree. */
  readonly plugins: PluginHost;
  /** Time of the session, microseconds since the epoch. */
  readonly nowUs: number;
  /** Timers that are set. */
  readonly timers: number;
  quote(quote: { readonly bidTicks: number; readonly askTicks: number; readonly instrument?: Instrument }): void;
  trade(trade: {
    readonly priceTicks: number;
    readonly sizeLots?: number;
    readonly aggressor?: Side;
    readonly instrument?: Instrument;
  }): void;
  /** Puts a book in place of the last one and tells of it. Levels best first. */
  book(levels: {
    readonly bids: readonly TestLevel[];
    readonly asks: readonly TestLevel[];
    readonly instrument?: Instrument;
  }): void;
  /** The stream has a hole; quote and book are unknown until they are news again. */
  gap(gap?: { readonly channel?: Channel; readonly instrument?: Instrument }): void;
  /** The stream is whole again; `missing` events stay missed, none unless told. */
  resync(resync?: { readonly channel?: Channel; readonly instrument?: Instrument; readonly missing?: number }): void;
  /** Fills an order, in whole unless a size is given, at its price (or `priceTicks`); moves the position and tells the plugin. */
  fill(order: Order, priceTicks?: number, sizeLots?: number): void;
  /** The venue refuses an order, and the plugin is told. */
  reject(order: Order, reason?: string): void;
  /** The order ends by its own terms, and the plugin is told. */
  expire(order: Order): void;
  /** What the plugins' risk voters say of an intent, in order. */
  vote(intent: Intent): readonly Verdict[];
  /**
   * What the plugins' shape hooks make of an intent, in order; the same object when they change nothing.
   *
   * @param strategy Who wants it; the plugin under test unless told.
   * @throws What a hook throws, and {BadShapeError} for what does not fit: either would deny the order in a session.
   */
  shape(intent: Intent, strategy?: string): Intent;
  /** Moves time on; timers that are due fire on the way, and the next events are received that much later. */
  advance(by: { readonly ms: number }): void;
  /** Puts new code in the plugin's place, as a saved file does in development. */
  swap(plugin: Plugin): Promise<void>;
  /** State of the plugins. */
  snapshot(): HostSnapshot;
  close(): Promise<void>;
}
