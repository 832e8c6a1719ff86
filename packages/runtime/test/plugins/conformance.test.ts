import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { definePlugin, type PluginContext } from "../../src/plugins/define.ts";
import { PluginConformanceError, type PluginConformanceOptions, pluginConformance } from "../../src/testing.ts";

/** Crosses the spread at random, remembers how often, and works by timer as well: everything that has to survive a restart. */
const trader = definePlugin({
  name: "trader",
  version: "1.0.0",
  config: v.object({ share: v.optional(v.number(), 0.1) }),
  state: v.object({ seen: v.number() }),
  setup(ctx) {
    let seen = 0;
    for (const instrument of ctx.instruments) {
      ctx.on("quote", { instrument }, ({ askTicks }) => {
        seen++;
        if (ctx.random.next() > ctx.config.share || ctx.openOrders(instrument).length > 0) return;
        ctx.submit({
          instrument,
          side: "buy",
          type: "limit",
          timeInForce: "IOC",
          priceTicks: askTicks,
          sizeLots: 100 + (seen % 7),
        });
      });
    }
    ctx.every(1000, () => {
      ctx.state.set("beats", Number(ctx.state.get("beats") ?? 0) + 1);
      for (const order of ctx.openOrders()) ctx.cancel(order);
    });
    return {
      snapshot: () => ({ seen }),
      hydrate: (old) => {
        seen = old.seen;
      },
    };
  },
});

describe("a plugin that keeps the rules", () => {
  for (const { name, run } of pluginConformance(trader, { badConfigs: [{ share: "much" }] })) test(name, run);
});

const breaks = async (rule: string, setup: (ctx: PluginContext) => unknown, options: PluginConformanceOptions = {}) => {
  const plugin = definePlugin({ name: "breaker", setup: setup as never });
  const broken: string[] = [];
  for (const { name, run } of pluginConformance(plugin, { steps: 100, ...options })) {
    const error = await run().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error !== undefined) broken.push(name);
    if (name.includes(rule)) return error;
  }
  throw new Error(`no rule says "${rule}"`);
};

const buy = (ctx: PluginContext, sizeLots: number) =>
  void ctx.submit({ instrument: ctx.instruments[0]!, side: "buy", type: "market", sizeLots });

test("one that looks at what an earlier run left is found out", async () => {
  let left = 0;
  const error = await breaks("same decisions", (ctx) => ctx.on("quote", () => buy(ctx, 1000 + left++)));
  expect(error).toBeInstanceOf(PluginConformanceError);
  expect((error as Error).message).toMatch(/the same seed gave other decisions.*first difference: {2}"sizeLots"/);
});

test("one that throws at a hole in the stream is found out", async () => {
  const error = await breaks("holes", (ctx) =>
    ctx.on("gap", () => {
      throw new Error("did not expect that");
    }),
  );
  expect((error as Error).message).toBe("did not expect that");
});

test("one whose hook returns a promise is found out", async () => {
  const error = await breaks("no promise", (ctx) => ctx.on("quote", (async () => {}) as never));
  expect(error).toMatchObject({ code: "HOOK_RETURNED_PROMISE" });
});

test("one that forgets what it decides by is found out", async () => {
  const error = await breaks("never stopped", (ctx) => {
    let count = 0;
    ctx.on("quote", () => {
      ctx.state.set("anything", 1);
      buy(ctx, 1000 + ++count);
    });
  });
  expect((error as Error).message).toContain("something that decides is not in it");
});

test("one that fails to close is found out", async () => {
  const error = await breaks("leaves nothing", (ctx) =>
    ctx.onClose(() => {
      throw new Error("stuck");
    }),
  );
  expect((error as Error).message).toBe("closing failed: stuck");
});

test("one that takes any settings is found out when some are named that it must refuse", async () => {
  const error = await breaks("refuses settings", () => {}, { badConfigs: [{ size: -1 }] });
  expect((error as Error).message).toBe("it has no schema, and takes any settings");
});

test("one that shapes into what does not fit, or otherwise at the same moment, is found out", async () => {
  const half = await breaks("shapes orders", (ctx) =>
    ctx.shape("intent", ({ sizeLots }) => ({ sizeLots: sizeLots / 2 })),
  );
  expect(half).toBeInstanceOf(PluginConformanceError);
  expect((half as Error).message).toMatch(/shaping \{.*\} failed: .*sizeLots of a shape hook is/);
  let left = 1;
  const moody = await breaks("shapes orders", (ctx) =>
    ctx.shape("intent", ({ type }) => (type === "limit" ? { timeInForce: left++ % 2 === 0 ? "IOC" : "GTC" } : {})),
  );
  expect((moody as Error).message).toContain("the same intent was shaped otherwise at the same moment");
});
