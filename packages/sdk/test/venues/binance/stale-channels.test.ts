import { createPaper } from "@pitlane/paper";
import { expect, onTestFinished, test, vi } from "vitest";
import type { MarketEvent } from "../../../src/index.ts";
import { createBinance } from "../../../src/venues/binance/index.ts";

const CHANNELS = ["book", "quote", "trade"] as const;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function setUp() {
  const paper = await createPaper({ seed: 5 });
  onTestFinished(() => paper.close());
  const client = createBinance({ urls: paper.urls });
  onTestFinished(() => client.close());
  const [a] = await client.market.listInstruments();
  if (a === undefined) throw new Error("the paper exchange lists too little");
  const events: MarketEvent[] = [];
  const open = (streams?: readonly string[]) =>
    client.stream.market({
      instruments: [a],
      ...(streams === undefined ? {} : { streams }),
      staleAfterMs: { book: 400, quote: 400, trade: 400, bar: 400 },
      snapshotLimit: 100,
      onEvent: (event) => events.push(event),
      onError: () => {},
    });
  const gaps = () => events.filter((event) => event.kind === "gap");
  return { paper, open, events, gaps };
}

test.each([
  ["book", "aaausdt@depth@100ms"],
  ["quote", "aaausdt@bookTicker"],
  ["trade", "aaausdt@trade"],
] as const)(
  "a %s channel that was silent from the start has a gap, once, and a resync with the first event",
  async (channel, route) => {
    const { paper, open, events, gaps } = await setUp();
    const silence = paper.faults.add({ kind: "silent", route });
    const stream = open();
    await stream.ready;
    await vi.waitFor(() => expect(gaps()).toMatchObject([{ channel, cause: "stale" }]), 2_000);
    await pause(1_500);
    expect(gaps()).toHaveLength(1);
    silence.remove();
    const ofChannel = () =>
      events.filter((event) => event.kind === channel || ("channel" in event && event.channel === channel));
    await vi.waitFor(
      () =>
        expect(
          ofChannel()
            .map(({ kind }) => kind)
            .slice(0, 3),
        ).toEqual(["gap", "resync", channel]),
      5_000,
    );
  },
);

test("a channel that is not subscribed to has none", async () => {
  const { open, gaps } = await setUp();
  const stream = open(["aaausdt@trade"]);
  await stream.ready;
  await pause(1_500);
  expect(gaps()).toEqual([]);
});

test("nothing is expected while no socket is open, at first or after a loss of which the gap is told already", async () => {
  const { paper, open, gaps } = await setUp();
  const region = paper.regions[0]?.name ?? "";
  const down = paper.faults.add({ kind: "regionDown", region });
  const stream = open();
  await pause(1_500);
  expect(gaps()).toEqual([]);
  down.remove();
  await stream.ready;
  await pause(350);
  expect(gaps()).toEqual([]);
  paper.faults.add({ kind: "regionDown", region });
  await pause(1_500);
  expect(
    gaps()
      .map(({ channel, cause }) => `${channel} ${cause}`)
      .sort(),
  ).toEqual(CHANNELS.map((channel) => `${channel} connection`));
});
