import type { Instrument } from "@pitlane/sdk";
import type { BusEvent } from "../bus/events.ts";
import { DEFAULT_ROUTER } from "../engines/route-desk.ts";
import { toRouteRecord } from "../engines/router.ts";
import { DEFAULT_SIGNALS } from "../orders/signal.ts";
import { nameOf } from "../plugins/entry.ts";
import type { HostServices } from "../plugins/services.ts";
import type { CoreOptions } from "./core-options.ts";
import type { CoreLinks, CoreParts } from "./core-parts.ts";

/** What plugins of a core can see and do. */
export function createServices(options: CoreOptions, parts: CoreParts, core: CoreLinks): HostServices {
  const { config, instruments, journal, plugins, timers, control, log } = options;
  const { execution, portfolio, market, bus, risk, router, hooks, turn, answers, freeUnits } = parts;
  const { indexes, indexOf } = core;
  const noteRoute = (owner: number, decision: object) =>
    journal.append("route", { strategy: nameOf(plugins[owner]!), ...decision });
  return {
    instruments,
    submit: (owner, intent) => {
      turn.checkPlacing();
      options.onPricesNeeded?.();
      return execution.submit(owner, intent);
    },
    refuse: (owner, intent, verdict, voter = "permissions") => {
      turn.checkPlacing();
      return execution.submit(owner, intent, { voter, verdict });
    },
    signals: config.execution ?? DEFAULT_SIGNALS,
    canAmend: execution.canAmend,
    amend: (order, sizeLots) => {
      turn.check();
      return execution.amend(order, sizeLots);
    },
    backlog: () => execution.backlog,
    close: (owner, intent) => {
      risk.allowClosing(intent);
      options.onPricesNeeded?.();
      return execution.submit(owner, intent);
    },
    sellableLots: (instrument) => risk.sellableLots(instrument),
    freeLots: (instrument) => risk.freeLots(instrument),
    cancel: (order) => execution.cancel(order),
    openOrders: (owner, instrument) => execution.openOrders(owner, instrument),
    ordersTagged: (owner, prefix) => execution.tagged(owner, prefix),
    route: (owner, request) => {
      turn.check();
      options.onPricesNeeded?.();
      const decision = router.decide(request);
      noteRoute(owner, toRouteRecord(decision));
      return decision;
    },
    routing: {
      settings: config.router ?? DEFAULT_ROUTER,
      latencyNs: (venue) => answers.ns(venue),
      hasUnknown: (venue) => execution.hasUnknown(venue),
      freeUnits,
      reserveFeeBps: config.risk.feeBps,
      note: noteRoute,
    },
    book: (instrument) => market.book(instrument),
    quote: (instrument) => {
      options.onPricesNeeded?.();
      return market.quote(indexOf(instrument));
    },
    isInGap: (instrument) => risk.watch.hasGap(indexes.get(instrument) ?? -1),
    feeds: parts.feeds,
    positionLots: (instrument) => portfolio.position(instrument).lots,
    ownLots: (owner, instrument) => execution.ownLots(owner, instrument),
    balance: (asset) => portfolio.balance(asset),
    nowUs: core.nowUs,
    log,
    setTimer: (owner, id, dueAtUs) => timers.set(owner, id, dueAtUs),
    clearTimer: (owner, id) => timers.clear(owner, id),
    setActive: (owner, isActive) => hooks.setActive(owner, isActive),
    setShed: (owner, isShed) => hooks.setShed(owner, isShed),
    defineEvent: (definition) => void bus.register(definition),
    publish: (event) => core.publish(event, numberOf(event, indexOf)),
    onReplaced: (owner, registrations) => hooks.replace(owner, registrations),
    control,
  };
}

/** Number of the instrument that an event is of; -1 when it is of none. */
function numberOf(event: BusEvent, indexOf: CoreLinks["indexOf"]): number {
  const { instrument } = event as { readonly instrument?: Instrument };
  return instrument === undefined ? -1 : indexOf(instrument);
}
