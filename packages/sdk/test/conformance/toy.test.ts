import { describe, expect, onTestFinished, test, vi } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { ConformanceError, conformance } from "../../src/testing.ts";
import { openToyRig, type ToyOptions, toyVenue } from "./toy-venue.ts";

const checksOf = (wrong?: ToyOptions["wrong"]) =>
  conformance({ venue: toyVenue, openRig: () => openToyRig(wrong), also: ["write"] });

describe("a venue of somebody else's, made of the package's parts", () => {
  for (const { name, run } of checksOf()) test(name, run, 60_000);
});

test("a rig that counts no sockets is no proof that they are closed", async () => {
  const openRig = async () => ({ ...(await openToyRig()), openSockets: () => 0 });
  const check = conformance({ venue: toyVenue, openRig }).find(({ name }) => name.includes("ends everything"));
  await expect(check?.run()).rejects.toThrow("the rig counts no socket of a client that reads");
});

test("options that are none are refused at once", () => {
  const rows: readonly (readonly [options: unknown, words: string])[] = [
    [undefined, "options must be an object, got undefined"],
    [{}, "venue must be an object, got undefined"],
    [{ venue: {} }, "venue.capabilities must be an object, got undefined"],
    [{ venue: toyVenue }, "openRig must be a function, got undefined"],
    [{ venue: toyVenue, openRig: openToyRig, also: "write" }, 'also must be a list, got "write"'],
  ];
  for (const [options, words] of rows) {
    const open = () => conformance(options as never);
    expect(open).toThrow(words);
    expect(open).toThrow(InvalidInputError);
  }
});

test("what a client has begun is known by what arrives, not by a pause", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const check = checksOf().find(({ name }) => name.includes("connects to nothing"));
  await check?.run();
  expect(check).toBeDefined();
});

describe("the suite finds a client that", () => {
  const faults: readonly [wrong: NonNullable<ToyOptions["wrong"]>, rule: string, words: RegExp][] = [
    ["repeatsWrites", "never repeats a write whose answer was lost", /the venue accepted it 4 times/],
    [
      "connectsAtOnce",
      "connects to nothing before its first call",
      /has seen 1 requests of a client that was only created/,
    ],
    ["showsItsKey", "shows no secret", /a secret of 15 characters is shown/],
    ["tellsItsKey", "shows no secret", /a secret of 15 characters is shown/],
    ["leavesItsSockets", "ends everything when it is closed", /a closed client has sockets open: not within 1500 ms/],
    ["livesOn", "ends everything when it is closed", /a call of a client that closes succeeded/],
  ];
  for (const [wrong, rule, words] of faults) {
    test(`${wrong}, by the rule "${rule}"`, async () => {
      const check = checksOf(wrong).find(({ name }) => name.includes(rule));
      const failure = await check?.run().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ConformanceError);
      expect((failure as Error).message).toMatch(words);
    }, 60_000);
  }
});
