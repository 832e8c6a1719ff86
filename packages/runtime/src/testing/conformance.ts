import { createRandom, PitlaneError } from "@pitlane/perf";
import type { Instrument } from "@pitlane/sdk";
import { INTENT_KINDS, isTriggered, isUnpriced } from "../orders/kinds.ts";
import type { Intent } from "../orders/order.ts";
import type { Plugin } from "../plugins/define.ts";
import { PluginBootError, reasonOf } from "../plugins/errors.ts";
import { testInstrument } from "./instrument.ts";
import { playMarket } from "./market-script.ts";
import { createScriptHost } from "./script-host.ts";
import type { TestHost, TestHostOptions } from "./test-host.ts";

const WISHES = 50; // per instrument

/** A plugin breaks a rule that all plugins keep; the message says what was seen. */
export class PluginConformanceError extends PitlaneError {
  readonly code = "PLUGIN_CONFORMANCE";
  readonly retryable = false;
}

export interface PluginConformanceOptions extends Pick<TestHostOptions, "config" | "with" | "permissions"> {
  /** Default one of `AAA/USDT` and one of `BBB/USDT`. */
  readonly instruments?: readonly Instrument[];
  /** Of the market and the plugin's randomness. Default 1. */
  readonly seed?: number;
  /** Events of the market, in each half of a run. Default 500. */
  readonly steps?: number;
  /** Middle of the market at the start, in ticks. Default 100,000. */
  readonly startTicks?: number;
  /** Settings that the plugin's schema has to refuse, beside what is no settings at all. */
  readonly badConfigs?: readonly unknown[];
}

/** One rule, tried by `run`, which throws when it is broken. */
export interface PluginCheck {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/**
 * The rules that every plugin keeps, as checks to run one by one in a test runner of your choice: a market fixed by its seed is played to the
 * plugin, with holes, rejections and partial fills.
 *
 * @example
 * for (const { name, run } of pluginConformance(myStrategy, { config: { size: 3 } })) test(name, run);
 */
export function pluginConformance(plugin: Plugin, options: PluginConformanceOptions = {}): readonly PluginCheck[] {
  const subject = new Subject(plugin, options);
  const rules: readonly (readonly [name: string, run: () => Promise<void>])[] = [
    ["makes the same decisions from the same seed", () => subject.sameSeed()],
    [
      "hears a market with holes, rejections and partial fills without failing, and returns no promise",
      () => subject.survives(),
    ],
    ["shapes orders of every kind into what fits, alike at the same moment", () => subject.shapes()],
    ["goes on from its snapshot as if it had never stopped", () => subject.snapshotRoundTrip()],
    ["takes over its own state when its code is loaded anew", () => subject.reload()],
    ["leaves nothing behind when it closes", () => subject.closesClean()],
    ["refuses settings that are none", () => subject.refusesGarbage()],
  ];
  return rules.map(([name, run]) => ({ name: `${plugin.name} ${name}`, run }));
}

class Subject {
  readonly #plugin: Plugin;
  readonly #options: PluginConformanceOptions;
  readonly #instruments: readonly Instrument[];

  constructor(plugin: Plugin, options: PluginConformanceOptions) {
    this.#plugin = plugin;
    this.#options = options;
    this.#instruments = options.instruments ?? [testInstrument(), testInstrument({ symbol: "BBB/USDT", base: "BBB" })];
  }

  async sameSeed(): Promise<void> {
    const first = await this.#open();
    const second = await this.#open();
    for (const host of [first, second]) this.#play(host, 0);
    compare(
      decisions(first),
      decisions(second),
      "the same seed gave other decisions: it looks at the wall clock, Math.random or what an earlier run left",
    );
    await Promise.all([first.close(), second.close()]);
  }

  async survives(): Promise<void> {
    const host = await this.#open();
    for (const half of [0, 1]) this.#play(host, half);
    for (const [index, name] of host.plugins.names.entries())
      check(host.plugins.standing(index) !== "quarantined", `${name} was quarantined: ${host.logged.at(-1)}`);
    await host.close();
  }

  async shapes(): Promise<void> {
    const [first, second] = [await this.#open(), await this.#open()];
    for (const host of [first, second]) this.#play(host, 0);
    for (const intent of this.#wishes()) {
      const [one, other] = [first, second].map((host) => shapeOf(host, intent));
      compare(one, other, "the same intent was shaped otherwise at the same moment");
    }
    await Promise.all([first.close(), second.close()]);
  }

  async snapshotRoundTrip(): Promise<void> {
    const first = await this.#open();
    this.#play(first, 0);
    const snapshot = JSON.parse(JSON.stringify(first.snapshot()));
    const state = snapshot.plugins[this.#plugin.name];
    check(state.lost === undefined, `its snapshot failed: ${state.lost}`);
    const second = await this.#open({ snapshot, after: first });
    const again = JSON.parse(JSON.stringify(second.snapshot())).plugins[this.#plugin.name];
    compare(again.own ?? null, state.own ?? null, "what hydrate took is not what snapshot gives");
    compare(again.keys, state.keys, "ctx.state is not what it was");
    const hasState = state.own !== undefined || Object.keys(state.keys).length > 0;
    // One that keeps no state says that it needs none: what it does after a restart is then its own affair.
    if (hasState) {
      first.snapshot(); // the second one has been asked once more, and randomness moves on with each
      for (const host of [first, second]) this.#play(host, 1);
      compare(
        decisions(first),
        decisions(second),
        "started from its snapshot it decides otherwise: something that decides is not in it",
      );
    }
    await Promise.all([first.close(), second.close()]);
  }

  async reload(): Promise<void> {
    const host = await this.#open();
    this.#play(host, 0);
    const before = host.snapshot().plugins[this.#plugin.name];
    await host.swap(this.#plugin);
    const after = host.snapshot().plugins[this.#plugin.name];
    compare(after?.own ?? null, before?.own ?? null, "its state was not taken over");
    this.#play(host, 1);
    await host.close();
  }

  async closesClean(): Promise<void> {
    const host = await this.#open();
    this.#play(host, 0);
    await host.close();
    const faults = host.logged.filter((line) => line.includes("closing"));
    check(faults.length === 0, faults.join("; "));
    check(host.timers === 0, `${host.timers} timers are still set`);
    for (const [index] of host.plugins.names.entries()) {
      const left = Object.entries(host.plugins.counts(index)).filter(([, count]) => count > 0);
      check(left.length === 0, `left behind: ${left.map(([what, count]) => `${count} ${what}`).join(", ")}`);
    }
  }

  async refusesGarbage(): Promise<void> {
    const { badConfigs = [] } = this.#options;
    if (this.#plugin.config === undefined) {
      check(badConfigs.length === 0, "it has no schema, and takes any settings");
      return;
    }
    for (const config of [5, "text", false, ...badConfigs]) {
      const error = await this.#open({ config }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      const isRefused = error instanceof PluginBootError && error.code === "PLUGIN_CONFIG";
      check(
        isRefused,
        `${JSON.stringify(config)} was ${error === undefined ? "taken" : `answered with ${String(error)}`}`,
      );
    }
  }

  /** Orders that any strategy could want, fixed by the seed. */
  #wishes(): readonly Intent[] {
    const { seed = 1, startTicks = 100_000 } = this.#options;
    const random = createRandom(seed);
    return this.#instruments.flatMap((instrument) =>
      Array.from({ length: WISHES }, (): Intent => {
        const { lotIncrement, minLots, maxLots, tickIncrement } = instrument;
        const most = Math.floor(Math.min(maxLots, Math.max(minLots, lotIncrement) * 1000) / lotIncrement);
        const sizeLots = lotIncrement * random.integer(Math.ceil(minLots / lotIncrement), most);
        const side = random.integer(0, 1) === 0 ? "buy" : "sell";
        const type = INTENT_KINDS[random.integer(0, INTENT_KINDS.length - 1)]!;
        const ticks = Math.ceil((startTicks * random.integer(90, 110)) / 100 / tickIncrement) * tickIncrement;
        return {
          instrument,
          side,
          type,
          sizeLots,
          ...(!isUnpriced(type) && { priceTicks: ticks }),
          ...(isTriggered(type) && { triggerTicks: ticks }),
        };
      }),
    );
  }

  #open(more: Partial<TestHostOptions> = {}): Promise<TestHost> {
    const { config, with: others, permissions, seed } = this.#options;
    return createScriptHost({
      plugin: this.#plugin,
      instruments: this.#instruments,
      ...(config === undefined ? {} : { config }),
      ...(others === undefined ? {} : { with: others }),
      ...(permissions === undefined ? {} : { permissions }),
      ...(seed === undefined ? {} : { seed }),
      ...more,
    });
  }

  #play(host: TestHost, half: number): void {
    const { seed = 1, steps = 500, startTicks = 100_000 } = this.#options;
    playMarket(host, { instruments: this.#instruments, seed: (seed + half) % 2 ** 32, steps, startTicks });
  }
}

/** What was wanted and what became of it: plain, to be compared. */
function decisions(host: TestHost): readonly unknown[] {
  return host.orders.map(({ clientOrderId, strategy, intent: { instrument, ...intent }, state, filledLots }) => ({
    clientOrderId,
    strategy,
    instrument: instrument.id,
    ...intent,
    state,
    filledLots,
  }));
}

function shapeOf(host: TestHost, intent: Intent): unknown {
  try {
    const { instrument: _, ...terms } = host.shape(intent);
    return terms;
  } catch (error) {
    const { instrument, ...terms } = intent;
    const wanted = JSON.stringify({ instrument: instrument.id, ...terms });
    throw new PluginConformanceError(`shaping ${wanted} failed: ${reasonOf(error)}`, { cause: error });
  }
}

function compare(first: unknown, second: unknown, words: string): void {
  const a = JSON.stringify(first, null, 1).split("\n");
  const b = JSON.stringify(second, null, 1).split("\n");
  const at = a.findIndex((line, index) => line !== b[index]);
  if (at < 0 && a.length === b.length) return;
  const line = at < 0 ? a.length : at;
  throw new PluginConformanceError(
    `${words} (first difference:${a[line] ?? " nothing more"} and${b[line] ?? " nothing more"})`,
  );
}

function check(holds: boolean, words: string): asserts holds {
  if (!holds) throw new PluginConformanceError(words);
}
