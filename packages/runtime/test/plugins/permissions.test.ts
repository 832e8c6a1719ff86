import fc from "fast-check";
import { expect, test } from "vitest";
import type { Intent } from "../../src/orders/order.ts";
import { compilePermissions, type Permissions } from "../../src/plugins/permissions.ts";
import { testInstrument } from "../../src/testing.ts";

const here = testInstrument();
const there = testInstrument({ venue: "other", id: "other:BBB/USDT", symbol: "BBB/USDT" });
const buy: Intent = { instrument: here, side: "buy", type: "limit", priceTicks: 10_000, sizeLots: 1000 }; // 100 USDT

const review = (sets: readonly (Permissions | undefined)[], intent: Partial<Intent> = {}, reference?: number) =>
  compilePermissions("me", sets, [here, there])({ ...buy, ...intent } as Intent, reference);
const code = (...given: Parameters<typeof review>) => {
  const verdict = review(...given);
  return verdict.allowed ? "allowed" : verdict.code;
};

test("nothing said restricts nothing", () => {
  expect(code([undefined])).toBe("allowed");
  expect(code([{}], { type: "market", instrument: there })).toBe("allowed");
});

test("venues, instruments and kinds of order are refused by code", () => {
  expect(code([{ venues: ["test"] }])).toBe("allowed");
  expect(code([{ venues: ["test"] }], { instrument: there })).toBe("PERMISSION_INSTRUMENT");
  expect(code([{ instruments: ["AAA/USDT", "other:BBB/USDT"] }], { instrument: there })).toBe("allowed");
  expect(code([{ instruments: ["test:BBB/USDT"] }], { instrument: there })).toBe("PERMISSION_INSTRUMENT");
  expect(code([{ orderKinds: ["postOnly"] }])).toBe("PERMISSION_ORDER_KIND");
  expect(code([{ orderKinds: [] }], { type: "postOnly" })).toBe("PERMISSION_ORDER_KIND");
  const stop = { type: "stop", priceTicks: undefined, triggerTicks: 10_000 } as unknown as Partial<Intent>;
  expect(code([{ orderKinds: ["limit", "market"] }], stop)).toBe("PERMISSION_ORDER_KIND");
  expect(code([{ orderKinds: ["stop"] }], stop)).toBe("allowed");
});

test("the notional is exact to the last unit, and a market order without a price is refused", () => {
  expect(code([{ maxNotional: "100" }])).toBe("allowed");
  expect(code([{ maxNotional: "99.99999999" }])).toBe("PERMISSION_NOTIONAL");
  const market = { type: "market", priceTicks: undefined } as unknown as Partial<Intent>;
  expect(code([{ maxNotional: "100" }], market)).toBe("PERMISSION_NOTIONAL");
  expect(code([{ maxNotional: "100" }], market, 10_000)).toBe("allowed");
  expect(code([{ maxNotional: "100" }], market, 10_001)).toBe("PERMISSION_NOTIONAL");
});

test("a stop is worth what its trigger says", () => {
  const stop = { type: "stop", priceTicks: undefined, triggerTicks: 10_000 } as unknown as Partial<Intent>;
  expect(code([{ maxNotional: "100" }], stop)).toBe("allowed");
  expect(code([{ maxNotional: "99.99" }], stop)).toBe("PERMISSION_NOTIONAL");
});

test("the config can narrow what the plugin asks for, and never widen it", () => {
  const kinds = fc.option(fc.subarray(["limit", "postOnly", "market"] as const), { nil: undefined });
  const notional = fc.option(fc.integer({ min: 1, max: 200 }).map(String), { nil: undefined });
  const set = fc.record({ orderKinds: kinds, maxNotional: notional }).map(
    ({ orderKinds, maxNotional }): Permissions => ({
      ...(orderKinds === undefined ? {} : { orderKinds }),
      ...(maxNotional === undefined ? {} : { maxNotional }),
    }),
  );
  fc.assert(
    fc.property(set, set, fc.integer({ min: 1, max: 20_000 }), (own, config, priceTicks) => {
      const intent = { priceTicks };
      const both = review([own, config], intent).allowed;
      expect(both).toBe(review([own], intent).allowed && review([config], intent).allowed);
    }),
  );
});

test("a permission that cannot be is refused at the start, by its name", () => {
  expect(() => review([{ orderKinds: ["trailingStop" as never] }])).toThrow(
    "me: permissions.orderKinds names trailingStop",
  );
  expect(() => review([{ maxNotional: "a lot" }])).toThrow("me: permissions.maxNotional:");
  expect(() => review([{ instruments: ["AAAUSDT"] }])).toThrow('me: permissions.instruments has "AAAUSDT"');
});
