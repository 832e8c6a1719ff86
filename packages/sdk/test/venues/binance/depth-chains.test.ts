import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DepthChains } from "../../../src/venues/binance/depth-chains.ts";
import { RecordedMarket } from "../../../src/venues/binance/index.ts";
import { frame, snapshotReply } from "../../support/frames.ts";
import { testInstrument } from "../../support/instruments.ts";

interface Diff {
  readonly U: number;
  readonly u: number;
  readonly pu: number;
  /** The venue's time, in milliseconds. */
  readonly E: number;
}

const instrument = testInstrument();
const START_US = 1_700_000_000_000_000;

/**
 * What a venue sends of one speed: a diff for every `everyMs` in which something changed, each linked to the one before.
 * @param changes - How many there are in each 100 ms.
 */
function chainOf(changes: readonly number[], everyMs: number): Diff[] {
  const diffs: Diff[] = [];
  let sequence = 1_000;
  let from = sequence;
  changes.forEach((count, i) => {
    sequence += count;
    const E = (i + 1) * 100;
    if (E % everyMs !== 0 || sequence === from) return;
    diffs.push({ U: from + 1, u: sequence, pu: from, E });
    from = sequence;
  });
  return diffs;
}

/** As a raw socket brings them: in the order of their times, of two at one time either first. */
function interleaved(a: readonly Diff[], b: readonly Diff[], isFirst: (i: number) => boolean): Diff[] {
  const all = [
    ...a.map((diff, i) => ({ diff, i, of: isFirst(i) ? 0 : 2 })),
    ...b.map((diff, i) => ({ diff, i, of: 1 })),
  ];
  return all.sort((x, y) => x.diff.E - y.diff.E || x.of - y.of).map(({ diff }) => diff);
}

function recorded(diffs: readonly Diff[], { snapshotAt = 0 } = {}) {
  const market = new RecordedMarket({ product: "usdm", instruments: [instrument] });
  const atUs = (E: number) => START_US + E * 1_000;
  const give = (sequence: number, E: number) =>
    market.snapshot("BTCUSDT", JSON.stringify(snapshotReply(sequence, [["61.25", "1"]], [["61.27", "2"]])), atUs(E));
  give((diffs[0]?.pu ?? 0) + 1, 0);
  diffs.forEach((diff, i) => {
    // Nothing names the speed: of both a recording has this name, and no socket.
    const text = frame("btcusdt@depth", {
      e: "depthUpdate",
      s: "BTCUSDT",
      b: [["61.20", String(i + 1)]],
      a: [],
      ...diff,
    });
    market.frame("btcusdt@depth", Buffer.from(text), atUs(diff.E), "");
    if (i === snapshotAt && i > 0) give(diff.u, diff.E);
  });
  return market;
}

const changesOf = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 60, maxLength: 120 });
const speeds = fc.constantFrom([100, 500], [100, 250], [250, 500], [500, 100], [250, 100], [500, 250]) as fc.Arbitrary<
  [number, number]
>;
const order = fc.infiniteStream(fc.boolean());

describe("two speeds of one future on a raw socket", () => {
  test("have no gap when nothing is missing, wherever either begins and ends", () => {
    const cut = fc.tuple(fc.nat(30), fc.nat(30));
    fc.assert(
      fc.property(changesOf, speeds, cut, cut, order, (changes, [first, second], [a0, a1], [b0, b1], isFirst) => {
        const a = chainOf(changes, first).slice(a0);
        const b = chainOf(changes, second).slice(b0);
        const cutA = a.slice(0, Math.max(2, a.length - a1));
        const cutB = b.slice(0, Math.max(2, b.length - b1));
        fc.pre(cutA.length >= 2 && cutB.length >= 2 && meet(cutA, cutB));
        const flips = cutA.map(() => isFirst.next().value === true);
        const market = recorded(interleaved(cutA, cutB, (i) => flips[i] === true));
        expect(market.finish()).toMatchObject({ gaps: 0, sequenceFailures: 0, undecoded: 0 });
        expect(market.book(instrument)).toBeDefined();
      }),
      { numRuns: 200 },
    );
  });

  test("have one gap when diffs of one of them are missing", () => {
    fc.assert(
      fc.property(
        changesOf,
        speeds,
        fc.nat(),
        fc.integer({ min: 1, max: 3 }),
        order,
        (changes, speed, at, most, flip) => {
          const [a, b] = speed.map((everyMs) => chainOf(changes, everyMs)) as [Diff[], Diff[]];
          // Something before it that goes on, and more than a second of either chain behind it: what ends there may have ended by itself.
          const last = Math.min(a.at(-1)?.E ?? 0, b.at(-1)?.E ?? 0) - 1_100;
          const places = a.filter(({ E }) => E < last).length - 2 - most;
          fc.pre(places > 0);
          const from = 2 + (at % places);
          const holed = a.filter((_, i) => i < from || i >= from + most);
          const flips = holed.map(() => flip.next().value === true);
          const { gaps, examples } = recorded(interleaved(holed, b, (i) => flips[i] === true)).finish();
          expect([gaps, examples.length]).toEqual([1, 1]);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("get their book back by a snapshot that came before the hole was certain", () => {
    const changes = Array.from({ length: 60 }, () => 2);
    const fast = chainOf(changes, 100);
    const diffs = interleaved(
      fast.filter((_, i) => i !== 22),
      chainOf(changes, 500),
      () => true,
    );
    const market = recorded(diffs, { snapshotAt: diffs.findIndex(({ E }) => E === 2_600) });
    const { gaps, snapshots, sequenceFailures, examples } = market.finish();
    expect({ gaps, snapshots, sequenceFailures }).toEqual({
      gaps: 1,
      snapshots: { applied: 2, unused: 0, stale: 0 },
      sequenceFailures: 1,
    });
    expect(examples[0]).toMatch(/gap in book: diff \d+ to \d+ does not follow \d+$/);
    expect(market.book(instrument)).toBeDefined();
  });
});

/** Whether either brought something while the other was there: what never meets may as well be one chain with a hole. */
function meet(a: readonly Diff[], b: readonly Diff[]): boolean {
  const within = (one: Diff, many: readonly Diff[]) => one.E > (many[0] as Diff).E && one.E < (many.at(-1) as Diff).E;
  return a.some((one) => within(one, b)) && b.some((one) => within(one, a));
}

test("a chain alone has its holes told by the end, and memory is bounded", () => {
  const chains = new DepthChains();
  const take = (pu: number, u: number, ms: number) =>
    chains.take({ firstSequence: pu + 1, lastSequence: u, previousSequence: pu, venueAtUs: ms * 1_000 });
  take(1, 2, 0);
  take(2, 3, 100);
  expect(take(4, 5, 200)).toBeUndefined();
  expect([chains.isBeside, chains.isPending]).toEqual([true, true]);
  expect(chains.end()).toEqual({ last: 3, firstSequence: 5, lastSequence: 5, isOfBook: true });
  expect(chains.end()).toBeUndefined();
  take(5, 6, 400);
  expect([chains.isBeside, chains.isPending]).toEqual([false, false]);
  for (let i = 1; i < 100; i++) take(100 * i, 100 * i + 1, 400); // more beginnings than there are speeds
  expect(take(9_901, 9_902, 2_000)).toBeDefined();
});
