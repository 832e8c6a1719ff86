// Every fill is booked between the venue's word and the strategy's hook. The floor is two balances and a position, without cost, ledgers,
// FIFO, fees, equity or a check. A mark is once a second of a session's time, whatever the market does.
import type { Fill } from "@pitlane/sdk";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";
import { EquityCurve } from "../src/engines/performance-curve.ts";
import { PerformanceMonitor } from "../src/engines/performance-monitor.ts";
import { Portfolio } from "../src/engines/portfolio.ts";
import { Valuation } from "../src/engines/portfolio-valuation.ts";
import { testInstrument } from "../src/testing.ts";

const instruments = Array.from({ length: 100 }, (_, index) =>
  testInstrument({ symbol: `A${index}/USDT`, base: `A${index}` }),
);
const owners = ["one", "two", "three"];

/** Buys and sells in turns over all instruments, at prices that move, fees in the quote asset. */
const fills: readonly Fill[] = Array.from({ length: 2000 }, (_, index) => {
  const side = index % 200 < 100 ? "buy" : "sell";
  const about = {
    clientOrderId: "a",
    venueOrderId: "1",
    tradeId: "1",
    isMaker: true,
    atUs: 0,
    feeAsset: "USDT",
  } as const;
  return {
    ...about,
    instrument: instruments[index % 100]!,
    side,
    priceTicks: 10_000 + (index % 37),
    sizeLots: 1000,
    fee: 1000n,
  };
});

function setUp() {
  const valuation = new Valuation(instruments, () => 20_000);
  const portfolio = new Portfolio({ venue: "test" });
  portfolio.start(new Map([["USDT", 10n ** 14n]]));
  return { portfolio, monitor: new PerformanceMonitor({ portfolio, valuation, asset: "USDT", owners }) };
}

const floor: Case = {
  loop: () => {
    const balances = new Map<string, bigint>();
    const lots = new Map<object, number>();
    return (n) => {
      for (let i = 0; i < n; i++) {
        const { instrument, side, sizeLots, priceTicks } = fills[i % fills.length]!;
        const base = BigInt(sizeLots) * 100_000n;
        const quote = BigInt(sizeLots) * BigInt(priceTicks) * 1000n;
        const sign = side === "buy" ? 1n : -1n;
        balances.set(instrument.base, (balances.get(instrument.base) ?? 0n) + sign * base);
        balances.set("USDT", (balances.get("USDT") ?? 0n) - sign * quote);
        lots.set(instrument, (lots.get(instrument) ?? 0) + (side === "buy" ? sizeLots : -sizeLots));
      }
      return balances.size + lots.size;
    };
  },
};

const applied: Case = {
  loop: () => {
    const { portfolio } = setUp();
    return (n) => {
      for (let i = 0; i < n; i++) portfolio.apply(fills[i % fills.length]!, i % 3);
      return portfolio.fills;
    };
  },
};

/** As a session does: each fill booked and looked at, with 100 instruments traded. */
const followed: Case = {
  loop: () => {
    const { portfolio, monitor } = setUp();
    for (const [index, fill] of fills.entries()) portfolio.apply(fill, index % 3);
    monitor.mark(1);
    return (n) => {
      for (let i = 0; i < n; i++) {
        portfolio.apply(fills[i % fills.length]!, i % 3);
        monitor.onFill(1 + i, i % 3, fills[i % fills.length]!);
      }
      return portfolio.fills;
    };
  },
};

const marked: Case = {
  loop: () => {
    const { portfolio, monitor } = setUp();
    for (const [index, fill] of fills.entries()) portfolio.apply(fill, index % 3);
    let nowUs = 0;
    return (n) => {
      for (let i = 0; i < n; i++) {
        for (let fill = 0; fill < 100; fill++) portfolio.apply(fills[fill]!, fill % 3);
        nowUs += 1_000_000;
        monitor.mark(nowUs);
        if (portfolio.check().length > 0) throw new Error("the accounts are wrong");
      }
      return nowUs;
    };
  },
};

const pushed: Case = {
  loop: () => {
    const curve = new EquityCurve();
    let atUs = 0;
    return (n) => {
      for (let i = 0; i < n; i++) {
        atUs += 10_000;
        curve.push(atUs, 1e12 + (i % 1000));
      }
      return curve.length;
    };
  },
};

/** The fills of `marked`, and nothing else. */
const hundredFills: Case = {
  loop: () => {
    const { portfolio } = setUp();
    return (n) => {
      for (let i = 0; i < n; i++) for (let fill = 0; fill < 100; fill++) portfolio.apply(fills[fill]!, fill % 3);
      return portfolio.fills;
    };
  },
};

const arrayAlone: Case = {
  loop: () => {
    const values = new Float64Array(10_000);
    return (n) => {
      for (let i = 0; i < n; i++) values[i % 10_000] = 1e12 + (i % 1000);
      return values[0];
    };
  },
};

const suite: Suite = {
  name: "portfolio",
  comparisons: [
    {
      name: "apply a fill",
      unit: "ns/op",
      ours: applied,
      peers: { "balances and lots alone (floor)": { case: floor, aim: null } },
    },
    {
      name: "apply a fill and take the equity, 100 instruments traded",
      unit: "us/op",
      ours: followed,
      peers: { "apply alone": { case: applied, aim: null, note: "the difference is valuing 101 assets twice" } },
    },
    {
      name: "100 fills, then a mark and a check, 3 strategies",
      unit: "us/op",
      ours: marked,
      peers: { "the fills alone": { case: hundredFills, aim: null, note: "the difference is once a second" } },
    },
    {
      name: "push a value on a curve",
      unit: "ns/op",
      ours: pushed,
      peers: { "typed array (floor)": { case: arrayAlone, aim: null } },
    },
  ],
};

export default suite;
