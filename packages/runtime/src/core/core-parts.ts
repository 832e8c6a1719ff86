import type { Instrument } from "@pitlane/sdk";
import { Bus, type BusOptions } from "../bus/bus.ts";
import type { BusEvent } from "../bus/events.ts";
import { Execution } from "../engines/execution.ts";
import { MarketFeeds } from "../engines/market-feeds.ts";
import { PerformanceMonitor } from "../engines/performance-monitor.ts";
import { Portfolio } from "../engines/portfolio.ts";
import { accountingAsset, Valuation } from "../engines/portfolio-valuation.ts";
import { RiskDesk } from "../engines/risk-desk.ts";
import { DEFAULT_ROUTER, RouteDesk } from "../engines/route-desk.ts";
import type { FreeUnits } from "../engines/router-funds.ts";
import { ShapeDesk } from "../engines/shape-desk.ts";
import { VenueLatency } from "../engines/venue-latency.ts";
import { nameOf } from "../plugins/entry.ts";
import type { PluginHost } from "../plugins/host.ts";
import type { CoreOptions } from "./core-options.ts";
import { createFreeUnits } from "./free-units.ts";
import { MarketState } from "./market-state.ts";
import { OverflowGaps } from "./overflow-gaps.ts";
import { BAR_TIMER, CORE_OWNER } from "./own-timers.ts";
import { PluginHooks } from "./plugin-hooks.ts";
import { PluginTurn } from "./plugin-turn.ts";
import { TradingDesk } from "./trading-desk.ts";

/** What the parts, and the services made of them, ask of the core that they are of. */
export interface CoreLinks {
  /** Time of the present input, microseconds since the epoch. */
  readonly nowUs: () => number;
  /** Numbers of the instruments in the session. */
  readonly indexes: ReadonlyMap<Instrument, number>;
  /** Number of one of them. @throws {Error} When it is none of them. */
  readonly indexOf: (instrument: Instrument) => number;
  /** Bid + ask of the last quote, in ticks; undefined while there is none. */
  readonly twiceMidTicks: (instrument: Instrument) => number | undefined;
  readonly publish: (event: BusEvent, index: number) => void;
  readonly dispatch: BusOptions["dispatch"];
  /** @throws {Error} While the plugins are being set up. */
  readonly plugins: () => PluginHost;
  /** Others may be called from now on: see `Core.isDisturbed`. */
  readonly disturb: () => void;
}

/** What a core is made of. */
export interface CoreParts {
  readonly market: MarketState;
  readonly valuation: Valuation;
  readonly portfolio: Portfolio;
  readonly performance: PerformanceMonitor;
  readonly risk: RiskDesk;
  readonly bus: Bus;
  readonly overflow: OverflowGaps;
  readonly feeds: MarketFeeds;
  readonly shapes: ShapeDesk;
  readonly turn: PluginTurn;
  readonly execution: Execution;
  readonly hooks: PluginHooks;
  readonly trading: TradingDesk;
  readonly answers: VenueLatency;
  readonly freeUnits: FreeUnits;
  readonly router: RouteDesk;
}

/** Makes the parts of a core and tells each of those that it needs. Nothing is called before all are there. */
export function createCoreParts(options: CoreOptions, core: CoreLinks): CoreParts {
  const { clock, config, instruments, plugins, latencies, journal, wire, runKey, onFault, onHalt, book } = options;
  const { nowUs, indexOf } = core;
  const market = new MarketState(instruments, book);
  const valuation = new Valuation(instruments, core.twiceMidTicks);
  const portfolio = new Portfolio({
    venue: instruments[0]?.venue ?? "",
    convert: (units, from, to) => valuation.tryConvert(units, from, to),
    onFill: (fill, owner) => {
      options.onPricesNeeded?.();
      performance.onFill(nowUs(), owner, fill);
    },
  });
  const performance = new PerformanceMonitor({
    portfolio,
    valuation,
    asset: accountingAsset(instruments),
    owners: plugins.map(nameOf),
    ...options.performance,
    ...(options.onPricesNeeded !== undefined && { onPricesNeeded: options.onPricesNeeded }),
  });
  const risk = new RiskDesk({ config: config.risk, instruments, indexOf, portfolio, market, nowUs });
  const bus = new Bus({
    dispatch: core.dispatch,
    defer: options.defer,
    onOverflow: (lane, depth) => onFault("bus", `lane ${lane} is over its bound with ${depth} events`),
    onDrop: (event, index) => overflow.onDrop(event, index, nowUs()),
    clock,
    capacity: config.bus.capacity,
    batch: config.bus.batch,
  });
  const overflow = new OverflowGaps(instruments, (event, index) => bus.publish(event, index, clock.monotonicNs()));
  const feeds = new MarketFeeds({
    instruments,
    book,
    publish: core.publish,
    setTimer: (dueAtUs) => options.timers.set(CORE_OWNER, BAR_TIMER, dueAtUs),
  });
  const shapes = new ShapeDesk({
    indexOf,
    isExempt: (intent) => risk.isClosing(intent),
    permits: (owner, intent) => core.plugins().permits(owner, intent),
  });
  const execution = new Execution({
    runKey,
    strategies: plugins.map(nameOf),
    nowUs,
    clock,
    risk: risk.engine,
    shapes,
    exposure: risk.exposure,
    journal,
    wire,
    portfolio,
    latencies,
    publish: (event) => core.publish(event, indexOf(event.instrument)),
    onFault: (message) => onFault("orders", message),
    onHalt,
    ...(config.execution === undefined ? {} : { maxBacklog: config.execution.queue }),
  });
  const hooks = new PluginHooks({
    session: options,
    bus,
    execution,
    shapes,
    risk: risk.engine,
    plugins: core.plugins,
    disturb: core.disturb,
  });
  const answers = new VenueLatency();
  const freeUnits = createFreeUnits(risk, execution);
  const router = new RouteDesk({
    instruments,
    settings: config.router ?? DEFAULT_ROUTER,
    quote: (instrument) => market.quote(indexOf(instrument)),
    book: (instrument) => market.book(instrument),
    latencyNs: (venue) => answers.ns(venue),
    hasUnknown: (venue) => execution.hasUnknown(venue),
    freeUnits,
    reserveFeeBps: config.risk.feeBps,
    nowUs,
  });
  return {
    market,
    valuation,
    portfolio,
    performance,
    risk,
    bus,
    overflow,
    feeds,
    shapes,
    turn: new PluginTurn(shapes),
    execution,
    hooks,
    trading: new TradingDesk({ session: options, risk, execution, portfolio, nowUs }),
    answers,
    freeUnits,
    router,
  };
}
