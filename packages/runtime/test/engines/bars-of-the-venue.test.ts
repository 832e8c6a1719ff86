import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import type { BarEvent } from "@pitlane/sdk";
import { createBinance } from "@pitlane/sdk/binance";
import { afterEach, expect, test } from "vitest";
import { BarBuilder, type BuiltBar } from "../../src/engines/bars.ts";

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

test("bars made of the stream's trades are those that the exchange itself makes, number by number", async () => {
  const clock = createSystemClock();
  const paper = await createPaper({ seed: 5, clock });
  closers.push(() => paper.close());
  const client = createBinance({ venue: "paper", urls: paper.urls, credentials: paper, clock });
  closers.push(() => client.close());
  const [instrument] = await client.market.listInstruments();
  const built = new Map<number, BuiltBar>();
  const builder = new BarBuilder({ instrument: instrument!, every: "1s", onBar: (bar) => built.set(bar.startUs, bar) });
  const venues = new Map<number, BarEvent>();
  const compared = new Promise<readonly (readonly [BuiltBar, BarEvent])[]>((resolve) => {
    const stream = client.stream.market({
      instruments: [instrument!],
      streams: [`${instrument!.venueSymbol.toLowerCase()}@trade`],
      bars: ["1s"],
      onEvent: (event) => {
        if (event.kind === "trade") builder.trade(event.venueAtUs, event.priceTicks, event.sizeLots);
        else if (event.kind === "bar" && event.isClosed) venues.set(event.startUs, event);
        // The first bar was begun in the middle.
        const pairs = [...built.values()]
          .filter(({ hasGap, startUs }) => !hasGap && venues.has(startUs))
          .map((bar) => [bar, venues.get(bar.startUs)!] as const);
        if (pairs.filter(([{ trades }]) => trades > 0).length >= 3) resolve(pairs);
      },
      onError: () => {},
    });
    closers.push(() => stream.close());
  });
  for (const [bar, venue] of await compared) {
    const { openTicks, highTicks, lowTicks, closeTicks, volumeLots, quoteVolume, trades, interval } = venue;
    const said = { interval, openTicks, highTicks, lowTicks, closeTicks, volumeLots, quoteVolume, trades };
    expect(bar).toMatchObject(said);
  }
});
