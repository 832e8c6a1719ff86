import fc from "fast-check";
import { expect, test } from "vitest";
import { configKeys, locate } from "../../src/config/keys.ts";
import { formatOrigin, Layers } from "../../src/config/layers.ts";
import { formatPath, parsePath } from "../../src/config/path.ts";
import { PROFILES } from "../../src/config/profiles.ts";
import { combineSettings, type SettingsSources } from "../../src/config/settings.ts";
import { readEnvironment, readSetFlags } from "../../src/config/text-values.ts";

const combine = ({ file, env = {}, set = [] }: { file?: unknown; env?: Record<string, string>; set?: string[] }) =>
  combineSettings({
    ...(file === undefined ? {} : { file: { name: "pitlane.config.ts", value: file } }),
    env: readEnvironment(env),
    flags: readSetFlags(set),
  } satisfies SettingsSources);

const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce((holder, name) => (holder as Record<string, unknown>)[name], value);

/** A key, a value it may have and another one. */
const settable = configKeys().filter(({ type, path }) => type !== "json" && path[0] !== "profile");
const valuesOf = ({ type, range, choices }: (typeof settable)[number]): fc.Arbitrary<number | boolean | string> => {
  if (choices !== undefined) return fc.constantFrom(...choices);
  if (type === "boolean") return fc.boolean();
  if (type === "number") return fc.integer({ min: Math.ceil(range![0]), max: range![1] });
  return fc.integer({ min: 1, max: 1e9 }).map(String);
};
// Days of the archive and the router's weights are bound to each other, and tokens and keys are no plain text, which is not what these are about.
const special = ["retention", "weights", "token", "apiKey", "apiSecret"];
const free = settable.filter(({ path }) => !path.some((name) => special.includes(name)));
const someValues = fc
  .subarray(free)
  .chain((keys) => fc.tuple(...keys.map((key) => valuesOf(key).map((value) => ({ key, value })))));

const nested = (values: readonly { key: { path: readonly string[] }; value: unknown }[]) => {
  const root: Record<string, unknown> = {};
  for (const { key, value } of values) {
    let holder = root;
    for (const name of key.path.slice(0, -1)) {
      holder[name] ??= {};
      holder = holder[name] as Record<string, unknown>;
    }
    holder[key.path.at(-1)!] = value;
  }
  return root;
};

test("each value is that of the strongest source which gives one, and its origin says which", () => {
  const profiles = fc.constantFrom(...(Object.keys(PROFILES) as (keyof typeof PROFILES)[]));
  fc.assert(
    fc.property(profiles, someValues, someValues, someValues, (profile, file, env, set) => {
      const settings = combine({
        file: { ...nested(file), profile },
        env: Object.fromEntries(env.map(({ key, value }) => [key.variable, String(value)])),
        set: set.map(({ key, value }) => `${formatPath(key.path)}=${value}`),
      });
      for (const key of settable) {
        const flag = set.find((one) => one.key === key);
        const variable = env.find((one) => one.key === key);
        const own = file.find((one) => one.key === key);
        const ofProfile = key.path.reduce<unknown>((part, name) => (part as never)?.[name], PROFILES[profile]);
        const [value, origin] =
          flag !== undefined
            ? [flag.value, "--set"]
            : variable !== undefined
              ? [variable.value, key.variable]
              : own !== undefined
                ? [own.value, "pitlane.config.ts"]
                : ofProfile !== undefined
                  ? [ofProfile, `profile ${profile}`]
                  : [key.default, "default"];
        expect([key.path, at(settings.config, key.path)]).toEqual([key.path, value]);
        expect(formatOrigin(settings.originOf(key.path))).toBe(origin);
      }
    }),
    { numRuns: 200 },
  );
});

test("a path is read back as it was written, whatever its keys", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1, maxLength: 5 }), (path) => {
      expect(parsePath(formatPath(path))).toEqual(path);
    }),
  );
  expect(parsePath("strategies.0.use")).toEqual(["strategies", "0", "use"]);
  expect(formatPath(["strategies", "0", "use"])).toBe("strategies[0].use");
  for (const wrong of ["", ".a", "a.", "a..b", "a[", "a[x]", 'a["x]', 'a["\\q"]', "a b"])
    expect(() => parsePath(wrong)).toThrow();
});

test("lists are replaced, records merged, and a flag reaches into what a file gave", () => {
  const file = {
    strategies: [{ use: "./a.ts", config: { a: { entryBps: 5, deep: { x: 1 } } } }, { use: "./b.ts" }],
    risk: { instruments: { "AAA/USDT": { maxOrderSize: "1" }, "BBB/USDT": { maxPosition: "9" } } },
  };
  const { config, originOf } = combine({
    file,
    env: { PITLANE_RISK__INSTRUMENTS: '{"AAA/USDT":{"maxPosition":"2"}}' },
    set: [
      "strategies[0].config.a.entryBps=8",
      "strategies[0].config.a.deep.y=text",
      'risk.instruments["C.C/USDT"].maxPosition=3',
    ],
  });
  expect(config.strategies).toEqual([
    { use: "./a.ts", config: { a: { entryBps: 8, deep: { x: 1, y: "text" } } } },
    { use: "./b.ts", config: {} },
  ]);
  expect(config.risk.instruments).toEqual({
    "AAA/USDT": { maxOrderSize: "1", maxPosition: "2" },
    "BBB/USDT": { maxPosition: "9" },
    "C.C/USDT": { maxPosition: "3" },
  });
  const from = (path: string) => formatOrigin(originOf(parsePath(path)));
  expect(from("strategies[0].config.a.entryBps")).toBe("--set");
  expect(from("strategies[0].use")).toBe("pitlane.config.ts");
  expect(from("risk.instruments.AAA/USDT.maxOrderSize")).toBe("pitlane.config.ts");
  expect(from("risk.instruments.AAA/USDT.maxPosition")).toBe("PITLANE_RISK__INSTRUMENTS");
  // The file's own objects are as they were.
  expect(file.strategies[0]!.config).toEqual({ a: { entryBps: 5, deep: { x: 1 } } });

  const replaced = combine({ file, env: { PITLANE_STRATEGIES: '[{"use":"./c.ts"}]' } });
  expect(replaced.config.strategies).toEqual([{ use: "./c.ts", config: {} }]);
  expect(formatOrigin(replaced.originOf(["strategies", "0", "use"]))).toBe("PITLANE_STRATEGIES");
});

const problems = (sources: Parameters<typeof combine>[0]): readonly string[] => {
  try {
    combine(sources);
  } catch (error) {
    return (error as Error).message.split("\n");
  }
  throw new Error("nothing was thrown");
};

test("what is wrong in file, environment and flags is told in one message, each with its source", () => {
  expect(
    problems({
      file: { seed: -1, bus: { batsch: 1 } },
      env: {
        PITLANE_BUS__BATCH: "many",
        PITLANE_RISK__MAX_ORDER_NOTONAL: "5",
        PITLANE_RISK__INSTRUMENTS__AAA: "5",
        PITLANE_JOURNAL__DURABILITY: "disc",
        PITLANE_LAUNCHER_PID: "1",
        PITLANE_GC: "calm",
        PITLANE_PASSPHRASE: "12345678",
        PITLANE_SECRET_KEY: "abcd",
        PITLANE_WORKERS: "",
        OTHER: "1",
      },
      set: [
        "risk.maxOrderNotonal=5",
        "debug=yes",
        "seed",
        "strategies[3].use=x",
        "strategies.use=x",
        "seed.x=1",
        "__proto__.x=1",
      ],
    }),
  ).toEqual([
    "the configuration has wrong values:",
    "  strategies[3].use: cannot be set: strategies[3] has no parts (from --set)",
    '  bus.batch: must be a number; got "many" (from PITLANE_BUS__BATCH)',
    "  PITLANE_RISK__MAX_ORDER_NOTONAL is not a setting (did you mean PITLANE_RISK__MAX_ORDER_NOTIONAL?) (from PITLANE_RISK__MAX_ORDER_NOTONAL)",
    "  PITLANE_RISK__INSTRUMENTS__AAA is not a setting: give all of PITLANE_RISK__INSTRUMENTS as JSON (from PITLANE_RISK__INSTRUMENTS__AAA)",
    "  risk.maxOrderNotonal is not a setting (did you mean maxOrderNotional?); there are maxOrderNotional, maxPositionNotional, maxOpenOrders, maxOpenOrdersPerInstrument, maxOrdersPerSecond, maxOrdersPerMinute, maxPriceDeviationBps, maxDataAgeMs, selfTrade, maxGrossExposure, maxNetExposure, maxDrawdown, maxDailyLoss, onBreach, afterHalt, checkBalances, feeBps, marketMarginBps, instruments (from --set)",
    '  debug: must be true or false; got "yes" (from --set)',
    '  "seed" is not PATH=VALUE, such as risk.maxOrderNotional=500 (from --set)',
    "  strategies.use: a list needs a place in it, such as [0] (from --set)",
    "  seed.x is not a setting: seed holds one value (from --set)",
    expect.stringContaining("  __proto__ is not a setting; there are profile, seed,"),
    expect.stringMatching(/^ {2}seed: .*\(from pitlane\.config\.ts\)$/),
    expect.stringMatching(/^ {2}journal\.durability: .*\(from PITLANE_JOURNAL__DURABILITY\)$/),
    "  bus.batsch is not a setting (did you mean batch?); there are capacity, batch, flushMs (from pitlane.config.ts)",
  ]);
});

test("no path pollutes prototypes, and a value with parts never hides under one without", () => {
  const { config } = combine({ file: JSON.parse('{"strategies":[{"use":"x","config":{"a":{"b":1}}}]}') });
  expect(config.strategies[0]?.config).toEqual({ a: { b: 1 } });
  expect(problems({ file: JSON.parse('{"risk":{"instruments":{"__proto__":{"maxPosition":"1"}}}}') }).join()).toContain(
    "is not a name for a setting",
  );
  expect(({} as Record<string, unknown>)["maxPosition"]).toBeUndefined();
  expect(
    problems({ file: { strategies: [{ use: "x", config: { a: 5 } }] }, set: ["strategies[0].config.a.b=1"] }),
  ).toEqual([
    "--set has a wrong value:",
    "  strategies[0].config.a.b: cannot be set: strategies[0].config.a has no parts",
  ]);
  const layers = new Layers();
  const origin = { layer: "file", name: "f" } as const;
  layers.put({ path: [], value: { a: { b: 1 } }, origin });
  layers.put({ path: ["a"], value: [1, 2], origin });
  layers.put({ path: ["a", "5"], value: 1, origin });
  expect(layers.values).toEqual({ a: [1, 2] });
  expect(layers.problems).toEqual([{ path: ["a", "5"], message: "cannot be set: the list has 2 entries", origin }]);
});

test("the strongest profile counts, and none undoes that of a file", () => {
  expect(combine({ file: { profile: "production" } }).config).toMatchObject({ connections: 50, workers: 4 });
  const settings = combine({ file: { profile: "production", bus: { batch: 5 } }, set: ["profile=development"] });
  expect(settings.config).toMatchObject({ debug: true, bus: { batch: 5, flushMs: 1000 } });
  expect(combine({ file: { profile: "production" }, env: { PITLANE_PROFILE: "none" } }).config.connections).toBe(20);
  expect(problems({ file: { profile: "prod" } })).toEqual([
    "pitlane.config.ts has a wrong value:",
    expect.stringContaining("  profile: "),
  ]);
});

test("every setting is told of once, can be reached by its path, and its default passes", () => {
  const keys = configKeys();
  expect(new Set(keys.map(({ variable }) => variable)).size).toBe(keys.length);
  for (const { path, type, description } of keys) {
    expect([path, locate(path)]).toEqual([path, { type }]);
    expect(description).not.toBe("");
  }
});
