import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { coin, depth, fillsOf, ONE, run, SNAPSHOT, START_US, scripted, WIDE, wanting } from "./setup.ts";

describe("takers", () => {
  test("walk the book, level by level, and the rest of a limit order rests", async () => {
    const { plugin, told } = wanting("book", { side: "buy", type: "limit", priceTicks: 102, sizeLots: 120 });
    const result = await run(
      plugin,
      depth([
        [0, ...SNAPSHOT],
        [10, ["bid", 99, 40], ["end"]],
      ]),
    );
    expect(fillsOf(result)).toEqual(["buy 50@101 taker 0", "buy 50@102 taker 0"]);
    expect(told.orders[0]?.filledLots).toBe(100);
    expect(result.orders.cancelled).toBe(1); // the rest, when the data were over
  });

  test.each([
    ["a market order takes what there is", { type: "market", sizeLots: 200 }, "expired 150"],
    [
      "an IOC what is within its limit",
      { type: "limit", timeInForce: "IOC", priceTicks: 98, sizeLots: 200 },
      "expired 100",
    ],
    ["a FOK all or nothing", { type: "limit", timeInForce: "FOK", priceTicks: 98, sizeLots: 101 }, "expired 0"],
  ] as const)("%s", async (_, intent, expected) => {
    const { plugin, told } = wanting("book", { side: "sell", ...intent });
    await run(
      plugin,
      depth([
        [0, ...SNAPSHOT],
        [10, ["bid", 99, 40], ["end"]],
      ]),
    );
    expect(told.orders.map(({ state, filledLots }) => `${state} ${filledLots}`)).toEqual([expected]);
  });

  describe("do not have the same lots twice", () => {
    const taker = { side: "buy", type: "limit", timeInForce: "IOC", priceTicks: 101 } as const;
    type Messages = Parameters<typeof depth>[0];

    /** A taker at the snapshot, then these messages, and the same taker at 20 ms. */
    async function twice(sizeLots: number, between: Messages) {
      const { plugin, told } = scripted("book", (_n, ctx, orders) => {
        if (ctx.nowUs() - START_US === 0 || ctx.nowUs() - START_US === 20_000)
          orders.push(ctx.submit({ instrument: coin, ...taker, sizeLots }));
      });
      const result = await run(plugin, depth([[0, ...SNAPSHOT], ...between, [20, ["bid", 97, 60], ["end"]]]));
      return { fills: fillsOf(result), states: told.orders.map(({ state }) => state) };
    }

    test("what one took is gone for the next while its level is not set", async () => {
      const { fills, states } = await twice(30, [[10, ["ask", 102, 70], ["bid", 99, 40], ["end"]]]);
      expect(fills).toEqual(["buy 30@101 taker 0", "buy 20@101 taker 20"]);
      expect(states).toEqual(["filled", "expired"]);
    });

    test("a level that the recording sets is whole, also with the size it had", async () => {
      const { fills } = await twice(50, [[10, ["ask", 101, 50], ["end"]]]);
      expect(fills).toEqual(["buy 50@101 taker 0", "buy 50@101 taker 20"]);
    });

    test("the other side's level at the same price later has nothing to do with it", async () => {
      const { fills } = await twice(50, [
        [10, ["ask", 101, 0], ["bid", 101, 5], ["end"]],
        [15, ["bid", 101, 0], ["ask", 101, 8], ["end"]],
      ]);
      expect(fills).toEqual(["buy 50@101 taker 0", "buy 8@101 taker 20"]);
    });

    test("a snapshot is whole", async () => {
      const { fills } = await twice(50, [[10, ...SNAPSHOT]]);
      expect(fills).toEqual(["buy 50@101 taker 0", "buy 50@101 taker 20"]);
    });

    test("FOK, post-only and market orders see what is left, strategies the book as recorded", async () => {
      const quotes: (number | undefined)[] = [];
      const { plugin, told } = scripted("book", (n, ctx, orders) => {
        if (n > 0) return;
        quotes.push(ctx.quote(coin)?.askLots);
        for (const intent of [
          { ...taker, sizeLots: 30 },
          { ...taker, timeInForce: "FOK", sizeLots: 21 } as const,
          { ...taker, sizeLots: 20 },
          { side: "buy", type: "postOnly", priceTicks: 101, sizeLots: 1 } as const,
          { side: "buy", type: "market", sizeLots: 40 } as const,
        ])
          orders.push(ctx.submit({ instrument: coin, ...intent }));
      });
      const result = await run(
        plugin,
        depth([
          [0, ...SNAPSHOT],
          [10, ["bid", 99, 40], ["end"]],
        ]),
      );
      expect(fillsOf(result)).toEqual(["buy 30@101 taker 0", "buy 20@101 taker 0", "buy 40@102 taker 0"]);
      expect(told.orders.map(({ state }) => state)).toEqual(["filled", "expired", "filled", "cancelled", "filled"]);
      expect(quotes).toEqual([50]);
    });

    test("a book that is used up takes no market order", async () => {
      const all = { side: "buy", type: "market", sizeLots: 150 } as const;
      const { plugin, told } = wanting("book", all, { ...all, sizeLots: 1 });
      await run(
        plugin,
        depth([
          [0, ...SNAPSHOT],
          [10, ["bid", 99, 40], ["end"]],
        ]),
      );
      expect(told.orders.map(({ state }) => state)).toEqual(["filled", "rejected"]);
    });

    test("of no level more is taken between two of its changes than it shows, nor less than is wanted and there", async () => {
      const level = fc.record({ ticks: fc.integer({ min: 101, max: 104 }), lots: fc.integer({ min: 0, max: 60 }) });
      const taking = fc.record({ limit: fc.integer({ min: 100, max: 105 }), wanted: fc.integer({ min: 1, max: 90 }) });
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(fc.option(level), fc.option(taking)), { maxLength: 30 }), async (steps) => {
          const messages: Messages[number][] = [[0, ...SNAPSHOT]];
          for (const [i, [set]] of steps.entries())
            messages.push([i + 1, set === null ? ["bid", 97, i + 1] : ["ask", set.ticks, set.lots], ["end"]]);
          const { plugin } = scripted("book", (n, ctx) => {
            const wanted = steps[n - 1]?.[1];
            if (wanted == null) return;
            ctx.submit({ instrument: coin, ...taker, priceTicks: wanted.limit, sizeLots: wanted.wanted });
          });
          const result = await run(plugin, depth(messages));
          // The same by a plain book that is taken from.
          const left = new Map([101, 102, 103].map((ticks) => [ticks, 50]));
          const expected: string[] = [];
          for (const [i, [set, wanted]] of steps.entries()) {
            if (set !== null) left.set(set.ticks, set.lots);
            let open = wanted?.wanted ?? 0;
            for (let ticks = 101; ticks <= (wanted?.limit ?? 0); ticks++) {
              const lots = Math.min(open, left.get(ticks) ?? 0);
              if (lots === 0) continue;
              left.set(ticks, (left.get(ticks) ?? 0) - lots);
              open -= lots;
              expected.push(`buy ${lots}@${ticks} taker ${i + 1}`);
            }
          }
          expect(fillsOf(result)).toEqual(expected);
        }),
        { numRuns: 100 },
      );
    });
  });

  describe("do not have what a recorded trade took", () => {
    type Messages = Parameters<typeof depth>[0];

    /** What an IOC gets that wants 200 lots at 20 ms, up to 103, or down to 97. */
    async function after(between: Messages, side: "buy" | "sell" = "buy", before: Messages = [[0, ...SNAPSHOT]]) {
      const priceTicks = side === "buy" ? 103 : 97;
      const { plugin } = scripted("book", (_n, ctx) => {
        if (ctx.nowUs() - START_US === 20_000)
          ctx.submit({ instrument: coin, side, type: "limit", timeInForce: "IOC", priceTicks, sizeLots: 200 });
      });
      const result = await run(plugin, depth([...before, ...between, [20, ["bid", 1, 60], ["end"]]]));
      return result.fills.map((fill) => `${fill.sizeLots}@${fill.priceTicks}`).join(" ");
    }

    test.each<readonly [string, Messages, string]>([
      ["all of a level", [[10, ["buyTrade", 101, 50]]], "50@102 50@103"],
      ["more than it shows", [[10, ["buyTrade", 101, 70]]], "50@102 50@103"],
      [
        "a part, in two trades",
        [
          [10, ["buyTrade", 101, 20]],
          [11, ["buyTrade", 101, 5]],
        ],
        "25@101 50@102 50@103",
      ],
      ["levels better than its price", [[10, ["buyTrade", 102, 20]]], "30@102 50@103"],
      [
        "all up to a price between levels",
        [
          [10, ["ask", 102, 0], ["end"]],
          [11, ["buyTrade", 102, 20]],
        ],
        "50@103",
      ],
      ["nothing of worse levels, nor where there is none", [[10, ["buyTrade", 100, 20]]], "50@101 50@102 50@103"],
      ["nothing of asks, by a seller's trade", [[10, ["sellTrade", 101, 20]]], "50@101 50@102 50@103"],
    ])("%s", async (_, between, expected) => {
      expect(await after(between)).toBe(expected);
    });

    test("and the same of bids", async () => {
      expect(await after([[10, ["sellTrade", 98, 20]]], "sell")).toBe("30@98 50@97");
    });

    test("until the recording next sets the level, and no other", async () => {
      const traded: Messages = [[10, ["buyTrade", 102, 20]]];
      expect(await after([...traded, [12, ["ask", 101, 8], ["end"]]])).toBe("8@101 30@102 50@103");
      expect(await after([...traded, [12, ["ask", 102, 50], ["end"]]])).toBe("50@102 50@103");
      expect(await after([...traded, [12, ["bid", 101, 0], ["end"]]])).toBe("30@102 50@103");
    });

    test("or until a snapshot", async () => {
      expect(
        await after([
          [10, ["buyTrade", 102, 20]],
          [12, ...SNAPSHOT],
        ]),
      ).toBe("50@101 50@102 50@103");
      expect(
        await after([
          [5, ["gap"]],
          [10, ["buyTrade", 102, 20]],
          [12, ...SNAPSHOT],
        ]),
      ).toBe("50@101 50@102 50@103");
    });

    test("where the book of the same moment came first, it has the trade already", async () => {
      expect(
        await after([
          [10, ["ask", 101, 30], ["end"]],
          [10, ["buyTrade", 101, 20]],
        ]),
      ).toBe("30@101 50@102 50@103");
      expect(
        await after([
          [10, ["buyTrade", 101, 20]],
          [10, ["ask", 101, 30], ["end"]],
        ]),
      ).toBe("30@101 50@102 50@103");
    });

    test("together with what our own takers had", async () => {
      const { plugin } = scripted("book", (_n, ctx) => {
        const ms = (ctx.nowUs() - START_US) / 1000;
        const sizeLots = ms === 0 ? 30 : 200;
        if (ms === 0 || ms === 20)
          ctx.submit({
            instrument: coin,
            side: "buy",
            type: "limit",
            timeInForce: "IOC",
            priceTicks: 101,
            sizeLots,
          });
      });
      const result = await run(
        plugin,
        depth([
          [0, ...SNAPSHOT],
          [10, ["buyTrade", 101, 15]],
          [20, ["bid", 97, 60], ["end"]],
        ]),
      );
      expect(fillsOf(result)).toEqual(["buy 30@101 taker 0", "buy 5@101 taker 20"]);
    });

    test("a stop acts on what the trade that activates it has left", async () => {
      const { plugin } = wanting("book", { side: "buy", type: "stop", triggerTicks: 101, sizeLots: 60 });
      const result = await run(
        plugin,
        depth([
          [0, ...SNAPSHOT],
          [10, ["buyTrade", 101, 20]],
        ]),
      );
      expect(fillsOf(result)).toEqual(["buy 30@101 taker 10", "buy 30@102 taker 10"]);
    });

    test("of a level no more is had between two of its changes than it shows and others left", async () => {
      const step = fc.record({
        kind: fc.constantFrom("set" as const, "trade" as const, "take" as const),
        ticks: fc.integer({ min: 101, max: 106 }),
        lots: fc.integer({ min: 0, max: 60 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const messages: Messages[number][] = [[0, ...SNAPSHOT]];
          for (const [i, { kind, ticks, lots }] of steps.entries()) {
            if (kind === "trade") messages.push([2 * i + 1, ["buyTrade", ticks, lots]]);
            else messages.push([2 * i + 1, kind === "set" ? ["ask", ticks, lots] : ["bid", 97, i + 1], ["end"]]);
          }
          const { plugin } = scripted("book", (_n, ctx) => {
            const ms = (ctx.nowUs() - START_US) / 1000;
            const {
              kind,
              ticks: priceTicks,
              lots: sizeLots,
            } = steps[(ms - 1) / 2] ?? { kind: "set", ticks: 0, lots: 0 };
            if (kind === "take" && sizeLots > 0)
              ctx.submit({ instrument: coin, side: "buy", type: "limit", timeInForce: "IOC", priceTicks, sizeLots });
          });
          const result = await run(plugin, depth(messages));
          const left = new Map([101, 102, 103].map((ticks) => [ticks, 50]));
          const expected: string[] = [];
          for (const [i, { kind, ticks: limit, lots }] of steps.entries()) {
            if (kind === "set") left.set(limit, lots);
            let open = kind === "take" ? lots : 0;
            for (let ticks = 101; ticks <= limit; ticks++) {
              const shown = left.get(ticks) ?? 0;
              if (kind === "trade") left.set(ticks, ticks < limit ? 0 : Math.max(0, shown - lots));
              const had = Math.min(open, left.get(ticks) ?? 0);
              if (had === 0) continue;
              left.set(ticks, shown - had);
              open -= had;
              expected.push(`buy ${had}@${ticks} taker ${2 * i + 1}`);
            }
          }
          expect(fillsOf(result)).toEqual(expected);
        }),
        { numRuns: 100 },
      );
    });
  });

  test("are refused in a gap of the recording; the strategy hears of gap and resync and has no book between", async () => {
    const books: unknown[] = [];
    const { plugin, told } = scripted("trade", (_n, ctx, orders) => {
      books.push(ctx.book(coin), ctx.quote(coin));
      orders.push(
        ctx.submit({ instrument: coin, side: "buy", type: "limit", timeInForce: "IOC", priceTicks: 101, sizeLots: 1 }),
      );
    });
    const result = await run(
      plugin,
      depth([
        [0, ...SNAPSHOT],
        [5, ["gap"]],
        [10, ["buyTrade", 101, 5]],
        [20, ...SNAPSHOT],
        [30, ["bid", 99, 40], ["end"]],
      ]),
    );
    expect(books).toEqual([undefined, undefined]);
    expect(told.heard.filter((line) => /gap|resync/.test(line))).toEqual(["gap 5", "resync 20"]);
    expect(result.fills).toEqual([]);
    expect(told.orders[0]?.isOpen).toBe(false);
  });
});

describe("the queue", () => {
  const bid = (sizeLots = 10) => wanting("book", { side: "buy", type: "limit", priceTicks: 99, sizeLots });

  test("an order joins behind the size shown, and trades at its price eat what is before it", async () => {
    const { plugin } = bid();
    const result = await run(
      plugin,
      depth([
        [0, ...SNAPSHOT],
        [10, ["sellTrade", 99, 50]],
        [20, ["sellTrade", 99, 4]],
        [30, ["sellTrade", 99, 90]],
      ]),
    );
    expect(fillsOf(result)).toEqual(["buy 4@99 maker 20", "buy 6@99 maker 30"]);
  });

  test("a buyer's trade at a bid's price moves nothing", async () => {
    const { plugin } = bid();
    expect(
      (
        await run(
          plugin,
          depth([
            [0, ...SNAPSHOT],
            [10, ["buyTrade", 99, 500]],
          ]),
        )
      ).fills,
    ).toEqual([]);
  });

  test("cancellations shrink what is before it by the model set", async () => {
    // 50 before us, 50 more come behind us, then 60 of the 100 are cancelled.
    const data = depth([
      [0, ...SNAPSHOT],
      [10, ["bid", 99, 100], ["end"]],
      [20, ["bid", 99, 40], ["end"]],
      [30, ["sellTrade", 99, 25]],
    ]);
    const filled = async (queue: "proportional" | "tradesOnly") =>
      fillsOf(await run(bid().plugin, data, { fillModel: { depth: { queue } } }));
    expect(await filled("proportional")).toEqual(["buy 5@99 maker 30"]); // 20 before us
    expect(await filled("tradesOnly")).toEqual([]); // 40 before us: no more than the level has
  });

  test("what traded is not taken for a cancellation as well", async () => {
    const { plugin } = bid();
    const result = await run(
      plugin,
      depth([
        [0, ...SNAPSHOT],
        [10, ["sellTrade", 99, 20]],
        [11, ["bid", 99, 30], ["end"]],
        [20, ["sellTrade", 99, 31]],
      ]),
    );
    expect(fillsOf(result)).toEqual(["buy 1@99 maker 20"]);
  });

  test("a level that vanishes leaves us first at its price", async () => {
    const { plugin } = bid();
    const result = await run(
      plugin,
      depth([
        [0, ...SNAPSHOT],
        [10, ["bid", 99, 0], ["end"]],
        [20, ["sellTrade", 99, 3]],
      ]),
    );
    expect(fillsOf(result)).toEqual(["buy 3@99 maker 20"]);
  });

  test("a trade through the price fills by its size, a quote against it fills the whole", async () => {
    const { plugin } = bid();
    const result = await run(
      plugin,
      depth([
        [0, ...SNAPSHOT],
        [10, ["sellTrade", 98, 3]],
        [20, ["bid", 99, 0], ["bid", 98, 0], ["ask", 98, 5], ["end"]],
      ]),
    );
    expect(fillsOf(result)).toEqual(["buy 3@99 maker 10", "buy 7@99 maker 20"]);
  });

  test("after a gap it stands behind no more than the snapshot shows", async () => {
    const { plugin } = bid();
    const after = SNAPSHOT.map((row) => (row[0] === "bid" && row[1] === 99 ? (["bid", 99, 7] as const) : row));
    const result = await run(
      plugin,
      depth([
        [0, ...SNAPSHOT],
        [5, ["gap"]],
        [10, ...after],
        [20, ["sellTrade", 99, 9]],
      ]),
    );
    expect(fillsOf(result)).toEqual(["buy 2@99 maker 20"]);
  });

  test("a post-only order that would take is rejected, and rests otherwise", async () => {
    const { plugin, told } = wanting(
      "book",
      { side: "buy", type: "postOnly", priceTicks: 101, sizeLots: 1 },
      { side: "buy", type: "postOnly", priceTicks: 100, sizeLots: 1 },
    );
    const result = await run(
      plugin,
      depth([
        [0, ...SNAPSHOT],
        [10, ["sellTrade", 100, 1]],
      ]),
    );
    expect(told.orders.map(({ state }) => state)).toEqual(["rejected", "filled"]);
    expect(fillsOf(result)).toEqual(["buy 1@100 maker 10"]);
  });
});

test("a market order without enough on the account is rejected, or expires where it has traded", async () => {
  const { plugin, told } = wanting("book", { side: "buy", type: "market", sizeLots: 60 });
  const data = depth([
    [0, ...SNAPSHOT],
    [10, ["bid", 99, 40], ["end"]],
  ]);
  const withUsdt = (usdt: bigint) =>
    run(plugin, data, {
      balances: new Map([["USDT", usdt * ONE]]),
      risk: { ...WIDE, marketMarginBps: 0, feeBps: 0 }, // or risk denies it before the venue can
    });
  expect((await withUsdt(6_100n)).fills).toHaveLength(2);
  expect(fillsOf(await withUsdt(6_060n))).toEqual(["buy 50@101 taker 0"]);
  expect(told.orders.map(({ state }) => state)).toEqual(["filled", "expired"]);
});

describe("beside a queue of single orders, first in first out", () => {
  interface Step {
    readonly kind: "add" | "cancel" | "trade";
    readonly lots: number;
    /** Which order is cancelled, as a share of the queue. */
    readonly share: number;
  }

  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom("add" as const, "cancel" as const, "trade" as const),
      lots: fc.integer({ min: 1, max: 40 }),
      share: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    }),
    { maxLength: 40 },
  );

  /** The recording of a market without us, and what an order of 30 lots behind the first 50 gets when everybody's place is known. */
  function play(all: readonly Step[], cancelsAhead: boolean) {
    let queue = [{ lots: 50, isAhead: true }];
    const messages: Parameters<typeof depth>[0][number][] = [[0, ...SNAPSHOT]];
    let filled = 0;
    for (const [i, { kind, lots, share }] of all.entries()) {
      const ms = 10 * (i + 1);
      if (kind === "add") queue.push({ lots, isAhead: false });
      else if (kind === "cancel") {
        const among = queue.filter(({ isAhead }) => cancelsAhead || !isAhead);
        const one = among[Math.floor(share * among.length)];
        if (one !== undefined) one.lots = Math.max(0, one.lots - lots);
      } else {
        const shown = queue.reduce((sum, one) => sum + one.lots, 0);
        const traded = Math.min(lots, shown);
        if (traded === 0) continue;
        const ahead = queue.reduce((sum, one) => sum + (one.isAhead ? one.lots : 0), 0);
        filled = Math.min(30, filled + Math.max(0, traded - ahead));
        messages.push([ms, ["sellTrade", 99, traded]]);
        let left = traded;
        for (const one of queue) {
          const taken = Math.min(left, one.lots);
          one.lots -= taken;
          left -= taken;
        }
      }
      queue = queue.filter((one) => one.lots > 0);
      messages.push([ms, ["bid", 99, queue.reduce((sum, one) => sum + one.lots, 0)], ["end"]]);
    }
    return { columns: depth(messages), filled };
  }

  const simulated = async (columns: ReturnType<typeof depth>) => {
    const { plugin } = wanting("book", { side: "buy", type: "limit", priceTicks: 99, sizeLots: 30 });
    const { fills } = await run(plugin, columns, { fillModel: { depth: { queue: "tradesOnly" } } });
    return fills.reduce((sum, { sizeLots }) => sum + sizeLots, 0);
  };

  test("fills are the same where all who cancel stand behind us, as tradesOnly has it", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const { columns, filled } = play(all, false);
        expect(await simulated(columns)).toBe(filled);
      }),
      { numRuns: 60 },
    );
  });

  test("and never more wherever they stand", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const { columns, filled } = play(all, true);
        expect(await simulated(columns)).toBeLessThanOrEqual(filled);
      }),
      { numRuns: 60 },
    );
  });
});
