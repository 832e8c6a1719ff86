import * as v from "valibot";
import { expect, test } from "vitest";
import { definePlugin, defineStrategy, isPlugin } from "../../src/plugins/define.ts";
import { createTestHost, testInstrument } from "../../src/testing.ts";

const instruments = [testInstrument(), testInstrument({ symbol: "BBB/USDT" })];

test("a plugin needs a kebab-case name and a setup", () => {
  expect(isPlugin(definePlugin({ name: "fine-2", setup() {} }))).toBe(true);
  for (const name of ["", "Bad", "has space", "1st"])
    expect(() => definePlugin({ name, setup() {} })).toThrow("must be kebab case");
  expect(() => definePlugin({ name: "x" } as never)).toThrow("plugin x has no setup function");
});

test("hooks hear the instruments they asked for", async () => {
  const heard: string[] = [];
  const host = await createTestHost({
    instruments,
    plugin: defineStrategy({
      name: "listener",
      setup(ctx) {
        ctx.on("quote", (quote) => heard.push(`all ${quote.instrument.symbol}`));
        ctx.on("quote", { instrument: "BBB/USDT" }, (quote) => heard.push(`one ${quote.instrument.symbol}`));
      },
    }),
  });
  host.quote({ bidTicks: 1, askTicks: 2 });
  host.quote({ bidTicks: 1, askTicks: 2, instrument: instruments[1]! });
  expect(heard).toEqual(["all AAA/USDT", "all BBB/USDT", "one BBB/USDT"]);
});

test("a plugin's config is checked by its own schema, defaults filled in", async () => {
  let seen: unknown;
  const plugin = defineStrategy({
    name: "tuned",
    config: v.object({
      size: v.optional(v.pipe(v.number(), v.minValue(1, "at least 1")), 3),
      name: v.string("needs a name"),
    }),
    setup: (ctx) => {
      seen = ctx.config.size;
    },
  });
  await createTestHost({ plugin, instruments, config: { name: "a" } });
  expect(seen).toBe(3);
  await expect(createTestHost({ plugin, instruments, config: { size: 0, name: 5 } })).rejects.toThrow(
    "the config of strategy tuned is wrong:\n  size: at least 1\n  name: needs a name",
  );
});

test("a setup that throws, an unknown symbol and a late registration are named with their plugin", async () => {
  const of = (setup: Parameters<typeof defineStrategy>[0]["setup"]) =>
    createTestHost({ instruments, plugin: defineStrategy({ name: "bad", setup }) });
  await expect(
    of(() => {
      throw new Error("boom");
    }),
  ).rejects.toThrow("strategy bad failed in setup: boom");
  await expect(of((ctx) => void ctx.instrument("ZZZ/USDT"))).rejects.toThrow(
    "no instrument ZZZ/USDT in this session; there are AAA/USDT, BBB/USDT",
  );
  const host = await of((ctx) => ctx.on("quote", () => ctx.on("trade", () => {})));
  expect(() => host.quote({ bidTicks: 1, askTicks: 2 })).toThrow('bad called ctx.on("trade") after setup');
});
