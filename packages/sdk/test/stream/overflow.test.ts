import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Instrument, InvalidInputError, type MarketEvent, OrderBook } from "../../src/index.ts";
import { EventQueue, type OverflowOptions } from "../../src/stream/overflow.ts";
import { testInstrument } from "../support/instruments.ts";

const btc = testInstrument();
const eth = testInstrument({ id: "binance:ETH/USDT", symbol: "ETH/USDT", venueSymbol: "ETHUSDT" });
const book = new OrderBook();

/** Events by short names: a letter for the kind and a number; `T1` a trade, `B1` a book, `Q1` a quote, `K1` a bar, `gap`, `resync`. */
function event(name: string, instrument: Instrument = btc, interval: "1m" | "5m" = "1m"): MarketEvent {
  const n = Number(name.slice(1));
  const at = { instrument, venueAtUs: n, receivedAtUs: n, receivedNs: n };
  switch (name[0]) {
    case "T":
      return { ...at, kind: "trade", tradeId: n, priceTicks: 1, sizeLots: 1, aggressor: "buy", isBackfilled: false };
    case "B":
      return { ...at, kind: "book", book, sequence: n };
    case "Q":
      return { ...at, kind: "quote", bidTicks: 1, bidLots: 1, askTicks: 2, askLots: 1, sequence: n };
    case "K": {
      const prices = { openTicks: 1, highTicks: 1, lowTicks: 1, closeTicks: 1, volumeLots: 1, quoteVolume: 1n };
      return { ...at, ...prices, kind: "bar", interval, startUs: 0, trades: n, isClosed: false };
    }
    case "g":
      return { ...at, venueAtUs: 0, kind: "gap", channel: "book", cause: "sequence", reason: "a hole" };
    default:
      return { ...at, venueAtUs: 0, kind: "resync", channel: "book", backfilled: 0, missing: 0 };
  }
}

function nameOf(one: MarketEvent): string {
  const whose = one.instrument === eth ? "e" : "";
  switch (one.kind) {
    case "trade":
      return `${whose}T${one.tradeId}`;
    case "book":
      return `${whose}B${one.sequence}`;
    case "quote":
      return `${whose}Q${one.sequence}`;
    case "bar":
      return `${whose}K${one.trades}${one.interval === "1m" ? "" : ` ${one.interval}`}`;
    case "gap":
      return one.cause === "overflow" ? `${whose}overflow ${one.channel}` : "gap";
    case "resync":
      return `${whose}resync ${one.channel} ${one.missing}`;
  }
}

function setUp(options?: OverflowOptions) {
  const queue = new EventQueue(options);
  const push = (...names: readonly string[]) => names.map((name) => queue.tryPush(event(name)));
  const read = (most = Number.POSITIVE_INFINITY) => {
    const names: string[] = [];
    for (let i = 0; i < most; i++) {
      const next = queue.shift();
      if (next === undefined) break;
      names.push(nameOf(next));
    }
    return names;
  };
  return { queue, push, read };
}

describe("conflate", () => {
  test("keeps the latest book, quote and bar in the place of the unread one, and every trade", () => {
    const { push, read } = setUp();
    push("B1", "T1", "Q1", "K1", "B2", "Q2", "T2", "K2", "B3");
    expect(read()).toEqual(["B3", "T1", "Q2", "K2", "T2"]);
  });

  test("what was read is not replaced any more", () => {
    const { push, read } = setUp();
    push("B1", "Q1");
    expect(read(1)).toEqual(["B1"]);
    push("B2", "Q2");
    expect(read()).toEqual(["Q2", "B2"]);
  });

  test("instruments, and intervals of bars, have their own", () => {
    const { queue, read } = setUp();
    for (const one of [event("B1"), event("B2", eth), event("K3"), event("K4", btc, "5m"), event("B5", eth)]) {
      queue.tryPush(one);
    }
    expect(read()).toEqual(["B1", "eB5", "K3", "K4 5m"]);
  });

  test("nothing is put before a gap that it came after", () => {
    const { push, read } = setUp();
    push("B1", "Q1", "gap", "Q2", "resync", "B2", "B3");
    expect(read()).toEqual(["B1", "Q2", "gap", "resync book 0", "B3"]);
  });

  test("of too many trades the oldest go, and a gap says so before anything else", () => {
    const { push, read, queue } = setUp({ capacity: 4 });
    push("B1", "T1", "T2", "T3", "T4", "T5", "Q1", "B2");
    expect(queue.size).toBe(4);
    expect(read()).toEqual(["overflow trade", "resync trade 3", "B2", "T4", "T5", "Q1"]);
    push("T6");
    expect(read()).toEqual(["T6"]);
  });

  test("without trades the oldest of all goes; a gap that was dropped is not declared over", () => {
    const { push, read } = setUp({ capacity: 1 });
    push("gap", "T9");
    expect(read()).toEqual(["overflow book", "T9"]);
    push("resync");
    expect(read()).toEqual(["resync book 0"]);
    push("gap", "resync", "B1");
    expect(read()).toEqual(["B1"]); // both words went, and the book is whole
  });
});

describe("dropOldest", () => {
  test("drops the oldest of all, and says of each channel how many", () => {
    const { push, read } = setUp({ policy: "dropOldest", capacity: 3 });
    push("B1", "B2", "T1", "T2", "Q1", "Q2");
    expect(read()).toEqual(["overflow book", "resync book 2", "overflow trade", "resync trade 1", "T2", "Q1", "Q2"]);
  });

  test("keeps every event while there is room", () => {
    const { push, read } = setUp({ policy: "dropOldest", capacity: 3 });
    push("B1", "B2", "B3");
    expect(read()).toEqual(["B1", "B2", "B3"]);
  });
});

test("close refuses what does not fit, and keeps what does", () => {
  const { push, read } = setUp({ policy: "close", capacity: 2 });
  expect(push("B1", "B2", "B3")).toEqual([true, true, false]);
  expect(read()).toEqual(["B1", "B2"]);
});

test("a capacity out of range is refused", () => {
  expect(() => setUp({ capacity: 0 })).toThrow(InvalidInputError);
  expect(() => setUp({ capacity: 0 })).toThrow("overflow.capacity");
});

test("a stalled consumer costs no more memory, however long it stalls", () => {
  const { queue, read } = setUp({ capacity: 100 });
  for (let i = 0; i < 100_000; i++) {
    queue.tryPush(event(`T${i}`));
    if (i % 10 === 0) queue.tryPush(event(`B${i}`));
    expect(queue.slots).toBeLessThanOrEqual(301);
  }
  expect(queue.size).toBe(100);
  const names = read();
  expect(names.slice(0, 3)).toEqual(["overflow trade", "resync trade 99901", "B99990"]);
  expect(names).toHaveLength(102);
});

test("a consumer that keeps up costs no more memory either", () => {
  const { queue } = setUp({ capacity: 100 });
  for (let i = 0; i < 100_000; i++) {
    queue.tryPush(event(`T${i}`));
    queue.tryPush(event(`B${i}`));
    queue.shift();
    queue.shift();
    expect(queue.slots).toBeLessThanOrEqual(1_300);
  }
});

test("whatever is pushed and read: trades are in order, and what is missing is told exactly", () => {
  const step = fc.oneof(
    fc.constant("T" as const),
    fc.constant("T" as const),
    fc.constantFrom("B" as const, "Q" as const),
    fc.constant("read" as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 8 }), (steps, capacity) => {
      const { queue } = setUp({ capacity });
      const seen: MarketEvent[] = [];
      let trades = 0;
      let last = 0;
      const take = () => {
        const next = queue.shift();
        if (next !== undefined) seen.push(next);
        return next !== undefined;
      };
      for (const one of steps) {
        if (one === "read") take();
        else {
          if (one === "T") trades++;
          last++;
          queue.tryPush(event(one === "T" ? `T${trades}` : `${one}${last}`));
        }
        expect(queue.size).toBeLessThanOrEqual(capacity);
      }
      while (take());
      const ids = seen.flatMap((one) => (one.kind === "trade" ? [one.tradeId] : []));
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
      let missing = 0;
      for (const one of seen) if (one.kind === "resync" && one.channel === "trade") missing += one.missing ?? 0;
      expect(ids.length + missing).toBe(trades);
    }),
  );
});

describe.each(["conflate", "dropOldest"] as const)("with %s a reader who never catches up", (policy) => {
  test("reads as many events as words about what went, and loses track of none", () => {
    const { queue } = setUp({ policy, capacity: 50 });
    const seen: MarketEvent[] = [];
    let pushed = 0;
    for (let round = 0; round < 1_000; round++) {
      for (let i = 0; i < 7; i++) queue.tryPush(event(`T${++pushed}`));
      queue.tryPush(event(`Q${round}`));
      const next = queue.shift();
      if (next !== undefined) seen.push(next);
    }
    const data = seen.filter(({ kind }) => kind === "trade" || kind === "quote");
    expect(data.length).toBeGreaterThanOrEqual(seen.length / 2 - 1);
    expect(data.some(({ kind }) => kind === "quote")).toBe(true);
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) seen.push(next);
    let expected = 1; // the id of the next trade, by what was told
    for (const one of seen) {
      if (one.kind === "resync" && one.channel === "trade") expected += one.missing ?? Number.NaN;
      else if (one.kind === "trade") expect(one.tradeId).toBe(expected++);
    }
    expect(expected).toBe(pushed + 1);
  });
});

test("a policy that is none is refused, with those there are", () => {
  for (const policy of ["x", "Close", null, 5]) {
    const create = () => new EventQueue({ policy } as unknown as OverflowOptions);
    expect(create).toThrow(InvalidInputError);
    expect(create).toThrow('overflow.policy must be "conflate", "dropOldest" or "close", got ');
  }
  for (const overflow of ["close", 5, null]) {
    expect(() => new EventQueue(overflow as OverflowOptions)).toThrow("overflow must be an object");
  }
});
