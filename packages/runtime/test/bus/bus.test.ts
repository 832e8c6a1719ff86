import { ManualClock } from "@pitlane/perf/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Bus, type BusOptions } from "../../src/bus/bus.ts";
import { type BusEvent, defineEvent, type EventDefinition, type LaneName } from "../../src/bus/events.ts";
import { custom, gap, nameOf, quote, report, trade } from "./events.ts";

const alarm = (value: number) => custom("test/alarm", value);
const figure = (value: number) => custom("test/figure", value);

const DEFINITIONS = [
  defineEvent("test/alarm" as never, { lane: "critical" }),
  defineEvent("test/figure" as never, { lane: "low" }),
] as EventDefinition[];

interface SetUp extends Partial<Pick<BusOptions, "capacity" | "batch" | "lanes" | "clock">> {
  readonly onDispatch?: (event: BusEvent, bus: Bus) => void;
  readonly onDrop?: (event: BusEvent, bus: Bus) => void;
}

function setUp({ onDispatch, onDrop, ...limits }: SetUp = {}) {
  const seen: string[] = [];
  const overflows: string[] = [];
  const dropped: string[] = [];
  const rooms: LaneName[] = [];
  const asked = { times: 0 };
  const bus: Bus = new Bus({
    dispatch: (event) => {
      seen.push(nameOf(event));
      onDispatch?.(event, bus);
    },
    defer: () => {
      asked.times++;
    },
    onOverflow: (lane, depth) => overflows.push(`${lane} ${depth}`),
    onDrop: (event) => {
      dropped.push(nameOf(event));
      onDrop?.(event, bus);
    },
    onRoom: (lane) => rooms.push(lane),
    ...limits,
  });
  for (const definition of DEFINITIONS) bus.register(definition);
  const publish = (...events: BusEvent[]) => events.map((event) => bus.publish(event, 0, 0));
  const drainAll = () => {
    bus.flushLow();
    while (bus.depth > 0) bus.drain();
  };
  return { bus, seen, overflows, dropped, rooms, asked, publish, drainAll };
}

const numbered = (name: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `${name} ${from + i}`);

describe("order", () => {
  test("the more urgent lane goes first, and each lane keeps its order", () => {
    const { bus, seen, publish } = setUp();
    publish(trade(1), figure(1), report(1), trade(2), alarm(1), report(2), alarm(2));
    bus.flushLow();
    expect(seen).toEqual(
      ["alarm", "report", "trade"]
        .flatMap((name) => [1, 2].map((n) => `${name} ${n}`.replace("alarm", "test/alarm")))
        .concat("test/figure 1"),
    );
  });

  test("what a handler publishes takes its place among what waits, without recursion", () => {
    let depth = 0;
    let deepest = 0;
    const { bus, seen, publish } = setUp({
      onDispatch: (event, self) => {
        deepest = Math.max(deepest, ++depth);
        if (event.kind === "trade" && event.tradeId < 3) {
          self.publish(report(event.tradeId), 0, 0);
          self.publish(trade(event.tradeId + 10), 0, 0);
          self.drain();
        }
        depth--;
      },
    });
    publish(trade(1), trade(2));
    bus.drain();
    expect(seen).toEqual(["trade 1", "report 1", "trade 2", "report 2", "trade 11", "trade 12"]);
    expect(deepest).toBe(1);
  });

  test("a dispatcher that throws does not block the bus, and what is left is asked for", () => {
    const { bus, seen, asked, publish } = setUp({
      onDispatch: (event) => {
        if (event.kind === "trade" && event.tradeId === 1) throw new Error("bad");
      },
    });
    publish(trade(1), trade(2));
    expect(() => bus.drain()).toThrow("bad");
    expect(asked.times).toBe(1);
    bus.drain();
    expect(seen).toEqual(["trade 1", "trade 2"]);
  });
});

describe("shares", () => {
  test("after a batch of market data it asks for another turn", () => {
    const { bus, seen, asked, publish } = setUp({ batch: 3 });
    publish(...[1, 2, 3, 4, 5].map(trade));
    bus.drain();
    expect(seen).toHaveLength(3);
    expect(asked.times).toBe(1);
    publish(report(1));
    bus.drain();
    expect(seen.slice(3)).toEqual(["report 1", "trade 4", "trade 5"]);
    expect(asked.times).toBe(1);
  });

  test("everything urgent that waits goes in one drain, however small the batch", () => {
    const { bus, seen, publish } = setUp({ batch: 2 });
    publish(...numbered("", 1, 50).map((n) => report(Number(n))), ...numbered("", 1, 50).map((n) => alarm(Number(n))));
    bus.drain();
    expect(seen).toEqual([...numbered("test/alarm", 1, 50), ...numbered("report", 1, 50)]);
  });

  test("a handler that publishes without end cannot keep the others from their share, nor the drain from ending", () => {
    let next = 1;
    const { bus, seen, asked, publish } = setUp({
      batch: 10,
      onDispatch: (event, self) => {
        if ((event.kind as string) === "test/alarm") self.publish(alarm(++next), 0, 0);
      },
    });
    publish(alarm(1), report(1), trade(1), figure(1));
    bus.flushLow();
    expect(seen.filter((name) => name.startsWith("test/alarm"))).toHaveLength(11);
    expect(seen).toContain("report 1");
    expect(seen).toContain("trade 1");
    expect(seen).toContain("test/figure 1");
    expect(asked.times).toBe(1);
  });

  test("while market data and analytics both wait, there is one of them for every ten", () => {
    const { bus, seen, publish } = setUp({ batch: 33 });
    publish(...numbered("", 1, 100).map((n) => trade(Number(n))), ...[1, 2, 3, 4, 5].map(figure));
    bus.flushLow();
    expect(seen.indexOf("test/figure 1")).toBe(10);
    expect(seen.indexOf("test/figure 2")).toBe(21);
    expect(seen.indexOf("test/figure 3")).toBe(32);
  });

  test("the low lane waits for its flush or for a full batch", () => {
    const { bus, seen, asked, publish } = setUp({ batch: 4 });
    publish(figure(1), figure(2));
    bus.drain();
    expect(seen).toEqual([]);
    expect(asked.times).toBe(0);
    bus.flushLow();
    expect(seen).toEqual(numbered("test/figure", 1, 2));
    publish(figure(3), figure(4), figure(5));
    bus.drain();
    expect(seen).toHaveLength(2);
    publish(figure(6), figure(7));
    bus.drain();
    expect(seen).toEqual(numbered("test/figure", 1, 6));
    expect(bus.depth).toBe(1);
  });

  test("a flood of 100,000 events delays an urgent one by a batch at most, within its deadline", () => {
    const clock = new ManualClock();
    const waited: number[] = [];
    const bus: Bus = new Bus({
      dispatch: (event, queuedNs, _instrument, _kind, nowNs) => {
        if (event.kind !== "trade") waited.push(nowNs - queuedNs);
        clock.advance({ us: 50 }); // a slow handler
      },
      defer: () => {},
      onOverflow: () => {},
      clock,
      capacity: 2 ** 17,
    });
    for (const definition of DEFINITIONS) bus.register(definition);
    for (let i = 0; i < 100_000; i++) bus.publish(trade(i), 0, clock.monotonicNs());
    while (bus.depth > 0) {
      // Comes from a socket: published while the turn before was taken by a batch, which is when it has waited longest.
      const cameNs = clock.monotonicNs();
      bus.drain();
      bus.publish(alarm(1), 0, cameNs);
      bus.publish(report(1), 0, cameNs);
      bus.drain();
    }
    const { lanes } = bus.counters(clock.monotonicNs());
    expect(waited).toHaveLength(2 * 500);
    expect(Math.max(...waited)).toBeLessThan(10e6);
    expect(lanes.critical).toMatchObject({ dispatched: 500, deadlineMisses: 0, dropped: 0 });
    expect(lanes.high).toMatchObject({ dispatched: 500, deadlineMisses: 0, dropped: 0 });
    expect(lanes.normal.dispatched).toBe(100_000);
    expect(lanes.normal.deadlineMisses).toBeGreaterThan(0);
  });
});

describe("conflation", () => {
  test("a waiting quote is replaced by a newer one of its instrument, in its place; trades never are", () => {
    const { bus, seen, publish } = setUp();
    publish(quote(1), trade(1), quote(2));
    bus.publish(quote(9), 1, 0);
    publish(trade(2));
    bus.drain();
    expect(seen).toEqual(["quote 2", "trade 1", "quote 9", "trade 2"]);
    const { lanes, kinds } = bus.counters(0);
    expect(lanes.normal).toMatchObject({ dispatched: 4, dropped: 0, conflated: 1, maxDepth: 4 });
    expect(kinds["quote"]).toMatchObject({ dispatched: 2, conflated: 1 });
    expect(kinds["trade"]).toMatchObject({ dispatched: 2, conflated: 0 });
  });

  test("the most that waited is told once, and remembered", () => {
    const { bus, publish } = setUp();
    publish(trade(1), trade(2), trade(3));
    bus.drain();
    expect(bus.takePeaks()).toEqual({ critical: 0, high: 0, normal: 3, low: 0 });
    publish(trade(4));
    expect([bus.takePeaks().normal, bus.takePeaks().normal]).toEqual([1, 1]); // it still waits
    bus.drain();
    expect([bus.takePeaks().normal, bus.takePeaks().normal]).toEqual([1, 0]);
    expect(bus.counters(0).lanes.normal.maxDepth).toBe(3);
  });

  test("is by instrument, however many there are", () => {
    const { bus, seen } = setUp({ batch: 10_000 });
    for (const sequence of [1, 2]) for (let index = 0; index < 500; index++) bus.publish(quote(sequence), index, 0);
    expect(bus.depth).toBe(500);
    bus.drain();
    expect(seen).toEqual(Array.from({ length: 500 }, () => "quote 2"));
    bus.publish(quote(3), 499, 0);
    bus.drain();
    expect(seen).toHaveLength(501);
  });

  test("never across a gap of its instrument: a quote from after it is not shown before it", () => {
    const { bus, seen, publish } = setUp();
    publish(quote(1), gap("a"), quote(2), quote(3));
    bus.publish(quote(5), 1, 0);
    bus.publish(gap("b"), 2, 0);
    bus.publish(quote(6), 1, 0);
    bus.drain();
    expect(seen).toEqual(["quote 1", "gap a", "quote 3", "quote 6", "gap b"]);
  });
});

describe("a full lane", () => {
  test("of market data gives up its oldest, counted and told; one that never drops grows and says so once", () => {
    const { bus, seen, overflows, dropped, publish } = setUp({ capacity: 4, batch: 1000 });
    publish(...[1, 2, 3, 4, 5, 6].map(trade), ...numbered("", 1, 20).map((n) => report(Number(n))));
    expect(overflows).toEqual(["normal 4", "high 5"]);
    expect(dropped).toEqual(["trade 1", "trade 2"]);
    bus.drain();
    expect(seen).toEqual([...numbered("report", 1, 20), ...numbered("trade", 3, 6)]);
    const { lanes, kinds } = bus.counters(0);
    expect(lanes.normal).toMatchObject({ dispatched: 4, dropped: 2 });
    expect(kinds["trade"]).toMatchObject({ dispatched: 4, dropped: 2 });
    publish(...[1, 2, 3, 4, 5].map(trade));
    expect(overflows).toHaveLength(3); // it was empty in between
  });

  test("gives up no gap", () => {
    const { bus, seen, dropped, publish } = setUp({ capacity: 3 });
    publish(gap("a"), gap("b"), trade(1), trade(2), quote(1), quote(2));
    expect(dropped).toEqual(["trade 1", "trade 2"]);
    publish(gap("c"), gap("d"), gap("e"));
    bus.drain();
    expect(dropped).toEqual(["trade 1", "trade 2", "quote 2"]);
    expect(seen).toEqual(["gap a", "gap b", "gap c", "gap d", "gap e"]);
  });

  test("may be told of by an event: the one who hears of a loss publishes it", () => {
    const { bus, seen, publish } = setUp({
      capacity: 2,
      onDrop: (event, self) => {
        if (event.kind === "trade" && event.tradeId === 1) self.publish(gap("overflow"), 0, 0);
      },
    });
    publish(trade(1), trade(2), trade(3));
    bus.drain();
    expect(seen).toEqual(["trade 3", "gap overflow"]);
  });

  test("with back-pressure refuses, counts it, and says when there is room", () => {
    const { bus, seen, rooms, publish } = setUp({ capacity: 4, batch: 2, lanes: { normal: { whenFull: "refuse" } } });
    expect(publish(...[1, 2, 3, 4, 5].map(trade))).toEqual([true, true, true, true, false]);
    expect(rooms).toEqual([]);
    bus.drain();
    expect(rooms).toEqual(["normal"]);
    expect(publish(trade(5))).toEqual([true]);
    bus.drain();
    bus.drain();
    expect(seen).toEqual(numbered("trade", 1, 5));
    expect(bus.counters(0).lanes.normal).toMatchObject({ refused: 1, dropped: 0 });
    expect(rooms).toHaveLength(1);
  });
});

test("counters tell what waits, by lane and kind, and how long", () => {
  const clock = new ManualClock();
  const { bus } = setUp({ clock });
  bus.publish(trade(1), 0, clock.monotonicNs());
  clock.advance({ ms: 5 });
  bus.publish(quote(1), 0, clock.monotonicNs());
  bus.publish(report(1), 0, clock.monotonicNs());
  clock.advance({ ms: 51 });
  const { lanes, kinds } = bus.counters(clock.monotonicNs());
  expect(lanes.normal).toMatchObject({ depth: 2, oldestAgeMs: 56 });
  expect(lanes.high).toMatchObject({ depth: 1, oldestAgeMs: 51 });
  expect(lanes.low).toMatchObject({ depth: 0, oldestAgeMs: 0 });
  expect(kinds["quote"]).toMatchObject({ depth: 1, oldestAgeMs: 51 });
  bus.drain();
  expect(bus.counters(clock.monotonicNs()).lanes.high).toMatchObject({ depth: 0, dispatched: 1, deadlineMisses: 1 });
  expect(bus.counters(clock.monotonicNs()).lanes.normal.deadlineMisses).toBe(0);
});

describe("kinds", () => {
  test("one that nobody registered is refused by name", () => {
    const { bus } = setUp();
    expect(() => bus.publish(custom("test/unheard", 1), -1, 0)).toThrow(
      expect.objectContaining({ code: "UNKNOWN_EVENT_KIND", kind: "test/unheard" }),
    );
  });

  test("registering one twice is an error", () => {
    const { bus } = setUp();
    expect(() => bus.register(defineEvent("quote", { lane: "high" }))).toThrow(
      expect.objectContaining({ code: "DUPLICATE_EVENT_KIND" }),
    );
  });

  test("one defined on the shared kinds is known to the bus", () => {
    const { bus, seen } = setUp();
    bus.kinds.define(defineEvent("test/late" as never, { lane: "high" }));
    bus.publish(custom("test/late", 1), -1, 0);
    bus.drain();
    expect(seen).toEqual(["test/late 1"]);
  });

  test("an impossible definition is refused", () => {
    expect(() => defineEvent("a b" as never, { lane: "high" })).toThrow('must be named such as "my-plugin/signal"');
    expect(() => defineEvent("test/x" as never, { lane: "urgent" as never })).toThrow("must be one of critical");
    expect(() => defineEvent("test/x" as never, { lane: "low", conflate: true, barrier: true })).toThrow("barrier");
  });

  test.each([
    [{ capacity: 0 }, "capacity"],
    [{ batch: 0 }, "batch"],
    [{ lanes: { low: { whenFull: "explode" as never } } }, "whenFull"],
    [{ lanes: { low: { deadlineMs: -1 } } }, "deadlineMs"],
  ])("the option %j is refused", (options, name) => {
    expect(() => setUp(options)).toThrow(
      expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringContaining(name) }),
    );
  });
});

describe("any sequence of calls", () => {
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constantFrom("trade", "quote", "report", "alarm", "figure", "gap"),
        instrument: fc.integer({ min: -1, max: 2 }),
      }),
    },
    { weight: 2, arbitrary: fc.constantFrom("drain" as const, "flushLow" as const) },
  );
  const steps = fc.array(step, { maxLength: 300 });
  const make = { trade, quote, report, alarm, figure, gap: (n: number) => gap(String(n)) } as const;

  function play(sequence: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[], options: SetUp) {
    const host = setUp(options);
    const { bus } = host;
    let next = 0;
    const published: { readonly name: string; readonly instrument: number }[] = [];
    for (const one of sequence) {
      if (one === "drain") bus.drain();
      else if (one === "flushLow") bus.flushLow();
      else {
        const event = make[one.kind as keyof typeof make](++next);
        bus.publish(event, one.instrument, 0);
        published.push({ name: nameOf(event), instrument: one.instrument });
      }
    }
    host.drainAll();
    return { ...host, published };
  }

  const limits = fc.record({ batch: fc.integer({ min: 1, max: 7 }), capacity: fc.integer({ min: 1, max: 12 }) });

  test("loses, doubles or reorders nothing of what is never dropped", () => {
    fc.assert(
      fc.property(steps, limits, (sequence, options) => {
        const { seen, published } = play(sequence, options);
        for (const prefix of ["report", "test/alarm", "gap"]) {
          const of = (names: readonly string[]) => names.filter((name) => name.startsWith(prefix));
          expect(of(seen)).toEqual(of(published.map(({ name }) => name)));
        }
      }),
    );
  });

  test("accounts for every event: dispatched, dropped or conflated, and keeps each kind's order", () => {
    fc.assert(
      fc.property(steps, limits, (sequence, options) => {
        const { bus, seen, dropped, published } = play(sequence, options);
        const { kinds, lanes } = bus.counters(0);
        let conflated = 0;
        for (const counters of Object.values(kinds)) conflated += counters.conflated;
        expect(seen.length + dropped.length + conflated).toBe(published.length);
        expect(new Set([...seen, ...dropped]).size).toBe(seen.length + dropped.length);
        for (const name of ["trade", "test/figure"]) {
          const numbers = seen.filter((one) => one.startsWith(name)).map((one) => Number(one.split(" ")[1]));
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
        }
        expect(Object.values(lanes).reduce((sum, lane) => sum + lane.dispatched, 0)).toBe(seen.length);
      }),
    );
  });

  test("delivers the newest quote of each instrument after the last gap, when nothing is dropped", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 7 }), (sequence, batch) => {
        const { seen, published } = play(sequence, { batch, capacity: 10_000 });
        for (const instrument of [-1, 0, 1, 2]) {
          const own = published.filter((one) => one.instrument === instrument && /^(quote|gap)/.test(one.name));
          const heard = seen.filter((name) => own.some((one) => one.name === name));
          expect(heard.at(-1)).toBe(own.at(-1)?.name);
          // Gaps stand where they stood among the quotes that were delivered.
          const order = heard.map((name) => own.findIndex((one) => one.name === name));
          expect(order).toEqual([...order].sort((a, b) => a - b));
        }
      }),
    );
  });

  test("dispatches the same, whatever the time", () => {
    fc.assert(
      fc.property(steps, limits, fc.array(fc.integer({ min: 0, max: 1e9 })), (sequence, options, jumps) => {
        const clock = new ManualClock();
        let i = 0;
        const timed = play(sequence, {
          ...options,
          clock,
          onDispatch: () => clock.advance({ ns: jumps[i++ % Math.max(1, jumps.length)] ?? 0 }),
        });
        const untimed = play(sequence, options);
        expect(timed.seen).toEqual(untimed.seen);
        expect(timed.dropped).toEqual(untimed.dropped);
      }),
    );
  });
});
