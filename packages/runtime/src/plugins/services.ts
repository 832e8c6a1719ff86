import type { Instrument, OrderBook, QuoteEvent } from "@pitlane/sdk";
import type { BusEvent, EventDefinition } from "../bus/events.ts";
import type { Backlog } from "../engines/backlog.ts";
import type { FeedServices } from "../engines/market-feeds.ts";
import type { RiskVote, Verdict } from "../engines/risk.ts";
import type { RouterSettings } from "../engines/route-desk.ts";
import type { FreeUnits } from "../engines/router-funds.ts";
import type { RouteDecision, RouteRequest } from "../engines/router-types.ts";
import type { HookEntry, HookPlace } from "../hooks/kinds.ts";
import type { Intent, OrderView } from "../orders/order.ts";
import type { Signal, SignalSettings } from "../orders/signal.ts";
import type { LogLevel } from "./define.ts";
import type { PluginControl } from "./entry.ts";

/** What the runtime offers to plugins. Owners are indexes of the session's plugins, in the order they were given. */
export interface HostServices {
  readonly instruments: readonly Instrument[];
  submit(owner: number, intent: Intent): OrderView;
  /**
   * Makes an order of a refused intent: denied with this verdict, by `voter` (`permissions` unless told), without asking risk. Where there is
   * none, the plugin's `submit` throws instead.
   */
  refuse?(owner: number, intent: Intent, verdict: Verdict & { readonly allowed: false }, voter?: string): OrderView;
  /** Submits what closes a position by the session's own doing: neither limits nor a halt keep it from it. Default: as `submit`. */
  close?(owner: number, intent: Intent): OrderView;
  cancel(order: OrderView): void;
  /** How signals are shaped into orders; where there is none, plugins have no `submitSignal`. */
  readonly signals?: SignalSettings;
  /** Takes a signal as it is, where the session shapes it elsewhere: `signals` is not looked at then. */
  submitSignal?(owner: number, signal: Signal): OrderView;
  /** Makes an order smaller, or says why not; where there is none, plugins have no `amend`. */
  amend?(order: OrderView, sizeLots: number): Verdict;
  /** False where the venue cannot make orders smaller. Default true. */
  readonly canAmend?: boolean;
  /** What waits for the venue's word; nothing does where there is none. */
  backlog?(): Backlog;
  openOrders(owner: number, instrument: Instrument | undefined): readonly OrderView[];
  /** Decides where an order of a plugin goes, and journals that. @throws {InvalidInputError} */
  route?(owner: number, request: RouteRequest): RouteDecision;
  /** What a router elsewhere needs, such as that of a worker, and where its decisions are journaled. */
  readonly routing?: RoutingServices;
  /** Orders of one plugin whose tag begins with `prefix`, oldest first. */
  ordersTagged?(owner: number, prefix: string): readonly OrderView[];
  book(instrument: Instrument): OrderBook | undefined;
  quote(instrument: Instrument): QuoteEvent | undefined;
  /** True from a gap of the instrument's book until its resync. Where there is none, nobody stops on a gap. */
  isInGap?(instrument: Instrument): boolean;
  /** Bars, statistics and buffers made of the market. */
  readonly feeds?: FeedServices;
  positionLots(instrument: Instrument): number;
  /** Bought less sold by one plugin, in lots: what `flatten` closes. */
  ownLots?(owner: number, instrument: Instrument): number;
  /** Whole lots that the account's base asset makes: a close sells no more. Default: no bound. */
  sellableLots?(instrument: Instrument): number;
  /** The largest size that could be sold now. Default: what is bought less sold. */
  freeLots?(instrument: Instrument): number;
  balance(asset: string): bigint;
  /** Time of the present input. */
  nowUs(): number;
  log(plugin: string, message: string, level?: LogLevel): void;
  /** A plugin's timer is due then; a second call for the same id replaces the first. Its firing comes back by `PluginHost.fireTimer`. */
  setTimer?(owner: number, id: number, dueAtUs: number): void;
  clearTimer?(owner: number, id: number): void;
  /** True while a plugin is to be called. */
  setActive?(owner: number, isActive: boolean): void;
  /** True while a plugin hears its own orders alone. */
  setShed?(owner: number, isShed: boolean): void;
  /** A kind of event that a plugin adds. A second definition that is the same is none: the plugin was loaded anew. */
  defineEvent?(definition: EventDefinition): void;
  publish?(event: BusEvent): void;
  /** What one plugin registered is replaced by this: its code was loaded anew. */
  onReplaced?(owner: number, registrations: Registrations): void;
  /**
   * Something that no input of the session explains: a budget passed, a worker's message. The runtime makes an input of it, journals it
   * and calls `PluginHost.applyControl`; in a replay that comes from the journal. Where there is none, it is applied at once.
   *
   * @param triggerNs When the market event was received that a worker's wish answers, monotonic: for measuring alone.
   */
  control?(control: PluginControl, triggerNs?: number): void;
}

/** What a session's router knows beside the markets. */
export interface RoutingServices {
  readonly settings: RouterSettings;
  /** Time to a venue's answer; undefined when none is known. */
  latencyNs(venue: string): number | undefined;
  /** True while an order there has an outcome that nobody knows. */
  hasUnknown(venue: string): boolean;
  /** What an order at a venue may spend of an asset; undefined where the account sets no bound. */
  readonly freeUnits: FreeUnits;
  /** See `RouteOptions`. */
  readonly reserveFeeBps: number;
  /** Journals a decision: plain data, as `toRouteRecord` gives. */
  note(owner: number, decision: object): void;
}

/** A plugin's risk voter. */
export interface VoteEntry extends HookPlace {
  readonly plugin: string;
  readonly owner: number;
  readonly vote: RiskVote;
}

/** What the plugins registered, in the order they were started. */
export interface Registrations {
  readonly hooks: readonly HookEntry[];
  readonly votes: readonly VoteEntry[];
}
