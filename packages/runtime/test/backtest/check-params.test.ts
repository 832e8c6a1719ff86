import type { StandardSchemaV1 } from "@standard-schema/spec";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { checkParams } from "../../src/backtest/check-params.ts";
import { parseParam } from "../../src/backtest/sweep-grid.ts";
import { definePlugin } from "../../src/plugins/define.ts";
import { checkConfigs, nameOf, type PluginEntry } from "../../src/plugins/entry.ts";

const entry = (config: StandardSchemaV1 | undefined, settings?: unknown, name = "ma"): PluginEntry => ({
  plugin: definePlugin({ name, setup: () => {}, ...(config === undefined ? {} : { config }) }),
  ...(settings === undefined ? {} : { config: settings, configPlace: `strategies[0].config.${name}` }),
});
const check = (entries: readonly PluginEntry[], ...texts: readonly string[]) =>
  checkParams(
    texts.map((text) => parseParam(text, entries.map(nameOf))),
    entries,
  );

const byValibot = v.pipe(
  v.object({
    fast: v.optional(v.number(), 5),
    slow: v.optional(v.number(), 20),
    exit: v.optional(v.object({ stop: v.optional(v.number(), 1) }), {}),
  }),
  v.check(({ fast, slow }) => fast < slow),
);
const byZod = z.object({
  fast: z.number().default(5),
  slow: z.number().default(20),
  exit: z.object({ stop: z.number().default(1) }).optional(),
});

describe.each([
  ["valibot", byValibot],
  ["zod", byZod],
])("names that a schema of %s has, and others", (_name, schema) => {
  test.each(["fast=5", "fast=1..4", "slow=6,7", "exit.stop=1..3", "ma.fast=5,6", "ma.exit.stop=2"])(
    "%s is one",
    async (text) => {
      await expect(check([entry(schema)], text)).resolves.toBeUndefined();
    },
  );

  test.each([
    ["fst=5,6,7", "--param fst: fst is not a setting (did you mean fast?); there are fast, slow, exit"],
    ["exit.stp=1", "--param exit.stp: exit.stp is not a setting (did you mean stop?); there is stop"],
    [
      "mma.fast=5,6",
      "mma is not a setting; there are fast, slow, exit, and there is no strategy mma: did you mean ma.fast?",
    ],
    ["other.fast=5", "there is no strategy other: there is ma"],
    ["ma.fst=5", "--param ma.fst: fst is not a setting (did you mean fast?)"],
  ])("%s is none, and the nearest is named", async (text, message) => {
    await expect(check([entry(schema)], text)).rejects.toThrow(message);
  });
});

test("a schema that does not tell its names is asked for what it makes of the values", async () => {
  const opaque = (parse: (input: { fast?: unknown }) => unknown): StandardSchemaV1 => ({
    "~standard": { version: 1, vendor: "own", validate: (input) => ({ value: parse(input as { fast?: unknown }) }) },
  });
  const own = opaque(({ fast = 5 }) => ({ fast }));
  await expect(check([entry(own)], "fast=5")).resolves.toBeUndefined();
  await expect(check([entry(own)], "fst=5,6,7")).rejects.toThrow(
    "--param fst: the schema of the strategy ma drops it, whatever its value",
  );
  await expect(check([entry(own)], "fast=1,2", "fst=1")).rejects.toThrow("--param fst");
  const refusing: StandardSchemaV1 = {
    "~standard": {
      version: 1,
      vendor: "own",
      validate: (input) => ("fast" in (input as object) ? { issues: [{ message: "no" }] } : { value: {} }),
    },
  };
  await expect(check([entry(refusing)], "fast=1")).resolves.toBeUndefined(); // each run will say why not
  await expect(check([entry(v.looseObject({}))], "fast=1")).resolves.toBeUndefined();
  await expect(check([entry(v.record(v.string(), v.number()))], "fast=1")).resolves.toBeUndefined();
});

test("a strategy without a schema has nothing to vary", async () => {
  await expect(check([entry(undefined)], "fast=1,2")).rejects.toThrow(
    "--param fast: the strategy ma has no settings to vary: give it a schema",
  );
});

test("of several strategies each name is looked up in its own, and a prefix that is none is told", async () => {
  const two = [entry(byValibot), entry(v.object({ lots: v.number() }), undefined, "maker")];
  await expect(check(two, "ma.fast=1,2", "maker.lots=1,2")).resolves.toBeUndefined();
  await expect(check(two, "maker.fast=1")).rejects.toThrow("fast is not a setting; there is lots");
  expect(() => check(two, "makr.lots=1")).toThrow(
    "there are 2 strategies; begin the name with one of ma., maker. (did you mean maker.?)",
  );
});

describe("settings", () => {
  test("a name that the schema would drop is refused with its place and the nearest, beside what is wrong otherwise", async () => {
    const wrong = entry(byValibot, { fst: 5, slow: "many", exit: { stop: 1, stp: 2 } });
    await expect(checkConfigs([wrong])).rejects.toThrow(
      /strategies\[0\]\.config\.ma\.fst: fst is not a setting \(did you mean fast\?\).*\n.*ma\.exit\.stp: stp is not a setting \(did you mean stop\?\).*\n.*ma\.slow: /,
    );
    await expect(checkConfigs([entry(byValibot, { slow: "many", fst: 1 })], false)).rejects.toThrow(/^(?!.*slow: )/s);
    await expect(checkConfigs([entry(byValibot, { slow: "many" })], false)).resolves.toBeUndefined();
    await expect(checkConfigs([entry(byValibot, { fast: 1, exit: {} })])).resolves.toBeUndefined();
  });

  test("a strict schema's own word is not told beside ours; open ones take any name", async () => {
    const refused = await checkConfigs([entry(v.strictObject({ fast: v.number() }), { fast: 1, fst: 2 })]).catch(
      String,
    );
    expect(String(refused).match(/fst/g)).toHaveLength(2); // its place, and its name
    await expect(
      checkConfigs([entry(v.looseObject({ fast: v.number() }), { fast: 1, fst: 2 })]),
    ).resolves.toBeUndefined();
    await expect(
      checkConfigs([entry(z.looseObject({ fast: z.number() }), { fast: 1, fst: 2 })]),
    ).resolves.toBeUndefined();
    await expect(checkConfigs([entry(undefined, { any: 1 })])).resolves.toBeUndefined();
  });
});
