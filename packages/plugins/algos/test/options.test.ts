import { InvalidInputError, type Plugin } from "pitlane";
import { expect, test } from "vitest";
import { bracket, iceberg, type ParentOptions, pov, trailingStop, twap, vwap } from "../src/index.ts";
import { instrument, setUp } from "./support.ts";

const parent = { instrument, side: "buy", sizeLots: 1000 } as const;
const quote = { bidTicks: 9_990, askTicks: 10_000 };
const algos: readonly (readonly [string, Plugin, object])[] = [
  ["twap", twap, { durationMs: 10_000 }],
  ["vwap-execution", vwap, { durationMs: 10_000 }],
  ["iceberg", iceberg, { priceTicks: 9_900, visibleLots: 100 }],
  ["pov", pov, { rateBps: 1000 }],
  ["bracket", bracket, { stopTicks: 9_900, targetTicks: 10_200 }],
  ["trailing-stop", trailingStop, { trailTicks: 50 }],
];

/** What `start` says of options that cannot be; nothing is sent or kept. */
async function refusalOf(plugin: Plugin, options: unknown): Promise<string> {
  const { host, algo, inHook } = await setUp(plugin);
  host.quote(quote);
  let error: unknown;
  inHook(() => {
    try {
      algo.start(options as ParentOptions);
    } catch (thrown) {
      error = thrown;
    }
  });
  expect(error).toBeInstanceOf(InvalidInputError);
  expect(host.orders).toEqual([]);
  expect(algo.open).toEqual([]);
  return (error as Error).message;
}

test.each(algos)("%s refuses a field that it does not have, and names those that it has", async (name, plugin, own) => {
  const message = await refusalOf(plugin, { ...parent, ...own, limitTick: 1 });
  expect(message).toContain(
    `${name}.start has no field "limitTick": leave it out; the fields are instrument, side, sizeLots, `,
  );
  for (const field of Object.keys(own)) expect(message).toContain(field);
});

test.each(algos)("%s refuses what are no options", async (name, plugin) => {
  for (const wrong of [null, undefined, 5])
    expect(await refusalOf(plugin, wrong)).toBe(
      `${name}.start needs an object, such as { instrument, side: "buy", sizeLots, ... }, got ${wrong}`,
    );
});

test.each(algos)("%s takes an option that is undefined as one that is left out", async (_name, plugin, own) => {
  const { host, start } = await setUp(plugin);
  host.quote(quote);
  const unset = { limitTicks: undefined, slices: undefined, isPostOnly: undefined, entryTicks: undefined };
  const known = Object.entries(unset).filter(([field]) => fieldsOf[plugin.name]?.includes(field));
  expect(start({ ...parent, ...own, ...Object.fromEntries(known) } as ParentOptions).isOpen).toBe(true);
});

const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  twap: ["limitTicks", "slices"],
  "vwap-execution": ["limitTicks", "slices"],
  iceberg: ["isPostOnly"],
  pov: ["limitTicks"],
  bracket: ["entryTicks"],
};

test("an iceberg's isPostOnly is true or false", async () => {
  for (const wrong of ["yes", "no", 1, null])
    expect(await refusalOf(iceberg, { ...parent, priceTicks: 9_900, visibleLots: 100, isPostOnly: wrong })).toBe(
      `isPostOnly must be true or false, got ${wrong}`,
    );
});

test("a profile is a list, with as many numbers as there are slices when both are given", async () => {
  const scheduled = { ...parent, durationMs: 10_000 };
  for (const profile of [5, "12", null, {}])
    expect(await refusalOf(vwap, { ...scheduled, profile })).toMatch(/^profile must be a list of whole numbers/);
  for (const slices of [10, 3, 1])
    expect(await refusalOf(vwap, { ...scheduled, profile: [1, 2], slices })).toBe(
      `profile has 2 numbers and slices is ${slices}: leave slices out`,
    );
  const { host, start } = await setUp(vwap);
  host.quote(quote);
  expect(start({ ...scheduled, profile: [1, 2], slices: 2 } as ParentOptions).isOpen).toBe(true);
});
