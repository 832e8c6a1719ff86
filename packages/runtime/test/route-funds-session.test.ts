import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { createBinance } from "@pitlane/sdk/binance";
import { afterEach, expect, test, vi } from "vitest";
import { checkConfig, combineVenues, defineStrategy, lotsWorth, openRuntime, type Routed } from "../src/index.ts";
import { readRows } from "../src/journal/read.ts";
import { replayRun } from "../src/replay-run.ts";

const clock = createSystemClock();
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A paper exchange of its own, whose account has so much USDT. */
async function exchange(venue: string, usdt: string) {
  const paper = await createPaper({ seed: 1, clock, balances: { USDT: usdt } });
  closers.push(() => paper.close());
  const { urls, apiKey, apiSecret } = paper;
  const client = createBinance({ venue, urls, credentials: { apiKey, apiSecret }, clock });
  closers.push(() => client.close());
  return { paper, client };
}

/** It went out, and not where it would have gone had its account held more. */
const isDiverted = ({ decision: { outcome, venues } }: Routed) =>
  outcome !== "none" && venues.some(({ reason }) => reason.startsWith("its account"));

/** Routes purchases worth about 40, one at a time, until one was diverted. Whether one is filled is the market's affair. */
function router(seen: Routed[]) {
  return defineStrategy({
    name: "router-user",
    setup(ctx) {
      const [alpha, beta] = ["alpha", "beta"].map((venue) => ctx.instrument(`${venue}:AAA/USDT`));
      ctx.on("quote", { instrument: beta! }, ({ askTicks }) => {
        if (seen.some(isDiverted) || ctx.openOrders().length > 0 || ctx.quote(alpha!) === undefined) return;
        const sizeLots = lotsWorth(beta!, askTicks, 40_00000000n);
        seen.push(
          ctx.route({
            symbol: "AAA/USDT",
            side: "buy",
            sizeUnits: BigInt(sizeLots) * 10n ** BigInt(8 - beta!.sizeDecimals),
          }),
        );
      });
    },
  });
}

test("an order goes to the exchange whose account can pay for it, no piece is denied, and a replay routes alike", async () => {
  const alpha = await exchange("alpha", "60"); // one and a half of them
  const beta = await exchange("beta", "100000");
  const venue = combineVenues([
    { name: "alpha", client: alpha.client },
    { name: "beta", client: beta.client },
  ]);
  // The cheaper one by far, were there money.
  const config = checkConfig(
    { router: { takerFeeBps: { alpha: 0, beta: 20 }, weights: { liquidity: 0, latency: 0, fee: 1 } } },
    "test",
  );
  const journalPath = join(mkdtempSync(join(tmpdir(), "pitlane-route-")), "journal.db");
  const seen: Routed[] = [];
  const options = { config, journalPath, clock, log: () => {} };
  const about = { run: { id: "test-run", key: "test" }, mode: "paper", recvWindowMs: 5000 } as const;
  const runtime = await openRuntime({
    ...options,
    ...about,
    plugins: [{ plugin: router(seen) }],
    client: venue,
    trading: venue,
  });
  await vi.waitFor(
    () => {
      expect(seen.some(isDiverted)).toBe(true);
      expect(runtime.status().openOrders).toBe(0);
    },
    { timeout: 20_000 },
  );
  const report = await runtime.close("requested");
  expect(report.faults).toEqual([]);
  expect(report.orders).toMatchObject({ denied: 0, rejected: 0, unknown: 0 });
  expect(alpha.paper.acceptedOrders().length).toBeGreaterThan(0);
  expect(beta.paper.acceptedOrders().length).toBeGreaterThan(0);
  const routes = [...readRows(journalPath)].filter(({ kind }) => kind === "route").map(({ body }) => String(body));
  expect(routes.some((body) => /its account (can carry|has)/.test(body))).toBe(true);
  const plugins = [{ plugin: router([]) }];
  expect(await replayRun({ journalPath, plugins, clock, log: () => {} })).toMatchObject({
    divergences: 0,
    first: null,
  });
});
