import { describe, expect, test } from "vitest";
import type { MarketEvent } from "../../src/index.ts";
import { QueueIterator } from "../../src/stream/iterate.ts";
import { EventQueue, type OverflowOptions, StreamOverflowError } from "../../src/stream/overflow.ts";
import { testInstrument } from "../support/instruments.ts";
import { rejectionOf } from "../support/rejection.ts";

const instrument = testInstrument();

function trade(tradeId: number): MarketEvent {
  const at = { instrument, venueAtUs: 0, receivedAtUs: 0, receivedNs: 0 };
  return { ...at, kind: "trade", tradeId, priceTicks: 1, sizeLots: 1, aggressor: "buy", isBackfilled: false };
}

function setUp(options: OverflowOptions = {}) {
  let leaves = 0;
  const iterator = new QueueIterator(new EventQueue(options), async () => {
    leaves++;
    iterator.end();
  });
  const loop = async (most = Number.POSITIVE_INFINITY) => {
    const ids: number[] = [];
    for await (const event of { [Symbol.asyncIterator]: () => iterator }) {
      if (event.kind === "trade") ids.push(event.tradeId);
      if (ids.length === most) break;
    }
    return ids;
  };
  return { iterator, loop, leaves: () => leaves };
}

test("gives what waits, then what comes, until the end", async () => {
  const { iterator, loop, leaves } = setUp();
  iterator.tryPush(trade(1));
  const ids = loop();
  await Promise.resolve();
  iterator.tryPush(trade(2));
  iterator.tryPush(trade(3));
  iterator.end();
  iterator.tryPush(trade(4));
  expect(await ids).toEqual([1, 2, 3]);
  expect(leaves()).toBe(0);
});

test("several waiting calls are served in order", async () => {
  const { iterator } = setUp();
  const results = [iterator.next(), iterator.next(), iterator.next()];
  iterator.tryPush(trade(1));
  iterator.tryPush(trade(2));
  iterator.end();
  expect((await Promise.all(results)).map(({ value, done }) => [value?.kind, done])).toEqual([
    ["trade", false],
    ["trade", false],
    [undefined, true],
  ]);
});

test("leaving the loop closes the stream, and nothing is read any more", async () => {
  const { iterator, loop, leaves } = setUp();
  iterator.tryPush(trade(1));
  iterator.tryPush(trade(2));
  expect(await loop(1)).toEqual([1]);
  expect(leaves()).toBe(1);
  expect(await iterator.next()).toEqual({ value: undefined, done: true });
});

describe("a consumer that is too slow, with the policy close,", () => {
  test("reads what was queued and then gets the error, once", async () => {
    const { iterator } = setUp({ policy: "close", capacity: 2 });
    expect([1, 2, 3].map((id) => iterator.tryPush(trade(id)))).toEqual([true, true, false]);
    expect((await iterator.next()).value).toMatchObject({ tradeId: 1 });
    expect((await iterator.next()).value).toMatchObject({ tradeId: 2 });
    const error = await rejectionOf(iterator.next());
    expect(error).toBeInstanceOf(StreamOverflowError);
    expect(error).toMatchObject({ code: "STREAM_OVERFLOW", retryable: false });
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
  });
});

test("an end with an error reaches who waits", async () => {
  const { iterator } = setUp();
  const next = iterator.next();
  const error = new StreamOverflowError("too slow");
  iterator.end(error);
  expect(await rejectionOf(next)).toBe(error);
  expect(await iterator.next()).toEqual({ value: undefined, done: true });
});
