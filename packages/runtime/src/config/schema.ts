import * as v from "valibot";
import { PROFILE_NAMES } from "./profiles.ts";

const DECIMAL = 'must be a decimal number as text, such as "2500.50"';

const decimal = v.pipe(
  v.string(DECIMAL),
  v.regex(/^\d{1,20}(\.\d{1,8})?$/, DECIMAL),
  v.check((text) => /[1-9]/.test(text), "must be above zero"),
);

const whole = (min: number, max: number, unit: string, description: string) =>
  v.pipe(
    v.number(),
    v.integer(),
    v.minValue(min),
    v.maxValue(max),
    v.description(description),
    v.metadata({ unit, min, max }),
  );

/** A measure that need not be whole. */
const amount = (min: number, max: number, unit: string, description: string) =>
  v.pipe(v.number(), v.minValue(min), v.maxValue(max), v.description(description), v.metadata({ unit, min, max }));

const choice = <const Options extends readonly string[]>(options: Options, description: string) =>
  v.pipe(v.picklist(options), v.description(description));

const flag = (description: string) => v.pipe(v.boolean(), v.description(description));

const instrumentLimits = v.strictObject({
  /** Largest order, in base units. */
  maxOrderSize: v.optional(decimal),
  /** Largest position, long or short, in base units. */
  maxPosition: v.optional(decimal),
});

const budgets = v.strictObject({
  hookMs: v.optional(amount(0.01, 60_000, "ms", "longest one call of a plugin's hook may take"), 5),
  msPerSecond: v.optional(amount(0.1, 1000, "ms", "most of a second all hooks of a plugin may take"), 200),
  faults: v.optional(whole(1, 1_000_000, "faults", "hooks of a plugin that may throw before it is taken out"), 10),
  ordersPerMinute: v.optional(whole(1, 1_000_000, "orders", "most orders a plugin may want in a minute"), 6000),
  workerMemoryMb: v.optional(whole(16, 65_536, "MB", "largest heap of a plugin in a worker thread"), 256),
});

const strategy = v.strictObject({
  /** A path (`./my-strategy.ts`) or an npm package. */
  use: v.pipe(v.string(), v.nonEmpty("must name a file or a package")),
  /** Runs under this name in place of its own, so that one plugin can run several times. */
  name: v.optional(v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be kebab case, such as "slow-maker"'))),
  /** Settings by plugin name. */
  config: v.optional(v.record(v.string(), v.unknown()), {}),
  /** Runs in a worker thread. */
  worker: v.optional(v.boolean()),
  /** What happens to its orders when it is taken out. */
  onFault: v.optional(v.picklist(["hold", "cancel", "flatten"])),
  /** Narrows what it may do. */
  permissions: v.optional(
    v.strictObject({
      venues: v.optional(v.array(v.string())),
      instruments: v.optional(v.array(v.string())),
      orderKinds: v.optional(v.array(v.picklist(["limit", "postOnly", "market"]))),
      maxNotional: v.optional(decimal),
      timers: v.optional(v.boolean()),
      network: v.optional(v.boolean()),
    }),
  ),
  /** Its own budgets, in place of `budgets`. */
  budgets: v.optional(v.partial(budgets)),
});

/** The one description of the settings: their types, defaults, ranges, units and meanings. All else about them is worked out from it. */
export const configSchema = v.strictObject({
  profile: v.optional(
    choice(PROFILE_NAMES, "settings that belong together; what is set elsewhere wins over them"),
    "none",
  ),
  seed: v.optional(
    whole(0, 0xffffffff, "", "seed of the embedded exchange's market and of the plugins' randomness"),
    1,
  ),
  strategies: v.optional(
    v.pipe(
      v.array(strategy),
      v.nonEmpty("needs at least one strategy"),
      v.description("what runs: a path or a package each, a name to run it under, and settings by plugin name"),
    ),
    [{ use: "@pitlane/plugin-strategies", config: {} }],
  ),
  risk: v.optional(
    v.strictObject({
      maxOrderNotional: v.optional(
        v.pipe(decimal, v.description("largest price x size of one order"), v.metadata({ unit: "quote units" })),
        "1000",
      ),
      maxPositionNotional: v.optional(
        v.pipe(
          decimal,
          v.description("largest value of a position if every open order on its side filled"),
          v.metadata({ unit: "quote units" }),
        ),
        "5000",
      ),
      instruments: v.optional(
        v.pipe(
          v.record(v.string(), instrumentLimits),
          v.description("tighter limits by symbol: `maxOrderSize` and `maxPosition`"),
          v.metadata({ unit: "base units" }),
        ),
        {},
      ),
    }),
    {},
  ),
  closeTimeoutMs: v.optional(whole(100, 60_000, "ms", "how long the close may wait for open orders to end"), 5000),
  bus: v.optional(
    v.strictObject({
      capacity: v.optional(whole(100, 1_000_000, "events", "most that may wait in one lane"), 10_000),
      batch: v.optional(whole(1, 100_000, "events", "most dispatched before the event loop turns"), 100),
      flushMs: v.optional(whole(1, 60_000, "ms", "longest an event of the low lane waits for its batch"), 100),
    }),
    {},
  ),
  journal: v.optional(
    v.strictObject({
      durability: v.optional(
        choice(["process", "disk"], "what a committed event survives: a killed process, or a power cut too"),
        "process",
      ),
      snapshotEvery: v.optional(whole(100, 100_000_000, "events", "events between two snapshots"), 10_000),
      retention: v.optional(
        v.pipe(
          v.strictObject({
            compressAfterDays: v.optional(whole(0, 36_500, "days", "age at which a run is compressed"), 7),
            archiveAfterDays: v.optional(whole(0, 36_500, "days", "age at which a run is moved to the archive"), 30),
            batch: v.optional(whole(1, 100_000, "rows", "rows moved in one step"), 1000),
            hour: v.optional(whole(0, 23, "hour of day", "when that is done, local time"), 2),
          }),
          v.forward(
            v.check(
              ({ compressAfterDays, archiveAfterDays }) => archiveAfterDays >= compressAfterDays,
              "must not be below compressAfterDays: a run is compressed first",
            ),
            ["archiveAfterDays"],
          ),
        ),
        {},
      ),
    }),
    {},
  ),
  budgets: v.optional(budgets, {}),
  debug: v.optional(flag("errors are shown with their stacks and causes"), false),
  profiling: v.optional(flag("a CPU profile of the session's first minute is written beside its journal"), false),
  connections: v.optional(whole(1, 1000, "connections", "most open at once to one host of a venue"), 20),
});

/** The settings of a session, every default filled in. */
export type Config = v.InferOutput<typeof configSchema>;
/** What a config file may say. */
export type ConfigInput = v.InferInput<typeof configSchema>;
