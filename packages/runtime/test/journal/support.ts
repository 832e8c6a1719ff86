import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { onTestFinished } from "vitest";
import type { InputLevel, InputRecord } from "../../src/journal/inputs.ts";

/** A folder that goes when the test has ended. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-journal-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

// Small differences are the rule and huge ones must come back too.
const whole = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -200, max: 200 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 1e9 }) },
  { weight: 2, arbitrary: fc.maxSafeInteger() },
);
const price = fc.oneof({ weight: 9, arbitrary: whole }, { weight: 1, arbitrary: fc.constant(Number.NaN) });
const timeUs = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: 1.7e15, max: 1.7e15 + 1e7 }),
  fc.maxSafeNat(),
);
const level: fc.Arbitrary<InputLevel> = fc.record({ ticks: whole, lots: whole }, { noNullPrototype: true });
const instrument = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 500 }));
const channel = fc.constantFrom("book", "quote", "trade", "bar");
const market = { atUs: timeUs, instrument, venueAtUs: timeUs, receivedAtUs: timeUs };

/** Any record of a journal's inputs. */
export const inputRecord: fc.Arbitrary<InputRecord> = fc.oneof(
  record({
    kind: fc.constant("quote"),
    ...market,
    bidTicks: price,
    bidLots: whole,
    askTicks: price,
    askLots: whole,
    sequence: whole,
  }),
  record({
    kind: fc.constant("trade"),
    ...market,
    tradeId: whole,
    priceTicks: price,
    sizeLots: fc.oneof(whole, fc.constantFrom(0.5, 1e300, Number.POSITIVE_INFINITY)),
    aggressor: fc.constantFrom("buy", "sell"),
    isBackfilled: fc.boolean(),
  }),
  record({
    kind: fc.constant("book"),
    ...market,
    sequence: whole,
    isSnapshot: fc.boolean(),
    bids: fc.array(level, { maxLength: 40 }),
    asks: fc.array(level, { maxLength: 40 }),
  }),
  record({
    kind: fc.constant("gap"),
    ...market,
    channel: fc.oneof(channel, fc.string()),
    cause: fc.oneof(fc.constantFrom("sequence", "stale", "overflow"), fc.string()),
    reason: fc.string({ unit: "grapheme" }),
  }),
  record({
    kind: fc.constant("resync"),
    ...market,
    channel,
    backfilled: whole,
    missing: fc.option(whole, { nil: undefined }),
  }),
  record({
    kind: fc.constant("bar"),
    ...market,
    interval: fc.constantFrom("1s", "1m", "1M"),
    startUs: timeUs,
    openTicks: price,
    highTicks: price,
    lowTicks: price,
    closeTicks: price,
    volumeLots: whole,
    quoteVolume: fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
    trades: whole,
    isClosed: fc.boolean(),
  }),
  record({ kind: fc.constantFrom("frameEnd", "continue", "flushLow"), atUs: timeUs }),
  record({ kind: fc.constant("timer"), atUs: timeUs, plugin: fc.nat(50), id: whole }),
);

function record(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<InputRecord> {
  return fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<unknown> as fc.Arbitrary<InputRecord>;
}
