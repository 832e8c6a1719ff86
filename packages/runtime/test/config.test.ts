import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkConfig, loadConfig } from "../src/config.ts";

const folder = () => mkdtempSync(join(tmpdir(), "pitlane-config-"));

test("an empty config is every default", () => {
  expect(checkConfig({}, "x")).toEqual({
    seed: 1,
    strategies: [{ use: "@pitlane/plugin-strategies", config: {} }],
    risk: { maxOrderNotional: "1000", maxPositionNotional: "5000", instruments: {} },
    closeTimeoutMs: 5000,
  });
});

test("every wrong value is named with its path, all at once", () => {
  const wrong = {
    seed: -1,
    risk: { maxOrderNotional: "0", instruments: { "AAA/USDT": { maxPosition: "many" } } },
    strategies: [],
    sead: 3,
  };
  const message = (() => {
    try {
      checkConfig(wrong, "pitlane.config.ts");
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  })();
  for (const part of [
    "pitlane.config.ts has wrong values",
    "seed:",
    "risk.maxOrderNotional: must be above zero",
    "risk.instruments.AAA/USDT.maxPosition:",
    "strategies:",
    "sead:",
  ]) {
    expect(message).toContain(part);
  }
});

test("a JSON config is read from the folder or by name; what is missing or broken says so", async () => {
  const cwd = folder();
  expect((await loadConfig(undefined, cwd)).seed).toBe(1);
  writeFileSync(join(cwd, "pitlane.config.json"), '{ "seed": 7 }');
  expect((await loadConfig(undefined, cwd)).seed).toBe(7);
  writeFileSync(join(cwd, "other.json"), "{ seed: 7 }");
  await expect(loadConfig("other.json", cwd)).rejects.toThrow("the config file other.json is not JSON");
  await expect(loadConfig("none.json", cwd)).rejects.toThrow("cannot be read");
  await expect(loadConfig("none.ts", cwd)).rejects.toThrow("there is no file none.ts");
});
