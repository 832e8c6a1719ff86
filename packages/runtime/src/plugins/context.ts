import { type Instrument, InvalidInputError } from "@pitlane/sdk";
import type { Backlog } from "../engines/backlog.ts";
import type { BuiltBarEvent } from "../engines/bars.ts";
import type { FeedServices } from "../engines/market-feeds.ts";
import type { MarketStats } from "../engines/microstructure.ts";
import { SHAPE } from "../engines/shape-desk.ts";
import type { HookEntry } from "../hooks/kinds.ts";
import { checkChange, checkOrder } from "../orders/check-order.ts";
import type { Intent, OrderView } from "../orders/order.ts";
import type { Signal } from "../orders/signal.ts";
import type { HookEvents, HookFilter, HookKind, Logger, LogLevel, Plugin, PluginContext } from "./define.ts";
import { PermissionError, PluginClosedError } from "./errors.ts";
import type { Capabilities } from "./needs.ts";
import type { Scope } from "./scope.ts";
import type { HostServices } from "./services.ts";
import type { PluginTimer } from "./timers.ts";

/** What a context needs beside its scope. */
export interface ContextParts {
  readonly plugin: Plugin;
  readonly scope: Scope;
  readonly config: unknown;
  readonly services: HostServices;
  /** Through permissions and the order budget to the services. */
  readonly submit: (intent: Intent) => OrderView;
  readonly submitSignal: (signal: Signal) => OrderView;
  readonly mayUseTimers: boolean;
  /** The handle of a capability that is running; undefined when nothing provides it. */
  readonly capability: (name: string) => unknown;
}

const NO_BACKLOG: Backlog = { orders: 0, limit: Number.POSITIVE_INFINITY, isHigh: false };

/** What `setup` is given: the plugin's scope and the services of the host, behind one object. */
export function createContext(parts: ContextParts): PluginContext {
  const { plugin, scope, config, services } = parts;
  const { name } = scope;
  const mustLive = () => {
    if (scope.isClosed) throw new PluginClosedError(name);
  };
  const mustRegister = (what: string) => {
    mustLive();
    if (!scope.isRegistering)
      throw new InvalidInputError(`${name} called ${what} after setup: register everything in setup`);
  };
  const bySymbol = (symbol: string): Instrument => {
    const [found, ...others] = services.instruments.filter((one) => one.symbol === symbol || one.id === symbol);
    if (others.length > 0) {
      const ids = services.instruments.filter((one) => one.symbol === symbol).map((one) => one.id);
      throw new InvalidInputError(
        `${symbol} is traded on several venues of this session: name one of ${ids.join(", ")}`,
      );
    }
    if (found !== undefined) return found;
    throw new InvalidInputError(
      `no instrument ${symbol} in this session; there are ${services.instruments.map((one) => one.symbol).join(", ")}`,
    );
  };
  const one = (instrument: Instrument | string) => (typeof instrument === "string" ? bySymbol(instrument) : instrument);
  const wanted = (instrument: HookFilter["instrument"]): HookEntry["instrument"] => {
    if (instrument === undefined) return undefined;
    return typeof instrument === "object" && "length" in instrument ? instrument.map(one) : one(instrument);
  };
  const feeds = (): FeedServices => {
    if (services.feeds !== undefined) return services.feeds;
    throw new InvalidInputError(`${name}: this host makes nothing of the market: no bars, statistics or buffers`);
  };
  const stats = new Map<Instrument, MarketStats>();
  const on = <Kind extends HookKind>(
    kind: Kind,
    second: HookFilter | ((event: HookEvents[Kind]) => unknown),
    third?: (event: HookEvents[Kind]) => unknown,
  ) => {
    mustRegister(`ctx.on("${kind}")`);
    if ((kind as string) === SHAPE)
      throw new InvalidInputError(`${name}: "${SHAPE}" is no kind of event: use ctx.shape("intent", ...)`);
    const filter = typeof second === "function" ? {} : second;
    const handler = typeof second === "function" ? second : third;
    if (typeof handler !== "function")
      throw new InvalidInputError(`${name}: ctx.on("${kind}") needs a handler function`);
    const { instrument, ...rest } = filter;
    const hook = {
      ...rest,
      kind,
      instrument: wanted(instrument),
      owner: scope.owner,
      handler: handler as HookEntry["handler"],
    };
    scope.hooks.push(kind === "bar" ? barHook(hook, services.instruments, feeds) : hook);
  };
  const timer = (ms: number, isRepeated: boolean, run: () => unknown): PluginTimer => {
    mustLive();
    if (!parts.mayUseTimers)
      throw new PermissionError(`${name} has no permission for timers: allow them in its permissions`);
    return scope.timers.set(ms, isRepeated, run);
  };
  const capability = (name: keyof Capabilities, needs: Plugin["requires"], where: string): never => {
    if (!needs.some((need) => need.capability === name))
      throw new InvalidInputError(`${scope.name} uses ${String(name)}: name it in its \`${where}\``);
    return parts.capability(name) as never;
  };
  const line = (level: LogLevel) => (message: string) => services.log(name, message, level);
  const logger: Logger = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  return {
    name,
    config,
    instruments: services.instruments,
    instrument: bySymbol,
    on,
    shape: (_kind, shaper, { instrument, ...rest } = {}) => {
      mustRegister("ctx.shape");
      if (typeof shaper !== "function") throw new InvalidInputError(`${name}: ctx.shape needs a function`);
      scope.hooks.push({
        ...rest,
        kind: SHAPE,
        instrument: wanted(instrument),
        owner: scope.owner,
        handler: shaper as unknown as HookEntry["handler"], // it is always told who wants it
      });
    },
    vote: (_kind, vote, place = {}) => {
      mustRegister("ctx.vote");
      scope.votes.push({ ...place, plugin: name, owner: scope.owner, vote });
    },
    define: (definition) => {
      mustRegister("ctx.define");
      if (services.defineEvent === undefined)
        throw new InvalidInputError(`${name}: this host takes no further kinds of events`);
      services.defineEvent(definition);
    },
    publish: (event) => {
      mustLive();
      if (services.publish === undefined) throw new InvalidInputError(`${name}: this host has no bus to publish on`);
      services.publish(event);
    },
    submit: (intent) => {
      mustLive();
      return parts.submit(intent);
    },
    submitSignal: (signal) => {
      mustLive();
      return parts.submitSignal(signal);
    },
    cancel: (order) => {
      mustLive();
      checkOrder(name, "ctx.cancel", order);
      services.cancel(order);
    },
    amend: (order, change) => {
      mustLive();
      checkOrder(name, "ctx.amend", order);
      checkChange(name, change);
      if (services.amend === undefined)
        throw new InvalidInputError(`${name}: ctx.amend is not known here: run it in the session's thread`);
      return services.amend(order, change.sizeLots);
    },
    backlog: () => services.backlog?.() ?? NO_BACKLOG,
    openOrders: (instrument) => services.openOrders(scope.owner, instrument),
    route: (request) => {
      mustLive();
      if (services.route === undefined)
        throw new InvalidInputError(`${name}: ctx.route is not known here: run it in the session's thread`);
      const decision = services.route(scope.owner, request);
      if (decision.outcome === "none") return { decision, orders: [] };
      const { side } = request;
      const orders = decision.pieces.map(({ instrument, sizeLots, limitTicks }) =>
        parts.submit({ instrument, side, type: "limit", timeInForce: "IOC", priceTicks: limitTicks, sizeLots }),
      );
      return { decision, orders };
    },
    ordersTagged: (prefix) => {
      if (services.ordersTagged === undefined)
        throw new InvalidInputError(`${name}: ordersTagged is not known here: run it in the session's thread`);
      return services.ordersTagged(scope.owner, prefix);
    },
    book: (instrument) => services.book(instrument),
    quote: (instrument) => services.quote(instrument),
    stats: (instrument) => {
      const known = stats.get(instrument);
      if (known !== undefined) return known;
      mustRegister("ctx.stats");
      const own = feeds().stats(instrument);
      stats.set(instrument, own);
      return own;
    },
    recent: (instrument, kind, capacity) => {
      mustRegister("ctx.recent");
      return feeds().recent(instrument, kind, capacity);
    },
    positionLots: (instrument) => services.positionLots(instrument),
    sellableLots: (instrument) =>
      services.freeLots?.(instrument) ?? Math.max(0, Math.min(services.positionLots(instrument), instrument.maxLots)),
    balance: (asset) => services.balance(asset),
    nowUs: scope.clock.nowUs,
    clock: scope.clock,
    random: scope.random,
    state: scope.keys,
    every: (ms, run) => timer(ms, true, run),
    after: (ms, run) => timer(ms, false, run),
    metrics: scope.metrics,
    perf: scope.parts,
    provide: (capability, handle) => {
      mustRegister("ctx.provide");
      if (!plugin.provides.some((provision) => provision.capability === capability))
        throw new InvalidInputError(`${name} provides ${String(capability)}: name it in its \`provides\``);
      scope.provided.set(capability, handle);
    },
    use: (capabilityName) => capability(capabilityName, plugin.requires, "requires"),
    useOptional: (capabilityName) => capability(capabilityName, plugin.optional, "optional"),
    onClose: (close) => {
      mustLive();
      scope.onClose(close);
    },
    signal: scope.signal,
    log: logger.info,
    logger,
  };
}

/** Bars of all who want some travel as one kind: each hook hears its own alone, or, without `every`, the venue's. */
function barHook(hook: HookEntry, instruments: readonly Instrument[], feeds: () => FeedServices): HookEntry {
  const { every, instrument = instruments } = hook;
  const handler = hook.handler as (bar: HookEvents["bar"] | BuiltBarEvent) => unknown;
  if (every === undefined)
    return { ...hook, handler: (bar: HookEvents["bar"] | BuiltBarEvent) => (isBuilt(bar) ? undefined : handler(bar)) };
  const names = new Set(["id" in instrument ? instrument : instrument].flat().map((one) => feeds().bars(one, every)));
  return {
    ...hook,
    handler: (bar: HookEvents["bar"] | BuiltBarEvent) =>
      isBuilt(bar) && names.has(bar.interval) ? handler(bar) : undefined,
  };
}

function isBuilt(bar: HookEvents["bar"] | BuiltBarEvent): bar is BuiltBarEvent {
  return "hasGap" in bar;
}
