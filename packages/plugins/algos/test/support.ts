import type { Instrument, OrderView, Plugin, PluginContext } from "pitlane";
import { definePlugin } from "pitlane";
import { createTestHost, type TestHost, testInstrument } from "pitlane/testing";
import type { Algo, AlgoHandle, ParentOptions } from "../src/index.ts";

export const instrument = testInstrument(); // a tick is 0.01, a lot 0.001, an order worth 5.00 at least

/** An order of the test host, which tests may fill, reject and expire. */
export type TestOrder = TestHost["orders"][number];

export interface Stage<Options extends ParentOptions> {
  readonly host: TestHost;
  readonly algo: Algo<Options>;
  /** Starts a run from a hook, as a strategy does. */
  start(options: Options): AlgoHandle;
  /** Does `work` in a hook of the strategy. */
  inHook(work: () => void): void;
  /** Orders that may still trade. */
  open(): readonly TestOrder[];
}

/** A plugin of this package in a test host, and a strategy that uses it. */
export async function setUp<Options extends ParentOptions>(
  plugin: Plugin,
  settings: {
    readonly config?: object;
    readonly instruments?: readonly Instrument[];
    readonly seed?: number;
    readonly from?: { readonly stage: Stage<Options>; readonly snapshot: ReturnType<TestHost["snapshot"]> };
  } = {},
): Promise<Stage<Options>> {
  const { config, instruments = [instrument], seed = 1, from } = settings;
  let algo: Algo<Options> | undefined;
  const wanted: (() => void)[] = [];
  const strategy = definePlugin({
    name: "strategy",
    requires: [plugin.name],
    setup(ctx: PluginContext) {
      algo = ctx.use(plugin.name as never) as Algo<Options>;
      ctx.on("resync", () => {
        for (const work of wanted.splice(0)) work();
      });
    },
  });
  const host = await createTestHost({
    plugin: strategy,
    instruments,
    seed,
    with: [config === undefined ? { plugin } : { plugin, config }],
    ...(from === undefined ? {} : { snapshot: from.snapshot, after: from.stage.host }),
  });
  const inHook = (work: () => void) => {
    wanted.push(work);
    host.resync();
  };
  return {
    host,
    algo: algo as Algo<Options>,
    inHook,
    start: (options) => {
      let handle: AlgoHandle | undefined;
      inHook(() => {
        handle = (algo as Algo<Options>).start(options);
      });
      return handle as AlgoHandle;
    },
    open: () => host.orders.filter(({ isOpen }) => isOpen),
  };
}

/** `side type size@price` of an order. */
export const terms = ({ intent: { side, type, sizeLots, priceTicks }, state }: OrderView) =>
  `${side} ${type} ${sizeLots}@${priceTicks ?? "market"} ${state}`;
