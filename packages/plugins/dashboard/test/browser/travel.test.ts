import { describe, expect, test } from "vitest";
import type { MomentInfo } from "../../src/protocol.ts";
import { MISSING } from "./chromium.ts";
import { useHouse, visit } from "./house.ts";

/** A moment as a runtime would rebuild it; its profit tells which moment it is. */
function momentAt(atUs: number): MomentInfo {
  return {
    run: {
      id: "fake",
      mode: "paper",
      version: "0.1.0",
      strategies: ["trend"],
      startedAtUs: 0,
      lastAtUs: atUs,
      isOver: false,
    },
    atUs,
    seq: 4711,
    fromSeq: 1,
    trading: { state: "reduceOnly", reason: "as it was then", by: "api", sinceUs: atUs },
    markets: [
      {
        instrument: "paper:AAA/USDT",
        isSynced: true,
        bids: [["55.10", "1.5"]],
        asks: [["55.12", "2.5"]],
        quote: { bid: "55.10", bidSize: "1.5", ask: "55.12", askSize: "2.5" },
        positionSize: "-3.5",
        entryPrice: "54.99",
      },
    ],
    orders: [],
    counters: { submitted: 7 },
    fills: 3,
    balances: { USDT: "10012.345" },
    profit: { USDT: "77.77" },
    realized: { USDT: "70" },
    fees: { USDT: "1.5" },
    plugins: [{ name: "trend", version: "1.0.0", standing: "quarantined", reason: "it threw" }],
    rows: [{ seq: 4711, atUs, kind: "intent", text: "what was then" }],
    notes: ["caches are in no journal"],
    elapsedMs: 5,
  };
}

describe.skipIf(MISSING !== "")(`time travel in the dashboard${MISSING}`, () => {
  const house = useHouse();

  test("shows a moment of a run in every view that a journal can tell of, and leads back", async () => {
    const asked: number[] = [];
    const momentOf = async (_path: string, atUs: number) => {
      asked.push(atUs);
      return momentAt(atUs);
    };
    const { page, show, session, complaints } = await visit(house, { runtime: { momentOf } });
    await page.getByRole("button", { name: "Time travel" }).click();
    const bar = page.getByRole("region", { name: "Time travel" });
    await bar.getByRole("combobox").selectOption({ index: 1 });
    await bar.getByText("as of journal row 4711").waitFor();
    await page.getByText("+77.77 USDT").waitFor();
    await page.getByText("caches are in no journal").waitFor();
    expect(await page.getByRole("button", { name: "Halt" }).isDisabled()).toBe(true);

    await bar.getByRole("button", { name: "A second earlier" }).click();
    await expect.poll(() => asked.length).toBe(2);
    expect(asked[1]).toBe(asked[0]! - 1e6);
    await bar.getByRole("slider").fill(String(session.run.startedAtUs));
    await expect.poll(() => asked.at(-1)).toBe(session.run.startedAtUs);

    await show("Market");
    await page.getByText("54.99 USDT on average").waitFor();
    await show("Plugins");
    await page.getByText("it threw").waitFor();
    await show("Journal");
    await page.getByText("what was then").waitFor();
    await show("Memory"); // of which no journal tells: it says so
    await page.getByText("Known of the running session only.").first().waitFor();

    await bar.getByRole("button", { name: "Back to live" }).click();
    await bar.waitFor({ state: "hidden" });
    await show("Overview");
    await page.getByText("Order flow").waitFor();
    await expect.poll(() => page.getByText("+77.77 USDT").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("says why a moment cannot be shown", async () => {
    const momentOf = async () => {
      throw new Error("broken");
    };
    const { page } = await visit(house, { runtime: { momentOf } });
    await page.getByRole("button", { name: "Time travel" }).click();
    const bar = page.getByRole("region", { name: "Time travel" });
    await bar.getByRole("combobox").selectOption({ index: 1 });
    await bar.locator(".as-of.bad").waitFor();
  });

  test("is not offered where the runtime cannot do it", async () => {
    const { page } = await visit(house);
    expect(await page.getByRole("button", { name: "Time travel" }).count()).toBe(0);
  });
});
