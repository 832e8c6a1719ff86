import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createSystemClock } from "@pitlane/perf";
import { expect, test } from "vitest";
import { definePlugin } from "../../src/plugins/define.ts";
import { type HostServices, PluginHost } from "../../src/plugins/host.ts";
import { testInstrument } from "../../src/testing.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const LOADS = 1000;
const instruments = [testInstrument()];

test("loading and unloading 1,000 times leaves no timer, no handle and no object behind", async () => {
  const timers = new Set<string>();
  let closed = 0;
  let aborted = 0;
  const services: HostServices = {
    instruments,
    submit: () => {
      throw new Error("nobody trades here");
    },
    cancel: () => {},
    openOrders: () => [],
    book: () => undefined,
    quote: () => undefined,
    positionLots: () => 0,
    balance: () => 0n,
    nowUs: () => 0,
    log: () => {},
    setTimer: (owner, id) => void timers.add(`${owner} ${id}`),
    clearTimer: (owner, id) => void timers.delete(`${owner} ${id}`),
  };
  // Makes one of everything that a scope can make, and something large enough to be missed by no measure.
  const greedy = definePlugin({
    name: "greedy",
    provides: ["bulk"],
    setup(ctx) {
      const bulk = new Float64Array(2_500); // 20 kB
      ctx.on("quote", () => void bulk.fill(1));
      ctx.vote("intent", () => ({ allowed: bulk.length > 0 }) as never);
      ctx.every(1000, () => void bulk.fill(2));
      ctx.after(1000, () => void bulk.fill(3));
      ctx.state.set("bulk", Array.from(bulk.subarray(0, 10)));
      ctx.metrics
        .counter("events_total", { help: "Events.", labels: ["kind"] })
        .labels({ kind: "quote" })
        .inc();
      ctx.perf.tokenBucket({ capacity: 10, tokensPerSecond: 1 });
      ctx.perf.objectPool({ create: () => ({ bulk }), initial: 10 });
      ctx.perf.bufferPool({ buffers: 4 });
      ctx.perf.cache<number>();
      ctx.perf.knob({ name: "size", min: 1, max: 10, get: () => bulk.length, set: () => {} });
      ctx.provide("bulk" as never, bulk as never);
      ctx.signal.addEventListener("abort", () => {
        aborted += bulk.length > 0 ? 1 : 0;
      });
      ctx.onClose(() => {
        closed += bulk.length > 0 ? 1 : 0;
      });
      return { snapshot: () => bulk.length };
    },
  });
  const clock = createSystemClock();
  const scopes: WeakRef<PluginHost>[] = [];
  const handlesBefore = process.getActiveResourcesInfo().length;
  const load = async () => {
    const host = await PluginHost.open({ entries: [{ plugin: greedy }], services, clock, seed: 1 });
    expect(host.counts(0)).toMatchObject({ hooks: 1, votes: 1, timers: 2, provided: 1, knobs: 1, keys: 1 });
    expect(timers.size).toBe(2);
    await host.close();
    expect(Object.values(host.counts(0)).every((count) => count === 0)).toBe(true);
    scopes.push(new WeakRef(host));
  };
  const usedAfterGc = async () => {
    // What ended promises held goes with a turn of the event loop.
    await new Promise((resolve) => setTimeout(resolve, 0));
    collect();
    collect();
    return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  };
  for (let i = 0; i < 50; i++) await load();
  const before = await usedAfterGc();
  for (let i = 0; i < LOADS; i++) await load();
  const after = await usedAfterGc();
  expect(timers.size).toBe(0);
  expect([closed, aborted]).toEqual([LOADS + 50, LOADS + 50]);
  expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(handlesBefore + 1);
  expect(scopes.filter((scope) => scope.deref() !== undefined).length).toBeLessThan(5);
  // Each load holds 20 kB: a leak of all would be 20 MB.
  expect(after - before).toBeLessThan(2e6);
}, 120_000);
