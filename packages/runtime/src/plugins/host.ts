import { InvalidInputError } from "@pitlane/perf";
import type { Instrument, OrderBook, QuoteEvent } from "@pitlane/sdk";
import type { RiskVote } from "../engines/risk.ts";
import type { HookEntry } from "../hooks/compile.ts";
import type { Intent, OrderView } from "../orders/order.ts";
import type { HookEvents, HookFilter, HookKind, Plugin, PluginContext } from "./define.ts";

/** What the runtime offers to plugin contexts. */
export interface HostServices {
  readonly instruments: readonly Instrument[];
  submit(owner: number, intent: Intent): OrderView;
  cancel(order: OrderView): void;
  openOrders(owner: number, instrument: Instrument | undefined): readonly OrderView[];
  book(instrument: Instrument): OrderBook | undefined;
  quote(instrument: Instrument): QuoteEvent | undefined;
  positionLots(instrument: Instrument): number;
  balance(asset: string): bigint;
  nowUs(): number;
  log(plugin: string, message: string): void;
}

/** What the plugins registered while they were set up. */
export interface Registrations {
  readonly hooks: readonly HookEntry[];
  readonly votes: readonly { readonly plugin: string; readonly vote: RiskVote }[];
}

/**
 * Sets plugins up one after the other, each with a context of its own, and returns what they registered.
 *
 * @param configs Settings by plugin name.
 * @throws {InvalidInputError} When two share a name, a config fails its schema, or a setup throws.
 */
export async function setUpPlugins(
  plugins: readonly Plugin[],
  configs: Readonly<Record<string, unknown>>,
  services: HostServices,
): Promise<Registrations> {
  checkNames(plugins, configs);
  const hooks: HookEntry[] = [];
  const votes: { plugin: string; vote: RiskVote }[] = [];
  for (const [owner, plugin] of plugins.entries()) {
    const config = await checkPluginConfig(plugin, configs[plugin.name] ?? {});
    const registering = { open: true };
    const context = createContext(plugin, owner, config, services, { hooks, votes, registering });
    try {
      await plugin.setup(context);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new InvalidInputError(`strategy ${plugin.name} failed in setup: ${reason}`, { cause: error });
    }
    registering.open = false;
  }
  return { hooks, votes };
}

function checkNames(plugins: readonly Plugin[], configs: Readonly<Record<string, unknown>>): void {
  const names = plugins.map((plugin) => plugin.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new InvalidInputError(`two strategies are named ${twice}: give one of them another name`);
  const unknown = Object.keys(configs).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new InvalidInputError(`there is a config for ${unknown}, but the strategies are ${names.join(", ")}`);
}

async function checkPluginConfig(plugin: Plugin, input: unknown): Promise<unknown> {
  if (plugin.config === undefined) return input;
  const result = await plugin.config["~standard"].validate(input);
  if (result.issues === undefined) return result.value;
  const lines = result.issues.map((issue) => {
    const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
    return `  ${path === "" ? "(whole)" : path}: ${issue.message}`;
  });
  throw new InvalidInputError(`the config of strategy ${plugin.name} is wrong:\n${lines.join("\n")}`);
}

interface Registry {
  readonly hooks: HookEntry[];
  readonly votes: { plugin: string; vote: RiskVote }[];
  readonly registering: { open: boolean };
}

function createContext(
  plugin: Plugin,
  owner: number,
  config: unknown,
  services: HostServices,
  registry: Registry,
): PluginContext {
  const bySymbol = (symbol: string): Instrument => {
    const found = services.instruments.find((instrument) => instrument.symbol === symbol);
    if (found !== undefined) return found;
    throw new InvalidInputError(
      `no instrument ${symbol} in this session; there are ${services.instruments.map((one) => one.symbol).join(", ")}`,
    );
  };
  const mustRegister = (what: string) => {
    if (!registry.registering.open)
      throw new InvalidInputError(`${plugin.name} called ${what} after setup: register everything in setup`);
  };
  const on = <Kind extends HookKind>(
    kind: Kind,
    second: HookFilter | ((event: HookEvents[Kind]) => void),
    third?: (event: HookEvents[Kind]) => void,
  ) => {
    mustRegister(`ctx.on("${kind}")`);
    const filter = typeof second === "function" ? {} : second;
    const handler = typeof second === "function" ? second : third;
    if (typeof handler !== "function")
      throw new InvalidInputError(`${plugin.name}: ctx.on("${kind}") needs a handler function`);
    const instrument = typeof filter.instrument === "string" ? bySymbol(filter.instrument) : filter.instrument;
    registry.hooks.push({ kind, instrument, owner, handler: handler as HookEntry["handler"] });
  };
  return {
    name: plugin.name,
    config,
    instruments: services.instruments,
    instrument: bySymbol,
    on,
    vote: (_kind, vote) => {
      mustRegister("ctx.vote");
      registry.votes.push({ plugin: plugin.name, vote });
    },
    submit: (intent) => services.submit(owner, intent),
    cancel: (order) => services.cancel(order),
    openOrders: (instrument) => services.openOrders(owner, instrument),
    book: (instrument) => services.book(instrument),
    quote: (instrument) => services.quote(instrument),
    positionLots: (instrument) => services.positionLots(instrument),
    balance: (asset) => services.balance(asset),
    nowUs: () => services.nowUs(),
    log: (message) => services.log(plugin.name, message),
  };
}
