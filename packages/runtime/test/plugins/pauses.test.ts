import fc from "fast-check";
import { expect, test } from "vitest";
import { defineStrategy, type PluginContext } from "../../src/index.ts";
import { Pauses } from "../../src/plugins/pauses.ts";
import { testInstrument } from "../../src/testing.ts";
import { Stage } from "./stage.ts";

const instrument = testInstrument();
const ORDER = { instrument, side: "buy", type: "limit", timeInForce: "GTC", priceTicks: 10, sizeLots: 5 } as const;

async function setUp() {
  const heard: string[] = [];
  let ctx: PluginContext | undefined;
  const plugin = defineStrategy({
    name: "maker",
    setup(own) {
      ctx = own;
      own.on("quote", () => void heard.push("quote"));
      own.on("order", ({ order }) => void heard.push(`order ${order.state}`));
      own.every(100, () => void heard.push("timer"));
    },
  });
  const stage = await Stage.open([{ plugin }], [instrument]);
  return { stage, heard, ctx: ctx as PluginContext };
}

test("a paused plugin hears its own orders alone, and those that were open are cancelled", async () => {
  const { stage, heard, ctx } = await setUp();
  ctx.submit(ORDER);
  stage.host.applyControl({ kind: "pause", plugin: "maker", by: "dashboard" });
  stage.quote(10);
  stage.tellOrder(stage.orders[0]!);
  expect(stage.host.isPaused(0)).toBe(true);
  expect(heard).toEqual(["order cancelled"]);
  expect(stage.logged.join()).toContain("paused by dashboard");

  stage.host.applyControl({ kind: "resume", plugin: "maker", by: "dashboard" });
  stage.quote(10);
  expect(heard).toEqual(["order cancelled", "quote"]);
  await stage.close();
});

test("what a paused plugin wants is refused with a code", async () => {
  const { stage, ctx } = await setUp();
  stage.host.applyControl({ kind: "pause", plugin: "maker", by: "cli" });
  expect(ctx.submit(ORDER)).toMatchObject({ state: "denied", reason: "PAUSED: maker is paused by an operator" });
  stage.host.applyControl({ kind: "resume", plugin: "maker", by: "cli" });
  expect(ctx.submit(ORDER).state).toBe("accepted");
  await stage.close();
});

test("a timer that comes due while its plugin is paused fires once when it goes on", async () => {
  const { stage, heard } = await setUp();
  stage.host.applyControl({ kind: "pause", plugin: "maker", by: "cli" });
  stage.host.fireTimer(0, 1);
  stage.host.fireTimer(0, 1);
  expect(heard).toEqual([]);
  stage.host.applyControl({ kind: "resume", plugin: "maker", by: "cli" });
  expect(heard).toEqual(["timer"]);
  await stage.close();
});

test("a pause outlives the process by the snapshot, with the timers that wait", async () => {
  const first = await setUp();
  expect(first.stage.host.snapshot()).not.toHaveProperty("paused");
  first.stage.host.applyControl({ kind: "pause", plugin: "maker", by: "cli" });
  first.stage.host.fireTimer(0, 1);
  const snapshot = first.stage.host.snapshot();
  expect(snapshot.paused).toEqual([{ plugin: "maker", timers: [1] }]);
  await first.stage.close();

  const second = await setUp();
  second.stage.host.hydrate(snapshot);
  second.stage.quote(10);
  expect(second.heard).toEqual([]);
  second.stage.host.applyControl({ kind: "resume", plugin: "maker", by: "cli" });
  expect(second.heard).toEqual(["timer"]);
  await second.stage.close();
});

test("a pause or a quarantine after the last snapshot is recovered from its own row", async () => {
  const { stage, heard } = await setUp();
  stage.host.recoverControl({ kind: "pause", plugin: "maker", by: "cli" });
  stage.host.recoverControl({ kind: "pause", plugin: "gone", by: "cli" });
  stage.quote(10);
  expect([heard, stage.host.isPaused(0), stage.logged]).toEqual([[], true, []]);
  stage.host.recoverControl({ kind: "resume", plugin: "maker", by: "cli" });
  stage.quote(10);
  expect(heard).toEqual(["quote"]);
  stage.host.recoverControl({ kind: "quarantine", plugin: "maker", reason: "it failed", onFault: "cancel" });
  expect(stage.host.standing(0)).toBe("quarantined");
  await stage.close();
});

test("the market is kept from a plugin exactly while it is paused or shed", () => {
  const steps = fc.array(fc.constantFrom("pause", "resume", "shed", "restore"), { maxLength: 30 });
  fc.assert(
    fc.property(steps, (list) => {
      let isSpared = false;
      const pauses = new Pauses((_owner, isShed) => {
        isSpared = isShed;
      });
      let isPaused = false;
      let isShed = false;
      for (const each of list) {
        if (each === "pause") pauses.pause(0);
        else if (each === "resume") pauses.resume(0);
        else pauses.shed(0, each === "shed");
        isPaused = each === "pause" || (isPaused && each !== "resume");
        isShed = each === "shed" || (isShed && each !== "restore");
        expect(isSpared).toBe(isPaused || isShed);
        expect(pauses.isPaused(0)).toBe(isPaused);
      }
    }),
  );
});
