import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { definePlugin, type PluginContext, type PluginDefinition } from "../../src/plugins/define.ts";
import { PermissionError, PluginBootError, PluginClosedError } from "../../src/plugins/errors.ts";
import type { Json } from "../../src/plugins/state.ts";
import { toJson } from "../../src/plugins/state.ts";
import { createTestHost, testInstrument } from "../../src/testing.ts";

declare module "../../src/plugins/needs.ts" {
  interface Capabilities {
    readonly mid: { ticks(): number };
  }
}

const instrument = testInstrument();
const instruments = [instrument];
const QUOTE = { bidTicks: 100, askTicks: 102 };

async function setUp(setup: PluginDefinition["setup"], definition: Partial<PluginDefinition> = {}) {
  let ctx: PluginContext | undefined;
  const plugin = definePlugin({
    name: "me",
    ...definition,
    setup: (given) => {
      ctx = given;
      return setup(given);
    },
  });
  const host = await createTestHost({ plugin, instruments });
  return { host, plugin, ctx: ctx! };
}

describe("timers", () => {
  test("fire on the session's time, in order, repeated ones again and again, until cleared", async () => {
    const fired: string[] = [];
    const { host, ctx } = await setUp((given) => {
      given.every(100, () => fired.push(`every at ${(given.nowUs() - startUs) / 1000}`));
      given.after(250, () => fired.push("once"));
    });
    const startUs = ctx.nowUs();
    host.advance({ ms: 99 });
    expect(fired).toEqual([]);
    host.advance({ ms: 1 });
    host.advance({ ms: 200 });
    expect(fired).toEqual(["every at 100", "every at 200", "once", "every at 300"]);
    const timer = ctx.after(10, () => fired.push("never"));
    timer.clear();
    expect(timer.isSet).toBe(false);
    host.advance({ ms: 50 });
    expect(fired).toHaveLength(4);
  });

  test("one that throws or returns a promise is a fault of its plugin, ten of which take it out", async () => {
    const { host } = await setUp((ctx) => {
      ctx.every(10, () => {
        throw new Error("boom");
      });
      ctx.after(5, (async () => {
        throw new Error("unheard");
      }) as never);
    });
    host.advance({ ms: 10 });
    expect(host.logged).toEqual([
      "its timer failed: it returned a promise: hot hooks are synchronous",
      "its timer failed: boom",
    ]);
    host.advance({ ms: 1000 });
    expect(host.plugins.standing(0)).toBe("quarantined");
    expect(host.logged.filter((line) => line.includes("boom"))).toHaveLength(10); // nine failures and the last word
    expect(host.plugins.counts(0).timers).toBe(0);
  });

  test("need a permission, sensible times and an end to their number", async () => {
    const { ctx } = await setUp(() => {}, { permissions: { timers: false } });
    expect(() => ctx.every(10, () => {})).toThrow(PermissionError);
    const free = await setUp(() => {});
    expect(() => free.ctx.every(0, () => {})).toThrow("from 1 to");
    for (let i = 0; i < 1000; i++) free.ctx.after(10, () => {});
    expect(() => free.ctx.after(10, () => {})).toThrow("1,000 timers are set");
  });
});

describe("capabilities", () => {
  const mid = definePlugin({
    name: "mid-plugin",
    version: "1.1.0",
    provides: ["mid"],
    setup(ctx) {
      let ticks = 0;
      ctx.on("quote", ({ bidTicks, askTicks }) => {
        ticks = (bidTicks + askTicks) / 2;
      });
      ctx.provide("mid", { ticks: () => ticks });
    },
  });

  test("a handle is there in setup, and its plugin hears events first", async () => {
    const seen: number[] = [];
    const user = definePlugin({
      name: "user",
      requires: { mid: "^1.0.0" },
      setup(ctx) {
        const handle = ctx.use("mid");
        ctx.on("quote", () => seen.push(handle.ticks()));
      },
    });
    const host = await createTestHost({ plugin: user, with: [{ plugin: mid }], instruments });
    host.quote(QUOTE);
    expect(seen).toEqual([101]);
    expect(host.plugins.bootTree.map(({ name, uses, provides }) => ({ name, uses, provides }))).toEqual([
      { name: "mid-plugin", uses: [], provides: ["mid"] },
      { name: "user", uses: ["mid-plugin"], provides: [] },
    ]);
  });

  test("an optional one is undefined when nothing provides it; an undeclared one is refused", async () => {
    let handle: unknown = "untouched";
    await setUp(
      (ctx) => {
        handle = ctx.useOptional("mid");
        expect(() => ctx.use("mid")).toThrow("me uses mid: name it in its `requires`");
      },
      { optional: ["mid"] },
    );
    expect(handle).toBeUndefined();
  });

  test("what is promised must be provided, and what is provided must be promised", async () => {
    await expect(setUp(() => {}, { provides: ["mid"] })).rejects.toMatchObject({
      code: "PLUGIN_NOT_PROVIDED",
      path: ["me", "mid"],
    });
    await expect(setUp((ctx) => ctx.provide("mid", { ticks: () => 0 }))).rejects.toThrow("me provides mid: name it");
  });

  test("new code for a provider starts those who use it anew, on the new handle, with their state", async () => {
    const seen: string[] = [];
    const user = definePlugin({
      name: "user",
      requires: ["mid"],
      setup(ctx) {
        const handle = ctx.use("mid");
        ctx.on("quote", () => {
          ctx.state.set("count", Number(ctx.state.get("count") ?? 0) + 1);
          seen.push(`${ctx.state.get("count")}: ${handle.ticks()}`);
        });
      },
    });
    const host = await createTestHost({ plugin: user, with: [{ plugin: mid }], instruments });
    host.quote(QUOTE);
    const doubled = definePlugin({
      name: "mid-plugin",
      version: "1.2.0",
      provides: ["mid"],
      setup: (ctx) => ctx.provide("mid", { ticks: () => 2002 }),
    });
    const report = await host.plugins.swap("mid-plugin", doubled);
    expect(report).toMatchObject({ fromVersion: "1.1.0", toVersion: "1.2.0", dependents: ["user"] });
    host.quote(QUOTE);
    expect(seen).toEqual(["1: 101", "2: 2002"]);
  });
});

describe("permissions and budgets at submit", () => {
  const intent = { instrument, side: "buy", type: "limit", priceTicks: 10_000, sizeLots: 1000 } as const;

  test("what is not permitted is an order denied with a code, and never goes further", async () => {
    const { host, ctx } = await setUp(() => {}, { permissions: { maxNotional: "50" } });
    expect(ctx.submit(intent)).toMatchObject({
      state: "denied",
      reason: expect.stringMatching(/^PERMISSION_NOTIONAL: /),
    });
    expect(ctx.submit({ ...intent, sizeLots: 500 }).state).toBe("accepted");
    expect(host.orders).toHaveLength(2);
  });

  test("more orders a minute than the budget are denied; the next minute has its own", async () => {
    const { host, ctx } = await setUp(() => {}, { budgets: { ordersPerMinute: 3 } });
    const states = Array.from({ length: 5 }, () => ctx.submit(intent).state);
    expect(states).toEqual(["accepted", "accepted", "accepted", "denied", "denied"]);
    expect(host.orders[3]!.reason).toMatch(/^ORDER_BUDGET: me has used up its 3 orders of this minute/);
    host.advance({ ms: 60_000 });
    expect(ctx.submit(intent).state).toBe("accepted");
  });

  test("a flood is contained: its author is taken out, and what is open is cancelled", async () => {
    const { host, ctx } = await setUp(() => {}, { budgets: { ordersPerMinute: 3 } });
    for (let i = 0; i < 40; i++) ctx.submit(intent);
    expect(host.plugins.standing(0)).toBe("quarantined");
    expect(host.orders.filter((order) => order.isOpen)).toEqual([]);
  });

  test("who was taken out, and what was ordered this minute, outlives a restart", async () => {
    const budgets = { ordersPerMinute: 3 };
    const { host, ctx, plugin } = await setUp(() => {}, { budgets });
    for (let i = 0; i < 3; i++) ctx.submit(intent);
    const early = await createTestHost({ plugin, instruments, snapshot: JSON.parse(JSON.stringify(host.snapshot())) });
    expect(early.plugins.standing(0)).toBe("active");
    expect(early.snapshot().orders).toEqual(host.snapshot().orders);
    for (let i = 0; i < 40; i++) ctx.submit(intent);
    const late = await createTestHost({ plugin, instruments, snapshot: JSON.parse(JSON.stringify(host.snapshot())) });
    expect(late.plugins.standing(0)).toBe("quarantined");
  });

  test("`hold` leaves orders alone; `flatten` closes the position once nothing is open any more", async () => {
    const hold = await setUp(() => {}, { onFault: "hold", budgets: { ordersPerMinute: 3 } });
    for (let i = 0; i < 40; i++) hold.ctx.submit(intent);
    expect(hold.host.orders.filter((order) => order.isOpen)).toHaveLength(3);
    const flat = await setUp(() => {}, { onFault: "flatten", budgets: { ordersPerMinute: 3 } });
    const order = flat.ctx.submit(intent);
    flat.host.fill(order as never, 10_000, 600);
    for (let i = 0; i < 40; i++) flat.ctx.submit(intent);
    const [closing] = flat.host.orders.filter(({ intent: { type } }) => type === "market");
    expect(closing?.intent).toEqual({ instrument, side: "sell", type: "market", sizeLots: 600 });
    flat.host.fill(closing!);
    expect(flat.host.orders.filter(({ intent: { type } }) => type === "market")).toHaveLength(1);
  });

  test("a flatten that the venue refuses is tried three times and then told", async () => {
    const { host, ctx } = await setUp(() => {}, { onFault: "flatten", budgets: { ordersPerMinute: 2 } });
    host.fill(ctx.submit(intent) as never);
    for (let i = 0; i < 40; i++) ctx.submit(intent);
    const closing = () => host.orders.filter(({ intent: { type } }) => type === "market");
    for (let i = 0; i < 5; i++) for (const order of closing()) if (order.isOpen) host.reject(order);
    expect(closing()).toHaveLength(3);
    expect(host.logged.at(-1)).toBe("its position is not closed after 3 tries: sell 1000 lots of test:AAA/USDT would");
  });
});

describe("randomness", () => {
  const draws = async (seed: number, name: string) => {
    const numbers: number[] = [];
    const plugin = definePlugin({ name, setup: (ctx) => void numbers.push(ctx.random.next(), ctx.random.next()) });
    await createTestHost({ plugin, instruments, seed });
    return numbers;
  };

  test("is fixed by the seed and the name", async () => {
    expect(await draws(1, "a")).toEqual(await draws(1, "a"));
    expect(await draws(1, "a")).not.toEqual(await draws(2, "a"));
    expect(await draws(1, "a")).not.toEqual(await draws(1, "b"));
  });
});

describe("snapshot and hydrate", () => {
  const averager = (version: string, log: number[]) =>
    definePlugin({
      name: "averager",
      version,
      state: z.object({ sum: z.number(), count: z.number() }),
      setup(ctx) {
        let state = { sum: 0, count: 0 };
        ctx.every(100, () => void log.push(ctx.random.next()));
        ctx.on("trade", ({ priceTicks }) => {
          state = { sum: state.sum + priceTicks, count: state.count + 1 };
          ctx.state.set("last", priceTicks);
          log.push(state.sum / state.count, ctx.random.next());
        });
        return {
          snapshot: () => state,
          hydrate: (old) => {
            state = old;
          },
        };
      },
    });

  test("a plugin that goes on and one that starts from the snapshot do the same from there", async () => {
    const script = fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(script, script, fc.integer({ min: 0, max: 350 }), async (before, after, ms) => {
        const live: number[] = [];
        const first = await createTestHost({ plugin: averager("1.0.0", live), instruments });
        for (const priceTicks of before) first.trade({ priceTicks });
        first.advance({ ms });
        const snapshot = JSON.parse(JSON.stringify(first.snapshot()));
        live.length = 0;
        const again: number[] = [];
        const second = await createTestHost({ plugin: averager("1.0.0", again), instruments, snapshot });
        second.advance({ ms }); // the same moment: its timer is due when the first one's is
        again.length = 0;
        for (const host of [first, second]) {
          for (const priceTicks of after) {
            host.trade({ priceTicks });
            host.advance({ ms: 60 });
          }
          await host.close();
        }
        expect(again).toEqual(live);
      }),
      { numRuns: 40 },
    );
  });

  test("state that does not pass its schema, or has nowhere to go, is refused by name", async () => {
    const host = await createTestHost({ plugin: averager("1.0.0", []), instruments });
    const good = host.snapshot().plugins["averager"]!;
    const bad = { ...host.snapshot(), plugins: { averager: { ...good, own: { sum: "x", count: 0 } } } };
    const start = (plugin: ReturnType<typeof averager>) => createTestHost({ plugin, instruments, snapshot: bad });
    await expect(start(averager("1.0.0", []))).rejects.toMatchObject({ code: "PLUGIN_STATE" });
    await expect(start(averager("1.0.0", []))).rejects.toThrow("sum: Invalid input: expected number");
    await expect(start(definePlugin({ name: "averager", setup() {} }))).rejects.toThrow(
      "no hydrate function to take it",
    );
    // From another version hydrate is asked, and what it made must pass.
    await expect(start(averager("2.0.0", []))).rejects.toThrow("what it made of the state of version 1.0.0");
  });

  test("a snapshot that throws costs its own part; keys are kept", async () => {
    const { host, ctx } = await setUp(() => ({
      snapshot: () => {
        throw new Error("boom");
      },
    }));
    ctx.state.set("kept", [1, "two", null, { three: true }]);
    const { me } = host.snapshot().plugins;
    expect(me).toMatchObject({ lost: "boom", keys: { kept: [1, "two", null, { three: true }] } });
    expect(host.logged).toEqual(["its snapshot failed: boom"]);
  });

  test("only what JSON carries unchanged may be kept, told by its place", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(toJson("me", JSON.parse(text)))).toBe(text);
      }),
      { examples: [[{ ["__proto__"]: 0 }], [[{ ["__proto__"]: { a: [] } }]]] },
    );
    for (const bad of [undefined, Number.NaN, 1n, new Map(), () => {}, new Date(0)] as unknown as Json[])
      expect(() => toJson("me", { deep: [0, bad] })).toThrow(/holds a .* at state\.deep\[1\]/);
  });
});

describe("hot swap", () => {
  const counter = (version: string, step: number, more: Partial<PluginDefinition> = {}) =>
    definePlugin({
      name: "counter",
      version,
      ...more,
      setup(ctx) {
        let count = 0;
        ctx.every(10, () => {});
        ctx.on("quote", () => {
          count += step;
          if (count === 1) ctx.submit({ instrument, side: "buy", type: "limit", priceTicks: 100, sizeLots: 100_000 });
          ctx.log(`count ${count}, open ${ctx.openOrders().length}`);
        });
        return {
          snapshot: () => count,
          hydrate: (old, fromVersion) => {
            if (fromVersion === "9.0.0") throw new Error("cannot read that");
            count = old as number;
          },
        };
      },
    });

  test("state and orders stay, code changes, the old scope is gone", async () => {
    const host = await createTestHost({ plugin: counter("1.0.0", 1), instruments });
    host.quote(QUOTE);
    host.quote(QUOTE);
    await host.swap(counter("1.1.0", 100));
    host.quote(QUOTE);
    expect(host.logged).toEqual(["count 1, open 1", "count 2, open 1", "count 102, open 1"]);
    expect(host.plugins.counts(0)).toMatchObject({ hooks: 1, timers: 1 });
  });

  test("code that fails to start, or cannot take the state, leaves the old one running as it was", async () => {
    const host = await createTestHost({ plugin: counter("9.0.0", 1), instruments });
    host.quote(QUOTE);
    const broken = definePlugin({
      name: "counter",
      setup: (ctx) => {
        ctx.every(5, () => {});
        throw new Error("typo");
      },
    });
    await expect(host.swap(broken)).rejects.toThrow("strategy counter failed in setup: typo");
    await expect(host.swap(counter("9.1.0", 50))).rejects.toThrow(
      "cannot take its state from version 9.0.0: cannot read that",
    );
    await expect(host.swap(counter("9.1.0", 50, { requires: ["nothing"] }))).rejects.toBeInstanceOf(PluginBootError);
    host.quote(QUOTE);
    expect(host.logged).toEqual(["count 1, open 1", "count 2, open 1"]);
    expect(host.plugins.counts(0)).toMatchObject({ hooks: 1, timers: 1 });
  });

  test("a context kept from the old code does nothing any more", async () => {
    const { host, ctx } = await setUp(() => {});
    await host.swap(definePlugin({ name: "me", setup() {} }));
    const intent = { instrument, side: "buy", type: "market", sizeLots: 1 } as const;
    for (const act of [() => ctx.submit(intent), () => ctx.after(1, () => {}), () => ctx.onClose(() => {})])
      expect(act).toThrow(PluginClosedError);
    expect(ctx.signal.aborted).toBe(true);
  });
});

describe("the end", () => {
  test("closes in reverse order, to the end, whatever fails on the way", async () => {
    const order: string[] = [];
    const { host } = await setUp((ctx) => {
      ctx.onClose(() => void order.push("first registered"));
      ctx.onClose(() => {
        throw new Error("stuck");
      });
      ctx.onClose(async () => void order.push("last registered"));
      return { close: () => void order.push("instance") };
    });
    await host.close();
    await host.close();
    expect(order).toEqual(["instance", "last registered", "first registered"]);
    expect(host.logged).toEqual(["closing failed: stuck"]);
    expect(Object.values(host.plugins.counts(0))).toEqual(Object.values(host.plugins.counts(0)).map(() => 0));
  });

  test("those that use a capability end before what provides it", async () => {
    const order: string[] = [];
    const ends = (name: string, more: Partial<PluginDefinition>) =>
      definePlugin({ name, ...more, setup: (ctx) => ctx.onClose(() => void order.push(name)) });
    const host = await createTestHost({
      plugin: ends("user", { requires: ["base"] }),
      with: [{ plugin: ends("base", {}) }],
      instruments,
    });
    await host.close();
    expect(order).toEqual(["user", "base"]);
  });
});

test("metrics and knobs carry the plugin's name", async () => {
  const { host, ctx } = await setUp((given) => {
    given.metrics.counter("signals_total", { help: "Signals." }).inc(2);
    given.perf.knob({ name: "size", min: 1, max: 10, get: () => 3, set: () => {} });
  });
  expect(host.plugins.metrics().metrics).toMatchObject([{ name: "plugin_me_signals_total", series: [{ value: 2 }] }]);
  expect(host.plugins.knobs().map(({ name }) => name)).toEqual(["me/size"]);
  expect(() => ctx.perf.knob({ name: "size", min: 1, max: 10, get: () => 3, set: () => {} })).toThrow("two knobs");
});

test("a limiter of the scope runs on the session's time", async () => {
  const { host, ctx } = await setUp(() => {});
  const bucket = ctx.perf.tokenBucket({ capacity: 2, tokensPerSecond: 1 });
  expect([bucket.tryTake(), bucket.tryTake(), bucket.tryTake()]).toEqual([true, true, false]);
  host.advance({ ms: 1000 });
  expect([bucket.tryTake(), bucket.tryTake()]).toEqual([true, false]);
});

test("a hook that returns a promise does not compile", () => {
  definePlugin({
    name: "typed",
    setup(ctx) {
      ctx.on("quote", ({ bidTicks }) => void bidTicks);
      ctx.on("quote", () => 5);
      ctx.on("quote", () => new Map());
      // @ts-expect-error a hot hook is synchronous
      ctx.on("quote", async () => {});
      // @ts-expect-error a timer's function too
      ctx.every(10, () => Promise.resolve(1));
    },
  });
});
