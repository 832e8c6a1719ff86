import { type Instrument, InvalidInputError } from "@pitlane/sdk";
import type { HookEntry } from "../hooks/kinds.ts";
import type { Intent, OrderView } from "../orders/order.ts";
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
  readonly mayUseTimers: boolean;
  /** The handle of a capability that is running; undefined when nothing provides it. */
  readonly capability: (name: string) => unknown;
}

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
    const found = services.instruments.find((instrument) => instrument.symbol === symbol);
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
  const on = <Kind extends HookKind>(
    kind: Kind,
    second: HookFilter | ((event: HookEvents[Kind]) => unknown),
    third?: (event: HookEvents[Kind]) => unknown,
  ) => {
    mustRegister(`ctx.on("${kind}")`);
    const filter = typeof second === "function" ? {} : second;
    const handler = typeof second === "function" ? second : third;
    if (typeof handler !== "function")
      throw new InvalidInputError(`${name}: ctx.on("${kind}") needs a handler function`);
    const { instrument, ...rest } = filter;
    scope.hooks.push({
      ...rest,
      kind,
      instrument: wanted(instrument),
      owner: scope.owner,
      handler: handler as HookEntry["handler"],
    });
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
    cancel: (order) => {
      mustLive();
      services.cancel(order);
    },
    openOrders: (instrument) => services.openOrders(scope.owner, instrument),
    book: (instrument) => services.book(instrument),
    quote: (instrument) => services.quote(instrument),
    positionLots: (instrument) => services.positionLots(instrument),
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
