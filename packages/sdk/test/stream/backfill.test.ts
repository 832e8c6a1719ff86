import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { FilledTradeSequence, type FilledTradeSequenceOptions } from "../../src/stream/backfill.ts";
import type { SequencedTrade } from "../../src/stream/trade-sequence.ts";

interface Trade extends SequencedTrade {
  readonly tradeId: number;
  readonly venueAtUs: number;
}

const trade = (tradeId: number, venueAtUs = tradeId): Trade => ({ tradeId, venueAtUs });

function setUp(options: Partial<FilledTradeSequenceOptions<Trade>> = {}) {
  const seen: (number | string)[] = [];
  const wishes: (readonly [first: number, last: number] | "dropped")[] = [];
  const sequence = new FilledTradeSequence<Trade>({
    fillLimit: 100,
    copy: (one) => ({ ...one }),
    sink: {
      deliver: ({ tradeId }, isBackfilled) => seen.push(isBackfilled ? `+${tradeId}` : tradeId),
      gap: (cause, reason) => seen.push(`gap ${cause}: ${reason}`),
      resync: (backfilled, missing) => seen.push(`resync ${backfilled} ${missing}`),
      wish: (first, last) => wishes.push([first, last]),
      dropWish: () => wishes.push("dropped"),
    },
    ...options,
  });
  const offer = (...ids: readonly number[]) => ids.map((id) => sequence.offer(trade(id), false, 0));
  const offerShared = (nowMs: number, ...ids: readonly number[]) =>
    ids.map((id) => sequence.offer(trade(id), true, nowMs * 1e6));
  const fill = (...ids: readonly number[]) => sequence.filled(ids.map((id) => trade(id)));
  return { seen, wishes, sequence, offer, offerShared, fill };
}

describe("a hole, with one socket", () => {
  test("is told at once, what comes after it is held back, and everything is delivered in order", () => {
    const { seen, wishes, offer, fill, sequence } = setUp();
    expect(offer(1, 2, 6, 7)).toEqual([true, true, true, true]);
    expect([seen, wishes]).toEqual([[1, 2, "gap sequence: trades 3 to 5 are missing"], [[3, 5]]]);
    fill(3, 4);
    fill(5);
    expect(seen.slice(3)).toEqual(["+3", "+4", "+5", "resync 3 0", 6, 7]);
    sequence.filledAll();
    offer(8);
    expect(seen.slice(-2)).toEqual([7, 8]);
  });

  test("that cannot be fetched wholly says how many stay missing", () => {
    const { seen, offer, fill, sequence } = setUp();
    offer(1, 10);
    fill(2, 3, 6);
    sequence.filledAll();
    expect(seen.slice(2)).toEqual(["+2", "+3", "+6", "resync 3 5", 10]);
  });

  test("too long to be fetched stays: the stream goes on at once", () => {
    const { seen, wishes, offer } = setUp({ fillLimit: 3 });
    offer(1, 6, 7);
    expect([seen, wishes]).toEqual([[1, "gap sequence: trades 2 to 5 are missing", "resync 0 4", 6, 7], []]);
  });

  test("is not fetched at all with a limit of 0", () => {
    const { seen, wishes, offer } = setUp({ fillLimit: 0 });
    offer(1, 3);
    expect([seen, wishes]).toEqual([[1, "gap sequence: trades 2 to 2 are missing", "resync 0 1", 3], []]);
  });

  test("stays when too much is held back behind it", () => {
    const { seen, wishes, offer, fill } = setUp({ holdLimit: 2 });
    offer(1, 4, 5, 6);
    expect(seen.slice(1)).toEqual(["gap sequence: trades 2 to 3 are missing", "resync 0 2", 4, 5, 6]);
    expect(wishes).toEqual([[2, 3], "dropped"]);
    fill(2, 3); // came too late
    expect(seen).toHaveLength(6);
  });

  test("behind another one is fetched after it", () => {
    const { seen, wishes, offer, fill, sequence } = setUp();
    offer(1, 3, 6);
    fill(2);
    expect(seen.slice(1)).toEqual([
      "gap sequence: trades 2 to 2 are missing",
      "+2",
      "resync 1 0",
      3,
      "gap sequence: trades 4 to 5 are missing",
    ]);
    expect(wishes).toEqual([[2, 2], "dropped", [4, 5]]);
    sequence.filledAll();
    expect(seen.slice(-2)).toEqual(["resync 0 2", 6]);
  });

  test("what comes twice, or late, is no news", () => {
    const { seen, offer, fill } = setUp();
    expect(offer(5, 5, 4, 8, 8)).toEqual([true, false, false, true, false]);
    fill(6, 7);
    expect(offer(7)).toEqual([false]);
    expect(seen).toEqual([5, "gap sequence: trades 6 to 7 are missing", "+6", "+7", "resync 2 0", 8]);
  });
});

describe("a hole, with two sockets", () => {
  test("is closed by the other one, and nobody hears of it", () => {
    const { seen, wishes, offerShared, sequence } = setUp();
    offerShared(0, 1, 4, 5);
    expect([seen, sequence.isHealing]).toEqual([[1], true]);
    expect(offerShared(100, 1, 2, 3, 4)).toEqual([false, true, true, false]);
    expect([seen, wishes, sequence.isHealing]).toEqual([[1, 2, 3, 4, 5], [], false]);
  });

  test("is a gap when the other one does not bring it in time", () => {
    const { seen, wishes, offerShared, sequence } = setUp();
    offerShared(0, 1, 4);
    sequence.expire(249e6);
    expect(seen).toEqual([1]);
    sequence.expire(250e6);
    expect([seen.slice(1), wishes]).toEqual([["gap sequence: trades 2 to 3 are missing"], [[2, 3]]]);
    offerShared(300, 2, 3); // late, but before the fetch
    expect([seen.slice(2), wishes]).toEqual([
      [2, 3, "resync 0 0", 4],
      [[2, 3], "dropped"],
    ]);
  });

  test("that is fetched may be closed by what comes late over the other one", () => {
    const { seen, offerShared, sequence, fill } = setUp();
    offerShared(0, 1, 7);
    sequence.expire(250e6);
    offerShared(300, 3, 5);
    fill(2, 3, 4, 6);
    expect(seen.slice(2)).toEqual(["+2", 3, "+4", 5, "+6", "resync 3 0", 7]);
  });

  test("behind a hole that was closed has the time of the first", () => {
    const { seen, offerShared, sequence } = setUp({ fillLimit: 0 });
    offerShared(0, 1, 3, 6);
    offerShared(200, 2);
    expect(seen).toEqual([1, 2, 3]);
    sequence.expire(250e6);
    expect(seen.slice(3)).toEqual(["gap sequence: trades 4 to 5 are missing", "resync 0 2", 6]);
  });
});

describe("after all sockets were lost", () => {
  test("the gap is told at once, and ends with the first trade when nothing was missed", () => {
    const { seen, sequence, offer } = setUp();
    offer(1);
    sequence.disconnect("cut off");
    sequence.disconnect("cut off"); // once is enough
    expect(seen).toEqual([1, "gap connection: the connection was lost: cut off"]);
    offer(2);
    expect(seen.slice(2)).toEqual(["resync 0 0", 2]);
  });

  test("what was missed is fetched under the same gap", () => {
    const { seen, wishes, sequence, offer, fill } = setUp();
    offer(1);
    sequence.disconnect("cut off");
    offer(4);
    expect(wishes).toEqual([[2, 3]]);
    fill(2, 3);
    expect(seen.slice(2)).toEqual(["+2", "+3", "resync 2 0", 4]);
  });

  test("a fetch goes on", () => {
    const { seen, sequence, offer, fill } = setUp();
    offer(1, 3);
    sequence.disconnect("cut off");
    fill(2);
    expect(seen.slice(2)).toEqual(["+2", "resync 1 0", 3]);
  });

  test("nothing is told before the first trade", () => {
    const { seen, sequence } = setUp();
    sequence.disconnect("cut off");
    expect(seen).toEqual([]);
  });

  test("lower ids with a later time are a venue that counts anew, not late trades", () => {
    const { seen, sequence } = setUp();
    sequence.offer(trade(100, 5_000), false, 0);
    sequence.disconnect("cut off");
    expect(sequence.offer(trade(99, 4_999), false, 0)).toBe(false); // a region that is behind
    expect(sequence.offer(trade(3, 6_000), false, 0)).toBe(true);
    sequence.offer(trade(4, 6_001), false, 0);
    expect(seen.slice(1)).toEqual(["gap connection: the connection was lost: cut off", "resync 0 undefined", 3, 4]);
  });

  test("but not on a socket that was open all the time", () => {
    const { sequence } = setUp();
    sequence.offer(trade(100, 5_000), false, 0);
    expect(sequence.offer(trade(3, 6_000), false, 0)).toBe(false);
  });
});

test("a doubt is a gap until the next trade shows what was missed", () => {
  const { seen, sequence, offer } = setUp();
  sequence.doubt("stale", "nothing came");
  offer(1);
  sequence.doubt("stale", "nothing came");
  offer(2);
  expect(seen).toEqual([1, "gap stale: nothing came", "resync 0 0", 2]);
});

test("stop forgets what is held back and fetched", () => {
  const { seen, wishes, sequence, offer, fill } = setUp();
  offer(1, 3);
  sequence.stop();
  fill(2);
  expect([seen.length, wishes]).toEqual([2, [[2, 2], "dropped"]]);
});

test("options out of range are refused", () => {
  expect(() => setUp({ fillLimit: -1 })).toThrow(InvalidInputError);
  expect(() => setUp({ holdLimit: 0 })).toThrow("holdLimit");
  expect(() => setUp({ healMs: 60_001 })).toThrow("healMs");
});

test("whatever two sockets lose, repeat or delay: ids rise, none comes twice, and what is missing was told", () => {
  const leg = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 40, maxLength: 40 }); // 0: lost, 1: sent twice
  fc.assert(
    fc.property(leg, leg, fc.array(fc.boolean(), { maxLength: 200 }), fc.boolean(), (a, b, turns, fetches) => {
      const { seen, wishes, sequence } = setUp({ fillLimit: fetches ? 100 : 0, healMs: 20 });
      const queues = [a, b].map((fates) =>
        fates.flatMap((fate, i) => (fate === 0 ? [] : fate === 1 ? [i + 1, i + 1] : [i + 1])),
      );
      let nowMs = 0;
      const step = (which: number) => {
        const id = queues[which]?.shift();
        nowMs += 1;
        if (id !== undefined) sequence.offer(trade(id), true, nowMs * 1e6);
        sequence.expire(nowMs * 1e6);
        const wish = wishes.at(-1);
        if (wish !== undefined && wish !== "dropped" && nowMs % 3 === 0) {
          const [first, last] = wish;
          sequence.filled(Array.from({ length: last - first + 1 }, (_, i) => trade(first + i)));
        }
      };
      for (const turn of turns) step(turn ? 1 : 0);
      while (queues.some((queue) => queue.length > 0)) {
        step(0);
        step(1);
      }
      // Behind each hole that is given up there may be another one.
      for (let hole = 0; hole < 40; hole++) {
        nowMs += 20;
        sequence.expire(nowMs * 1e6);
        sequence.filledAll();
      }
      const ids = seen.flatMap((one) =>
        typeof one === "number" ? [one] : one.startsWith("+") ? [Number(one.slice(1))] : [],
      );
      expect(ids).toEqual([...new Set(ids)].sort((x, y) => x - y));
      const missing = seen.flatMap((one) =>
        typeof one === "string" && one.startsWith("resync") ? [Number(one.split(" ")[2])] : [],
      );
      const [first = 0, last = 0] = [ids[0], ids.at(-1)];
      if (wishes.at(-1) === "dropped" || wishes.length === 0 || !fetches) {
        expect(ids.length + missing.reduce((sum, n) => sum + n, 0)).toBe(ids.length === 0 ? 0 : last - first + 1);
      }
      const told = seen.filter((one) => typeof one === "string" && one.startsWith("gap")).length;
      expect(told).toBe(missing.length);
    }),
  );
});
