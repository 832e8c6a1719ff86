// Every order and every move of the market model goes through the engine. The mix: two of five operations rest near the touch, two take
// them away again, one crosses. The floor is making the order object, which every new order needs.
import { createRandom } from "@pitlane/perf";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";
import { BookOrder, type Side } from "../src/engine/book-side.ts";
import { MatchingEngine } from "../src/engine/matching-engine.ts";

const OPERATIONS = 100_000;
const MID = 100_000;

const mix: Case = {
  loop: () => {
    const random = createRandom(1);
    const operations = Array.from({ length: OPERATIONS }, (_, i) => {
      const side: Side = random.next() < 0.5 ? "BUY" : "SELL";
      const away = side === "BUY" ? -1 : 1;
      const kind = i % 5;
      const distance = kind === 4 ? -random.integer(0, 3) : 1 + Math.floor(random.exponential(20));
      return {
        kind: kind < 2 ? "rest" : kind < 4 ? "cancel" : "cross",
        side,
        priceTicks: MID + away * distance,
        lots: random.integer(1, 50),
      };
    });
    const fills = new Float64Array(1);
    const engine = new MatchingEngine({
      onFill: (_taker, _maker, _priceTicks, lots) => {
        fills[0]! += lots;
      },
      onPrevented: () => {},
      onLevel: () => {},
    });
    const resting: BookOrder[] = [];
    let id = 0;
    const rest = (side: Side, priceTicks: number, lots: number) => {
      const order = new BookOrder(++id, 0, side, priceTicks, lots);
      engine.place(order, "GTC");
      resting.push(order);
    };
    for (let i = 0; i < 2000; i++)
      rest(i % 2 === 0 ? "BUY" : "SELL", i % 2 === 0 ? MID - 1 - (i % 500) : MID + 1 + (i % 500), 10);
    let next = 0;
    return (n) => {
      for (let i = 0; i < n; i++) {
        next = (next + 1) % OPERATIONS;
        const { kind, side, priceTicks, lots } = operations[next]!;
        if (kind === "rest") rest(side, priceTicks, lots);
        else if (kind === "cancel") engine.cancel(resting.pop()!);
        else engine.place(new BookOrder(++id, 1, side, priceTicks, lots), "IOC");
      }
      return fills[0];
    };
  },
};

const orderObject: Case = {
  loop: () => {
    const kept = new Array<BookOrder | undefined>(1024);
    return (n) => {
      for (let i = 0; i < n; i++) kept[i & 1023] = new BookOrder(i, 0, "BUY", MID, 1);
      return kept;
    };
  },
};

const suite: Suite = {
  name: "matching engine",
  comparisons: [
    {
      name: "one operation of the mix",
      unit: "ns/op",
      ours: mix,
      peers: { "order object alone (floor)": { case: orderObject, aim: null } },
    },
  ],
};

export default suite;
