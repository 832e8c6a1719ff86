import fc from "fast-check";
import { expect, test } from "vitest";
import { bodyText } from "../../src/journal/body-text.ts";
import { admittedText, Quoted } from "../../src/orders/intent-text.ts";
import { type Intent, Order } from "../../src/orders/order.ts";
import { toIntentRecord } from "../../src/orders/records.ts";
import { testInstrument } from "../../src/testing.ts";

const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });

const fields = fc.record(
  {
    side: fc.constantFrom("buy", "sell"),
    type: fc.constantFrom("limit", "market", "stop", "postOnly"),
    sizeLots: fc.integer({ min: 1 }),
    priceTicks: maybe(fc.integer({ min: 1 })),
    timeInForce: maybe(fc.constantFrom("GTC", "IOC", "FOK")),
    triggerTicks: maybe(fc.maxSafeNat()),
    tag: maybe(fc.string({ unit: "binary" })),
    priority: maybe(fc.constantFrom(0, -0, 9)),
    expectedProfit: maybe(fc.bigInt()),
    confidence: maybe(fc.double()),
    reduceOnly: maybe(fc.boolean()),
  },
  { requiredKeys: ["side", "type", "sizeLots"] },
);

test("the text of an admitted order's row is what its body would be written as, in the order in which the plugin named its fields", () => {
  const word = fc.string({ unit: "binary" });
  const shuffled = fields.chain((some) =>
    fc.shuffledSubarray(Object.entries(some), { minLength: Object.keys(some).length }),
  );
  fc.assert(
    fc.property(shuffled, word, fc.array(word), fc.nat(5), (entries, strategy, votes, at) => {
      entries.splice(Math.min(at, entries.length), 0, ["instrument", testInstrument() as never]);
      const intent = Object.fromEntries(entries) as unknown as Intent;
      const order = new Order("pl-k-0-1", strategy, 0, intent);
      const { clientOrderId } = order;
      const body = { clientOrderId, strategy, ...toIntentRecord(intent), approved: true, votes };
      const quoted = new Quoted();
      for (let i = 0; i < 2; i++) expect(admittedText(order, JSON.stringify(votes), quoted)).toBe(bodyText(body));
    }),
  );
});
