import type { Balance } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { accountDifferences } from "../../src/orders/reconcile.ts";
import type { VenueAccount } from "../../src/venue.ts";

const free = (units: bigint): Balance => ({ free: units, locked: 0n });
const account = (alpha: bigint, beta: bigint): VenueAccount => ({
  getBalances: () => Promise.resolve(new Map([["USDT", free(alpha + beta)]])),
  listBalances: () =>
    Promise.resolve(
      new Map([
        ["alpha", new Map([["USDT", free(alpha)]])],
        ["beta", new Map([["USDT", free(beta)]])],
      ]),
    ),
});
const portfolio = {
  balances: new Map([["USDT", 300_000_000n]]),
  venues: new Map([
    ["alpha", new Map([["USDT", 100_000_000n]])],
    ["beta", new Map([["USDT", 200_000_000n]])],
  ]),
};

test("accounts of several venues are compared one by one: differences that cancel out in the sum are told", async () => {
  expect(await accountDifferences(portfolio, account(100_000_000n, 200_000_000n))).toEqual([]);
  expect(await accountDifferences(portfolio, account(150_000_000n, 150_000_000n))).toEqual([
    "at alpha, USDT: fills give 1, the venue says 1.5",
    "at beta, USDT: fills give 2, the venue says 1.5",
  ]);
});

test("a venue that only one side knows counts as empty on the other", async () => {
  const { venues, balances } = portfolio;
  const more = { balances, venues: new Map([...venues, ["gamma", new Map([["USDT", 1n]])]]) };
  expect(await accountDifferences(more, account(100_000_000n, 200_000_000n))).toEqual([
    "at gamma, USDT: fills give 0.00000001, the venue says 0",
  ]);
});

test("a single account is compared as a whole", async () => {
  const { getBalances } = account(150_000_000n, 150_000_000n);
  expect(await accountDifferences(portfolio, { getBalances })).toEqual([]);
});
