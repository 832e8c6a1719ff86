import { defineStrategy, type Plugin } from "pitlane";
import { createTestHost, pluginConformance } from "pitlane/testing";
import { describe, expect, test } from "vitest";
import { type AlgoHandle, arbitrage, bracket, iceberg, pov, trailingStop, twap, vwap } from "../src/index.ts";

/** One parent for each algorithm that needs nothing but the market, on the first instrument of the exchange. */
function trader(handles: AlgoHandle[]): Plugin {
  return defineStrategy({
    name: "trader",
    requires: ["twap", "vwap-execution", "pov", "iceberg", "bracket"],
    setup(ctx) {
      const [instrument] = ctx.instruments;
      if (instrument === undefined) return;
      ctx.on("quote", { instrument }, ({ bidTicks, askTicks }) => {
        if (handles.length > 0) return;
        // About 40 of the quote asset each: several times the smallest order.
        const least = Math.ceil(
          Number(instrument.minNotional) / 10 ** (8 - instrument.priceDecimals - instrument.sizeDecimals) / bidTicks,
        );
        const sizeLots = Math.ceil((least * 8) / instrument.lotIncrement) * instrument.lotIncrement;
        const step = instrument.tickIncrement;
        const parent = { instrument, side: "buy", sizeLots } as const;
        handles.push(ctx.use("twap").start({ ...parent, durationMs: 1_000, slices: 4, jitter: 0.5 }));
        handles.push(ctx.use("vwap-execution").start({ ...parent, durationMs: 1_000, profile: [1, 2, 1] }));
        handles.push(ctx.use("pov").start({ ...parent, rateBps: 5000 }));
        handles.push(
          ctx.use("iceberg").start({
            ...parent,
            priceTicks: askTicks + 20 * step,
            visibleLots: Math.ceil(sizeLots / 3 / instrument.lotIncrement) * instrument.lotIncrement,
          }),
        );
        handles.push(
          ctx
            .use("bracket")
            .start({ ...parent, stopTicks: bidTicks - 3 * step, targetTicks: askTicks + 3 * step, slippageBps: 50 }),
        );
      });
    },
  });
}

async function session() {
  const handles: AlgoHandle[] = [];
  const host = await createTestHost({
    plugin: trader(handles),
    with: [twap, vwap, pov, iceberg, bracket].map((plugin) => ({ plugin })),
    seed: 3,
    market: { model: "random-walk", risk: { maxOrderNotional: "10000", maxPositionNotional: "100000" } },
  });
  await host.run({ ms: 1800 });
  const [instrument] = host.instruments;
  const result = {
    states: handles.map(({ id, state, filledLots, sizeLots }) => ({ id, state, filledLots, sizeLots })),
    position: host.positionLots(instrument!),
    decisions: host.decisions,
    faults: host.faults,
    accepted: host.accepted(),
    logged: host.logged,
  };
  await host.close();
  return result;
}

test("parents are worked on the paper exchange to their exact size, and alike for the same seed", async () => {
  const first = await session();
  expect(first.faults).toEqual([]);
  const byName = new Map(first.states.map((state) => [state.id.replace(/-\d+$/, ""), state]));
  for (const name of ["twap", "vwap-execution", "iceberg"]) {
    expect(byName.get(name)).toMatchObject({ state: "done" });
    expect(byName.get(name)?.filledLots).toBe(byName.get(name)?.sizeLots);
  }
  for (const { filledLots, sizeLots } of first.states) expect(filledLots).toBeLessThanOrEqual(sizeLots);
  expect(byName.get("bracket")?.filledLots).toBeGreaterThan(0);
  const second = await session();
  expect(second.decisions).toEqual(first.decisions);
  expect(second.states).toEqual(first.states);
}, 120_000);

describe("every plugin keeps the rules of plugins", () => {
  for (const plugin of [twap, vwap, iceberg, pov, bracket, trailingStop])
    for (const { name, run } of pluginConformance(plugin, { badConfigs: [{ retryMs: 1 }, { other: 1 }] }))
      test(name, run);
  for (const { name, run } of pluginConformance(arbitrage, { badConfigs: [{ maxAgeMs: 0 }] })) test(name, run);
});
