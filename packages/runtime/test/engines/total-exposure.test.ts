import { notionalUnits } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { OpenExposure } from "../../src/engines/exposure.ts";
import { isReducing } from "../../src/engines/risk.ts";
import { TotalExposure } from "../../src/engines/total-exposure.ts";
import { type Intent, Order } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";

const instruments = ["AAA", "BBB", "CCC"].map((base) =>
  testInstrument({ id: `test:${base}/USDT`, symbol: `${base}/USDT`, base }),
);
const foreign = testInstrument({ id: "test:AAA/EUR", symbol: "AAA/EUR", quote: "EUR" });
const all = [...instruments, foreign];
const twiceMids = [2001, 4000, 600, 3000];
const indexOf = new Map(all.map((instrument, index) => [instrument, index]));

interface Limits {
  readonly maxGross: bigint;
  readonly maxNet: bigint;
}

/** Gross and net of a quote asset if `order` was open too, in whole units. */
function recount(
  positions: ReadonlyMap<string, number>,
  exposure: OpenExposure,
  { instrument: own, side, sizeLots }: Intent,
) {
  let [gross, long, short] = [0n, 0n, 0n];
  for (const [index, instrument] of all.entries()) {
    if (instrument.quote !== own.quote) continue;
    const lots = positions.get(instrument.id) ?? 0;
    const { openBuyLots, openSellLots } = exposure.of(instrument);
    const added = instrument === own ? sizeLots : 0;
    const most = lots + openBuyLots + (side === "buy" ? added : 0);
    const least = lots - openSellLots - (side === "sell" ? added : 0);
    const value = (count: number) => notionalUnits(instrument, twiceMids[index]!, count) / 2n;
    gross += most > -least ? value(most) : -value(least);
    long += value(most);
    short -= value(least);
  }
  return { gross, net: long > short ? long : short };
}

test("an order is let pass exactly where a recount of all positions and open orders keeps to both limits", () => {
  const want = fc.record({
    instrument: fc.constantFrom(...all),
    side: fc.constantFrom("buy" as const, "sell" as const),
    sizeLots: fc.integer({ min: 1, max: 400 }),
    fills: fc.boolean(),
    passUs: fc.constantFrom(0, 30_000, 200_000),
  });
  const limits: fc.Arbitrary<Limits> = fc.record({
    maxGross: fc.constantFrom(0n, 10_00000000n, 40_00000000n),
    maxNet: fc.constantFrom(0n, 5_00000000n, 20_00000000n),
  });
  fc.assert(
    fc.property(fc.array(want, { maxLength: 60 }), limits, (wants, { maxGross, maxNet }) => {
      let nowUs = 0;
      const positions = new Map<string, number>();
      const exposure = new OpenExposure();
      const total = new TotalExposure({
        instruments: all,
        indexOf: (instrument) => indexOf.get(instrument)!,
        maxGross,
        maxNet,
        positionLots: ({ id }) => positions.get(id) ?? 0,
        exposure,
        twiceMidTicks: (index) => twiceMids[index],
        nowUs: () => nowUs,
      });
      for (const [i, { instrument, side, sizeLots, fills, passUs }] of wants.entries()) {
        nowUs += passUs;
        const intent: Intent = { instrument, side, type: "limit", priceTicks: 1000, sizeLots };
        const positionLots = positions.get(instrument.id) ?? 0;
        const { gross, net } = recount(positions, exposure, intent);
        const fits = (maxGross === 0n || gross <= maxGross) && (maxNet === 0n || net <= maxNet);
        const verdict = total.review(intent);
        const { openBuyLots, openSellLots } = exposure.of(instrument); // getters, which a spread would leave out
        expect(verdict.allowed).toBe(fits || isReducing(intent, { positionLots, openBuyLots, openSellLots }));
        if (!verdict.allowed) {
          const isGross = maxGross > 0n && gross > maxGross;
          expect(verdict.code).toBe(isGross ? "MAX_GROSS_EXPOSURE" : "MAX_NET_EXPOSURE");
          continue;
        }
        total.add(intent);
        const order = Object.assign(new Order(`o${i}`, "s", 0, intent), { state: "accepted" });
        exposure.update(order);
        if (!fills) continue;
        Object.assign(order, { state: "filled", filledLots: sizeLots, bookedLots: sizeLots });
        positions.set(instrument.id, positionLots + (side === "buy" ? sizeLots : -sizeLots));
        exposure.update(order);
      }
    }),
  );
});
