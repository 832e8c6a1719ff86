import fc from "fast-check";
import { expect, test } from "vitest";
import { FilledTradeSequence } from "../../src/stream/backfill.ts";
import { type SequencedTrade, TradeSequence, type TradeSequenceOptions } from "../../src/stream/trade-sequence.ts";

function setUp() {
  const seen: (number | string)[] = [];
  const options: TradeSequenceOptions<SequencedTrade> = {
    copy: (one) => ({ ...one }),
    healMs: 20,
    holdLimit: 4,
    sink: {
      deliver: ({ tradeId }) => seen.push(tradeId),
      gap: (cause, reason) => seen.push(`gap ${cause}: ${reason}`),
      resync: (backfilled, missing) => seen.push(`resync ${backfilled} ${missing}`),
    },
  };
  return { seen, options };
}

const trade = (tradeId: number, venueAtUs = tradeId): SequencedTrade => ({ tradeId, venueAtUs });

test("a hole with one socket is told, with the number of trades that stay missing", () => {
  const { seen, options } = setUp();
  const sequence = new TradeSequence(options);
  for (const id of [1, 2, 6, 7]) sequence.offer(trade(id), false, 0);
  expect(seen).toEqual([1, 2, "gap sequence: trades 3 to 5 are missing", "resync 0 3", 6, 7]);
});

test("what another socket brings in time is no gap", () => {
  const { seen, options } = setUp();
  const sequence = new TradeSequence(options);
  for (const id of [1, 3, 4, 2]) sequence.offer(trade(id), true, 0);
  expect(seen).toEqual([1, 2, 3, 4]);
});

const step = fc.oneof(
  fc.record({ id: fc.integer({ min: 1, max: 30 }), isShared: fc.boolean() }),
  fc.constantFrom("expire", "disconnect", "doubt", "stop"),
);

test("property: it does what one does that fills no hole", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const plain = setUp();
      const filled = setUp();
      const sink = { ...filled.options.sink, wish: () => {}, dropWish: () => {} };
      const sequences = [
        new TradeSequence(plain.options),
        new FilledTradeSequence({ ...filled.options, sink, fillLimit: 0 }),
      ];
      for (const sequence of sequences) {
        steps.forEach((what, i) => {
          const nowNs = i * 5e6;
          if (what === "expire") sequence.expire(nowNs);
          else if (what === "disconnect") sequence.disconnect("cut off");
          else if (what === "doubt") sequence.doubt("stale", "quiet");
          else if (what === "stop") sequence.stop();
          else sequence.offer(trade(what.id, i), what.isShared, nowNs);
        });
      }
      expect(plain.seen).toEqual(filled.seen);
      const ids = plain.seen.filter((one) => typeof one === "number");
      // Ids go back only where a venue counts anew, which a resync of unknown size tells.
      expect(plain.seen.some((one) => String(one).endsWith("undefined")) || isRising(ids)).toBe(true);
    }),
  );
});

function isRising(ids: readonly number[]): boolean {
  return ids.every((id, i) => i === 0 || id > (ids[i - 1] as number));
}
