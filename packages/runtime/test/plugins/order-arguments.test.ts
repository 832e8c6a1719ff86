import { expect, test } from "vitest";
import { defineStrategy, InvalidInputError, type PluginContext } from "../../src/index.ts";
import { createTestHost, testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const NEEDS = "needs an order that ctx.submit returned, or an order event told of";

/** What a plugin is told that does `work` in a hook. */
async function refusalOf(work: (ctx: PluginContext) => unknown): Promise<string> {
  let error: unknown;
  const plugin = defineStrategy({
    name: "loose",
    setup: (ctx) =>
      ctx.on("quote", () => {
        try {
          work(ctx);
        } catch (thrown) {
          error = thrown;
        }
      }),
  });
  const host = await createTestHost({ plugin, instruments: [instrument] });
  host.quote({ bidTicks: 9_990, askTicks: 10_000 });
  expect(error).toBeInstanceOf(InvalidInputError);
  return (error as Error).message;
}

test.each([
  [null, "null"],
  [undefined, "undefined"],
  ["test-1", '"test-1"'],
  [{}, "an object"],
  [[], "an object"],
])("an order that is none is told to be so: %o", async (wrong, shown) => {
  expect(await refusalOf((ctx) => ctx.cancel(wrong as never))).toBe(`loose: ctx.cancel ${NEEDS}; got ${shown}`);
  expect(await refusalOf((ctx) => ctx.amend(wrong as never, { sizeLots: 1 }))).toBe(
    `loose: ctx.amend ${NEEDS}; got ${shown}`,
  );
});

test("a change that is none is told to be so", async () => {
  const order = { instrument, side: "buy", type: "limit", priceTicks: 9_000, sizeLots: 1000 } as const;
  for (const wrong of [null, undefined, 500])
    expect(await refusalOf((ctx) => ctx.amend(ctx.submit(order), wrong as never))).toBe(
      `loose: ctx.amend needs the new size, such as { sizeLots: 400 }; got ${wrong}`,
    );
});
