import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkConfig, loadConfig } from "../src/config.ts";

const folder = () => mkdtempSync(join(tmpdir(), "pitlane-config-"));

const messageOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
};

const DEFAULT_RISK = {
  maxOrderNotional: "1000",
  maxPositionNotional: "5000",
  maxOpenOrders: 10_000,
  maxOpenOrdersPerInstrument: 1000,
  maxOrdersPerSecond: 10_000,
  maxOrdersPerMinute: 300_000,
  maxPriceDeviationBps: 2000,
  maxDataAgeMs: 60_000,
  selfTrade: "deny",
  maxGrossExposure: "500000",
  maxNetExposure: "500000",
  maxDrawdown: "25000",
  maxDailyLoss: "25000",
  onBreach: "halt",
  afterHalt: "exit",
  checkBalances: true,
  feeBps: 10,
  marketMarginBps: 100,
  instruments: {},
};

test("an empty config is every default", () => {
  expect(checkConfig({}, "x")).toEqual({
    profile: "none",
    seed: 1,
    strategies: [{ use: "@pitlane/plugin-strategies", config: {} }],
    venue: {
      name: "paper",
      symbols: [],
      live: false,
      apiKey: "",
      apiSecret: "",
      urls: { rest: "", stream: "", wsApi: "" },
    },
    risk: DEFAULT_RISK,
    closeTimeoutMs: 5000,
    bus: { capacity: 10_000, batch: 100, flushMs: 100 },
    journal: {
      durability: "process",
      snapshotEvery: 10_000,
      retention: { compressAfterDays: 7, archiveAfterDays: 30, batch: 1000, hour: 2 },
    },
    budgets: { hookMs: 5, msPerSecond: 200, faults: 10, ordersPerMinute: 6000, workerMemoryMb: 256 },
    alerts: {
      enabled: true,
      rules: {},
      add: [],
      groupMs: 5000,
      repeatMs: 3_600_000,
      noDataMs: 60_000,
      warmUpMs: 90_000,
      sinks: { log: true, webhooks: [], telegram: [], email: [] },
    },
    dashboard: { enabled: true, host: "127.0.0.1", port: 7070, token: "" },
    observers: [],
    optimizer: {
      enabled: false,
      stage: "tickToOrder",
      percentile: 99,
      windowMs: 10_000,
      maxErrorRatio: 0.01,
      maxRssMb: 512,
    },
    log: { file: true, level: "info" },
    debug: false,
    profiling: false,
    execution: {
      batch: 100,
      concurrency: 8,
      maxLatencyMs: 5,
      maxSlippageBps: 10,
      minConfidence: 0.6,
      queue: 10_000,
      queueTimeoutMs: 5000,
    },
    orders: { reconcileEveryMs: 30_000 },
    router: {
      weights: { liquidity: 0.4, latency: 0.4, fee: 0.2 },
      takerFeeBps: {},
      otherTakerFeeBps: 10,
      minSplitSavingBps: 1,
      maxQuoteAgeMs: 10_000,
    },
    caches: true,
    connections: 20,
    workers: 0,
    busyPoll: "auto",
    orderTransport: "http",
  });
});

test("a config that was checked passes again unchanged, whatever its profile", () => {
  for (const profile of ["none", "development", "production"]) {
    const config = checkConfig({ profile, bus: { batch: 7 } }, "x");
    expect(config.bus.batch).toBe(7);
    expect(checkConfig(config, "x")).toEqual(config);
  }
});

test("every wrong value is named with its path, all at once, and a typing error with what was meant", () => {
  const wrong = {
    seed: -1,
    risk: { maxOrderNotional: 500, instruments: { "AAA/USDT": { maxPosition: "many" } } },
    strategies: [],
    sead: 3,
    jurnal: {},
    journal: { retention: { compressAfterDays: 40, archiveAfterDays: 30 } },
  };
  const message = messageOf(() => checkConfig(wrong, "pitlane.config.ts"));
  expect(message.split("\n")).toEqual([
    "pitlane.config.ts has wrong values:",
    expect.stringMatching(/^ {2}seed: /),
    "  strategies: needs at least one strategy",
    '  risk.maxOrderNotional: must be a decimal number as text, such as "2500.50"',
    '  risk.instruments.AAA/USDT.maxPosition: must be a decimal number as text, such as "2500.50"',
    "  journal.retention.archiveAfterDays: must not be below compressAfterDays: a run is compressed first",
    expect.stringContaining("  sead is not a setting (did you mean seed?); there are profile, seed,"),
    expect.stringContaining("  jurnal is not a setting (did you mean journal?)"),
  ]);
  expect(messageOf(() => checkConfig({ risk: { maxOrderNotional: "0" } }, "x"))).toBe(
    "x has a wrong value:\n  risk.maxOrderNotional: must be above zero",
  );
  for (const [maxDrawdown, message] of [
    ["0.123456789", "must have 8 decimals at most"],
    ["123456789012345678901", "must have 20 digits before the point at most"],
    ["1e3", 'must be a decimal number as text, such as "2500.50"'],
  ])
    expect(messageOf(() => checkConfig({ risk: { maxDrawdown } }, "x"))).toBe(
      `x has a wrong value:\n  risk.maxDrawdown: ${message}`,
    );
  expect(messageOf(() => checkConfig({ risk: { maxOrderNotional: "0.000000001" } }, "x"))).toBe(
    "x has a wrong value:\n  risk.maxOrderNotional: must have 8 decimals at most",
  );
  const weights = (given: object) => messageOf(() => checkConfig({ router: { weights: given } }, "x")).split("\n");
  expect(weights({ fee: -1 })).toEqual(["x has a wrong value:", expect.stringMatching(/^ {2}router.weights.fee: /)]);
  expect(weights({ liquidity: 0, latency: 0, fee: 0 })).toEqual([
    "x has a wrong value:",
    "  router.weights: one weight must be above 0",
  ]);
  expect(messageOf(() => checkConfig([], "x"))).toBe("x has a wrong value:\n  the settings must be an object");
  expect(messageOf(() => checkConfig({ risk: 5 }, "x"))).toContain("  risk: Invalid type");
});

test("a JSON or YAML config is read from the folder or by name; what is missing or broken says so", async () => {
  const cwd = folder();
  expect((await loadConfig(undefined, cwd)).seed).toBe(1);
  writeFileSync(join(cwd, "pitlane.config.json"), '{ "seed": 7 }');
  expect((await loadConfig(undefined, cwd)).seed).toBe(7);
  writeFileSync(join(cwd, "other.json"), "{ seed: 7 }");
  await expect(loadConfig("other.json", cwd)).rejects.toThrow("the config file other.json is not JSON");
  await expect(loadConfig("none.json", cwd)).rejects.toThrow("cannot be read");
  await expect(loadConfig("none.ts", cwd)).rejects.toThrow("there is no file none.ts");

  writeFileSync(join(cwd, "pitlane.config.yaml"), "seed: 8\n");
  await expect(loadConfig(undefined, cwd)).rejects.toThrow(
    "there are pitlane.config.json and pitlane.config.yaml: keep one, or name it with --config",
  );
  expect((await loadConfig("pitlane.config.yaml", cwd)).seed).toBe(8);
  writeFileSync(
    join(cwd, "full.yml"),
    '# limits\nrisk:\n  maxOrderNotional: "500"\n  instruments: { AAA/USDT: { maxPosition: "1" } }\n',
  );
  expect((await loadConfig("full.yml", cwd)).risk).toEqual({
    ...DEFAULT_RISK,
    maxOrderNotional: "500",
    instruments: { "AAA/USDT": { maxPosition: "1" } },
  });
  writeFileSync(join(cwd, "empty.yaml"), "# nothing\n");
  expect((await loadConfig("empty.yaml", cwd)).seed).toBe(1);
  for (const [text, part] of [
    ["seed: 1\nseed: 2\n", "Map keys must be unique at line 2"],
    ["seed: [1\n", "at line"],
    ["risk: *limits\n", "limits"],
  ] as const) {
    writeFileSync(join(cwd, "bad.yaml"), text);
    await expect(loadConfig("bad.yaml", cwd)).rejects.toThrow("the config file bad.yaml is not YAML");
    await expect(loadConfig("bad.yaml", cwd)).rejects.toThrow(part);
  }
});
