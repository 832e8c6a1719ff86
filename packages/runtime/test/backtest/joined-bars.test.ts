import { expect, test } from "vitest";
import type { BarColumns } from "../../src/backtest/columns.ts";
import { BarColumnsBuilder } from "../../src/backtest/columns-builder.ts";
import type { BuiltBarEvent } from "../../src/engines/bars.ts";
import { definePlugin } from "../../src/plugins/define.ts";
import { coin, run, START_US } from "./setup.ts";

const MINUTE_US = 60_000_000;

/** Bars of a minute at these minutes from the start; in the n-th, prices lie around 100 + n, and n lots were traded. */
function minutes(...at: readonly number[]): BarColumns {
  const builder = new BarColumnsBuilder(MINUTE_US);
  for (const n of at) builder.push(START_US + n * MINUTE_US, 100 + n, 105 + n, 95 + n, 101 + n, n);
  return builder.finish();
}

async function heard(columns: BarColumns, every: "1m" | "5m" | "15m", events: "fresh" | "reused" = "reused") {
  const bars: BuiltBarEvent[] = [];
  const order: string[] = [];
  const plugin = definePlugin({
    name: "listening",
    setup(ctx) {
      ctx.on("bar", { instrument: coin }, () => void order.push(`row ${(ctx.nowUs() - START_US) / MINUTE_US}`));
      ctx.on("bar", { instrument: coin, every }, (bar) => {
        bars.push({ ...bar });
        order.push(`${bar.interval} ${(ctx.nowUs() - START_US) / MINUTE_US}`);
      });
    },
  });
  await run(plugin, columns, { events });
  return { bars, order };
}

test.each(["reused", "fresh"] as const)(
  "five minutes are one bar, heard after its last minute (%s events)",
  async (events) => {
    const { bars, order } = await heard(minutes(0, 1, 2, 3, 4, 5), "5m", events);
    expect(bars).toEqual([
      expect.objectContaining({
        interval: "5m",
        startUs: START_US,
        endUs: START_US + 5 * MINUTE_US,
        openTicks: 100,
        highTicks: 109,
        lowTicks: 95,
        closeTicks: 105,
        volumeLots: 10,
        hasGap: false,
        isClosed: true,
      }),
    ]);
    expect(order.slice(3)).toEqual(["row 4", "row 5", "5m 5", "row 6"]);
  },
);

test("a bar with minutes missing says so: at its end it is closed by the next one, in the midst at its own", async () => {
  const { bars, order } = await heard(minutes(3, 4, 5, 6, 10, 11, 12, 14, 25), "5m");
  expect(bars.map(({ startUs, hasGap, closeTicks }) => [(startUs - START_US) / MINUTE_US, hasGap, closeTicks])).toEqual(
    [
      [0, true, 105],
      [5, true, 107],
      [10, true, 115],
    ],
  );
  expect(order).toEqual([
    ...["row 4", "row 5", "5m 5", "row 6", "row 7"],
    ...["5m 11", "row 11", "row 12", "row 13", "row 15", "5m 15", "row 26"],
  ]);
});

test("several lengths are joined side by side, each for its own hooks", async () => {
  const all = Array.from({ length: 31 }, (_, n) => n);
  expect((await heard(minutes(...all), "15m")).bars.map(({ volumeLots }) => volumeLots)).toEqual([105, 330]);
  expect((await heard(minutes(...all), "1m")).bars).toHaveLength(31);
});

test.each(["reused", "fresh"] as const)(
  "strategies hear of missing bars before the next one (%s events)",
  async (events) => {
    const told: unknown[] = [];
    const plugin = definePlugin({
      name: "listening",
      setup(ctx) {
        const minute = () => (ctx.nowUs() - START_US) / MINUTE_US;
        ctx.on("bar", () => void told.push(`bar ${minute()}`));
        ctx.on("gap", ({ channel, reason }) => void told.push(`gap ${minute()} ${channel}: ${reason}`));
        ctx.on("resync", ({ channel, missing }) => void told.push(`resync ${minute()} ${channel}: ${missing}`));
      },
    });
    await run(plugin, minutes(0, 1, 4, 5, 7), { events });
    expect(told).toEqual([
      ...["bar 1", "bar 2", "gap 5 bar: 2 bars are missing in the data", "resync 5 bar: 2", "bar 5", "bar 6"],
      ...["gap 8 bar: 1 bars are missing in the data", "resync 8 bar: 1", "bar 8"],
    ]);
  },
);
