import { ManualClock } from "@pitlane/perf/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Core } from "../../src/core/core.ts";
import { Inputs } from "../../src/core/inputs.ts";
import { Replay } from "../../src/core/replay.ts";
import {
  allow,
  checkConfig,
  definePlugin,
  defineStrategy,
  deny,
  type IntentShaper,
  type Plugin,
  type RiskVote,
  type Verdict,
} from "../../src/index.ts";
import type { JournalEntry } from "../../src/journal/entries.ts";
import { describeEntry } from "../../src/journal/order-story.ts";
import { createStageLatencies } from "../../src/latency.ts";
import type { Intent, Order, OrderView } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";
import { MemoryJournal } from "./memory-journal.ts";

const instrument = testInstrument({ minNotional: 0n });
const config = checkConfig({ risk: { maxOrderNotional: "1000000", maxPositionNotional: "1000000" } }, "test");
const LIMIT: Intent = { instrument, side: "buy", type: "limit", timeInForce: "GTC", priceTicks: 1000, sizeLots: 1000 };

/** Rests 1000 at the first quote, and wants each size in turn at those that follow. */
function amender(sizes: readonly number[], orders: OrderView[] = [], verdicts: Verdict[] = [], news: string[] = []) {
  return defineStrategy({
    name: "amender",
    setup(ctx) {
      let order: OrderView | undefined;
      let next = 0;
      ctx.on("quote", { instrument }, () => {
        if (order === undefined) {
          order = ctx.submit(LIMIT);
          orders.push(order);
        } else if (next < sizes.length) verdicts.push(ctx.amend(order, { sizeLots: sizes[next++]! }));
      });
      ctx.on("order", ({ order: { state, reason } }) => news.push(`${state} ${reason}`.trim()));
    },
  });
}

const shaper = (name: string, shape: IntentShaper) =>
  definePlugin({ name, permissions: { orderKinds: [] }, setup: (ctx) => ctx.shape("intent", shape) });
const voter = (name: string, vote: RiskVote) => definePlugin({ name, setup: (ctx) => ctx.vote("intent", vote) });

/** A live core whose venue makes every amendment at once. */
async function live(plugins: readonly Plugin[], settings = config) {
  const clock = new ManualClock();
  const journal = new MemoryJournal(clock);
  const sent: Order[] = [];
  const amended: number[] = [];
  const asked: Order[] = [];
  const faults: string[] = [];
  const core: Core = await Core.create({
    runKey: "k",
    config: settings,
    instruments: [instrument],
    plugins: plugins.map((plugin) => ({ plugin })),
    seed: 1,
    startedAtUs: clock.nowUs(),
    journal: { append: (kind, body) => journal.append(kind, body, core.nowUs), commit: () => journal.commit() },
    wire: {
      send: ({ order }) => sent.push(order),
      cancel: () => {},
      amend: (order) => {
        amended.push(order.amendLots);
        asked.push(order);
      },
    },
    book: () => undefined,
    clock,
    latencies: createStageLatencies(),
    defer: () => {},
    timers: { set: () => {}, clear: () => {} },
    control: (control) => inputs.control(control),
    log: () => {},
    onFault: (source, message) => faults.push(`${source}: ${message}`),
    onHalt: () => {},
  });
  const inputs: Inputs = new Inputs({ core, journal, onControl: () => {} });
  inputs.account(new Map([["USDT", 10n ** 18n]]));
  let sequence = 0;
  const quote = () => {
    const times = { venueAtUs: 0, receivedAtUs: clock.nowUs(), receivedNs: clock.monotonicNs() };
    const prices = { bidTicks: 1000, bidLots: 5, askTicks: 1001, askLots: 5, sequence: ++sequence };
    inputs.market({ kind: "quote", instrument, ...times, ...prices }, undefined, 0);
    inputs.frameEnd();
    clock.advance({ ms: 1 });
  };
  const report = (sizeLots: number, filledLots: number, newLots = 0) => {
    const { clientOrderId } = sent[0]!;
    const about = { instrument, clientOrderId, venueOrderId: "7", side: "buy", atUs: 0 } as const;
    const fill = { ...about, tradeId: `${filledLots}`, priceTicks: 1000, sizeLots: newLots, fee: 0n } as const;
    const fills = newLots === 0 ? [] : [{ ...fill, feeAsset: "USDT", isMaker: true }];
    const status = filledLots > 0 ? "partiallyFilled" : "accepted";
    inputs.report({ ...about, status, sizeLots, filledLots, fills });
  };
  /** The venue answers what it was asked. */
  const answer = () => {
    for (const order of asked.splice(0)) {
      report(order.amendLots, order.filledLots);
      inputs.amendEnded(order, "");
    }
  };
  const rows = () =>
    journal.rows.filter(({ kind }) => kind === "amend").map(({ body }) => JSON.parse(String(body)) as object);
  return { core, journal, sent, amended, faults, quote, report, answer, rows };
}

async function replayed(rows: MemoryJournal["rows"], plugins: readonly Plugin[]) {
  const clock = new ManualClock();
  const replay = await Replay.create({
    runKey: "k",
    config,
    instruments: [instrument],
    plugins: plugins.map((plugin) => ({ plugin })),
    seed: 1,
    startedAtUs: clock.nowUs(),
    clock,
    goesOn: true,
    log: () => {},
    onFault: () => {},
  });
  for (const row of rows) await replay.take(row);
  replay.end();
  return replay.tally;
}

/** Sizes of whole hundreds, at a price of its own. */
const round = () => shaper("round", ({ sizeLots }) => ({ sizeLots: sizeLots - (sizeLots % 100), priceTicks: 999 }));

test("an amendment is shaped as the order was, its price aside, and a replay shapes alike", async () => {
  const [orders, verdicts] = [[] as OrderView[], [] as Verdict[]];
  const stage = await live([amender([777], orders, verdicts), round()]);
  stage.quote();
  stage.report(1000, 0);
  stage.quote();
  expect(verdicts).toEqual([allow()]);
  expect(stage.amended).toEqual([700]);
  expect(stage.rows()).toEqual([
    { clientOrderId: orders[0]!.clientOrderId, sizeLots: 700, shaped: [{ plugin: "round", sizeLots: [777, 700] }] },
  ]);
  expect(orders[0]).toMatchObject({
    state: "pendingAmend",
    sizeLots: 1000,
    intent: { sizeLots: 1000, priceTicks: 999 },
  });
  stage.answer();
  expect(orders[0]).toMatchObject({ state: "accepted", sizeLots: 700 });
  expect(await replayed(stage.journal.rows, [amender([777]), round()])).toMatchObject({ divergences: 0, decisions: 2 });
  const other = await replayed(stage.journal.rows, [amender([777]), shaper("round", () => ({ priceTicks: 999 }))]);
  expect(other.first?.recorded?.kind).toBe("amend");
});

test("a voter sees the size that the order is to have; its veto leaves the order as it is, and is told", async () => {
  const voted: number[] = [];
  const least = () =>
    voter("least", ({ sizeLots }) => {
      voted.push(sizeLots);
      return sizeLots < 500 ? deny("TOO_SMALL", "500 at least") : allow();
    });
  const [orders, news] = [[] as OrderView[], [] as string[]];
  const stage = await live([amender([400, 600], orders, [], news), least()]);
  stage.quote();
  stage.report(1000, 0);
  stage.quote();
  expect(stage.amended).toEqual([]);
  expect(orders[0]).toMatchObject({ state: "accepted", sizeLots: 1000, reason: "TOO_SMALL: 500 at least" });
  expect(news.at(-1)).toBe("accepted TOO_SMALL: 500 at least");
  stage.quote();
  expect(stage.amended).toEqual([600]);
  expect(voted).toEqual([1000, 400, 600]);
  const { clientOrderId } = orders[0]!;
  const veto = { voter: "least", allowed: false, code: "TOO_SMALL", reason: "500 at least" };
  expect(stage.rows()).toEqual([
    { clientOrderId, sizeLots: 400, approved: false, votes: [veto] },
    { clientOrderId, sizeLots: 600, votes: ["least"] },
  ]);
  const row = stage.journal.rows.find(({ kind }) => kind === "amend")!;
  const entry = { ...row, record: 0, body: JSON.parse(String(row.body)) } satisfies JournalEntry;
  expect(describeEntry(entry)).toBe("amendment to 400 lots denied (least denies: 500 at least)");
  stage.answer();
  expect(await replayed(stage.journal.rows, [amender([400, 600]), least()])).toMatchObject({ divergences: 0 });
});

test.each([
  [
    "throws",
    () => {
      throw new Error("no idea");
    },
    "SHAPER_FAILED",
  ],
  ["makes a size between steps", () => ({ sizeLots: 0.5 }), "BAD_SHAPE"],
  ["makes it as small as what is filled", () => ({ sizeLots: 300 }), "BAD_SIZE"],
] as [string, () => ReturnType<IntentShaper>, string][])(
  "an amendment whose shaper %s is not sent, and the order is as it was",
  async (_what, shape, code) => {
    const orders: OrderView[] = [];
    const late = shaper("late", ({ sizeLots }) => (sizeLots === 1000 ? undefined : shape()));
    const stage = await live([amender([600], orders), late]);
    stage.quote();
    stage.report(1000, 300, 300);
    stage.quote();
    expect(stage.amended).toEqual([]);
    expect(stage.rows()).toEqual([expect.objectContaining({ approved: false })]);
    expect(orders[0]).toMatchObject({ state: "partiallyFilled", sizeLots: 1000, filledLots: 300 });
    expect(orders[0]?.reason.startsWith(`${code}: `)).toBe(true);
  },
);

test("the session's own limits do not keep risk from being taken away, and without plugins the row is as ever", async () => {
  const stage = await live([amender([400])], { ...config, risk: { ...config.risk, maxOrdersPerMinute: 1 } });
  stage.quote();
  stage.report(1000, 0);
  stage.quote();
  expect(stage.rows()).toEqual([{ clientOrderId: stage.sent[0]!.clientOrderId, sizeLots: 400 }]);
  expect(stage.amended).toEqual([400]);
});

const change = fc.option(fc.integer({ min: -2, max: 1000 }), { nil: undefined });

test("whatever shapers and voters make of amendments, what is sent is smaller and above what is filled, and a replay decides alike", async () => {
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ sizeLots: fc.integer({ min: 1, max: 999 }), shape: change, veto: fc.boolean() }), {
        minLength: 1,
        maxLength: 8,
      }),
      fc.integer({ min: 0, max: 300 }),
      async (turns, filledLots) => {
        const plugins = () => {
          let turn = -1;
          let votes = -1;
          return [
            amender(turns.map(({ sizeLots }) => sizeLots)),
            shaper("shaper", ({ sizeLots }) => {
              if (sizeLots === 1000) return undefined;
              turn++;
              const shape = turns[turn]?.shape;
              return shape === undefined ? undefined : { sizeLots: shape };
            }),
            voter("voter", ({ sizeLots }) => {
              if (sizeLots === 1000) return allow();
              votes++;
              return turns[votes]?.veto === true ? deny("NO", "no") : allow();
            }),
          ];
        };
        const stage = await live(plugins());
        stage.quote();
        stage.report(1000, filledLots, filledLots);
        for (const _ of turns) {
          const { sizeLots } = stage.sent[0]!;
          stage.quote();
          for (const lots of stage.amended.splice(0)) {
            sent++;
            expect(lots).toBeGreaterThan(filledLots);
            expect(lots).toBeLessThan(sizeLots);
          }
          stage.answer();
        }
        expect(await replayed(stage.journal.rows, plugins())).toMatchObject({ divergences: 0 });
        await stage.core.close();
      },
    ),
    { numRuns: 40, seed: 4 },
  );
  expect(sent).toBeGreaterThan(20);
}, 120_000);
