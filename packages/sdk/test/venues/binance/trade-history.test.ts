import { ManualClock, seededRandom } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { NetworkError, ProtocolError, RateLimitError } from "../../../src/errors.ts";
import { BudgetExhaustedError } from "../../../src/transport/errors.ts";
import { TradeHistory } from "../../../src/venues/binance/trade-history.ts";
import { testInstrument } from "../../support/instruments.ts";

const lost = new NetworkError("reset", { outcome: "unknown" });
const limited = new RateLimitError("too many", { retryAfterMs: 27_000, status: 429, venueText: "" });
const exhausted = new BudgetExhaustedError("used up", { retryAfterMs: 14_000 });
const row = { id: 2, price: "1.00", qty: "1.00000", time: 1, isBuyerMaker: true };

/** Fetches trade 2, whose request fails with each of `failures` first. @returns When each was made, in ms, and how it ended. */
async function fetched(failures: Iterable<Error>) {
  const clock = new ManualClock();
  const startNs = clock.monotonicNs();
  const next = failures[Symbol.iterator]();
  const askedMs: number[] = [];
  const got: number[] = [];
  let isOver = false;
  const history = new TradeHistory({
    api: {
      call: async () => {
        askedMs.push((clock.monotonicNs() - startNs) / 1e6);
        const { done, value } = next.next();
        if (done !== true) throw value;
        return [row] as never;
      },
    },
    onFrameEnd: () => {},
    onError: () => {},
    clock,
    random: seededRandom(1),
  });
  history.want({
    instrument: testInstrument({}),
    isAggregate: false,
    first: 2,
    last: 2,
    filled: (trades) => got.push(...trades.map(({ tradeId }) => tradeId)),
    filledAll: () => {
      isOver = true;
    },
  });
  for (let second = 0; second < 1_000 && !isOver; second++) {
    for (let i = 0; i < 10; i++) await new Promise(setImmediate);
    clock.advance({ ms: 250 });
  }
  return { askedMs, got, isOver };
}

const forever = function* () {
  for (;;) yield lost;
};

test.each([
  ["the venue", limited, 27_000],
  ["our budget of its requests", exhausted, 14_000],
] as const)("a page is asked for again when %s lets us, and not before", async (_, error, ms) => {
  const { askedMs, got } = await fetched([error]);
  expect(got).toEqual([2]);
  expect(askedMs).toHaveLength(2);
  expect(askedMs[1]).toBeGreaterThanOrEqual(ms);
});

test("requests that fail are repeated for a minute, and then the hole stays", async () => {
  const { askedMs, got, isOver } = await fetched(forever());
  expect({ got, isOver }).toEqual({ got: [], isOver: true });
  expect(askedMs.length).toBeGreaterThan(10);
  expect(askedMs.at(-1)).toBeGreaterThan(40_000);
  expect(askedMs.at(-1)).toBeLessThanOrEqual(61_000);
});

test("a hole is given up at once where waiting would take longer, or is of no use", async () => {
  expect((await fetched([limited, limited, limited])).got).toEqual([]);
  expect((await fetched([new ProtocolError("not a list")])).askedMs).toHaveLength(1);
});
