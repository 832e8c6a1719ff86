// Every order and every move of the market model goes through the engine. The mix: two of five operations rest near the touch, two take
// them away again, one crosses. Client ids are texts of 22 letters, each used once in 200,000 orders, as clients make them.
//
// Three rows: the engine alone; with what makes it an exchange's (an account's client ids looked up for duplicates and for cancels, and
// a report for each side of each fill), beside a straightforward book of arrays and maps that does the same; and a whole market, with
// exact balances, fees, the tape, its candles and the ledger.
import { createRandom } from "@pitlane/perf";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";
import { type Account, Accounts } from "../src/engine/accounts.ts";
import { BookOrder, type Side } from "../src/engine/book-side.ts";
import { Exchange } from "../src/engine/exchange.ts";
import { MatchingEngine } from "../src/engine/matching-engine.ts";
import { Order, type OrderRequest } from "../src/engine/order.ts";
import { Seat } from "../src/engine/seat.ts";
import { DEFAULT_INSTRUMENTS, toInstrument } from "../src/instruments.ts";

const OPERATIONS = 100_000;
const IDS = 200_000;
const MID = 100_000;
const RESTING = 2000;
const UNLIMITED = 10n ** 24n;

interface Operation {
  readonly kind: "rest" | "cancel" | "cross";
  readonly side: Side;
  readonly priceTicks: number;
  readonly lots: number;
}

function operations(): Operation[] {
  const random = createRandom(1);
  return Array.from({ length: OPERATIONS }, (_, i) => {
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
}

/** The book that a case starts with: 500 levels a side. */
function standing(): Operation[] {
  return Array.from({ length: RESTING }, (_, i) => ({
    kind: "rest",
    side: i % 2 === 0 ? "BUY" : "SELL",
    priceTicks: i % 2 === 0 ? MID - 1 - (i % 500) : MID + 1 + (i % 500),
    lots: 10,
  }));
}

function clientIds(): string[] {
  const random = createRandom(2);
  return Array.from({ length: RESTING + IDS }, () =>
    Array.from({ length: 22 }, () => String.fromCharCode(97 + random.integer(0, 25))).join(""),
  );
}

/** The id of an order: those that stand from the start keep theirs. */
function idOf(ids: readonly string[], at: number): string {
  return ids[at < RESTING ? at : RESTING + (at % IDS)]!;
}

/** What a case does for each kind of operation; `at` counts orders. */
interface Hands {
  rest(operation: Operation, at: number): void;
  cancel(): void;
  cross(operation: Operation, at: number): void;
  readonly kept: unknown;
}

function mixOf(hands: Hands) {
  const mix = operations();
  let at = 0;
  for (const operation of standing()) hands.rest(operation, at++);
  let next = 0;
  return (n: number) => {
    for (let i = 0; i < n; i++) {
      next = next + 1 === OPERATIONS ? 0 : next + 1;
      const operation = mix[next]!;
      if (operation.kind === "rest") hands.rest(operation, at++);
      else if (operation.kind === "cancel") hands.cancel();
      else hands.cross(operation, at++);
    }
    return hands.kept;
  };
}

const bare: Case = {
  loop: () => {
    const fills = new Float64Array(1);
    const engine = new MatchingEngine({
      onFill: (_taker, _maker, _priceTicks, lots) => {
        fills[0]! += lots;
      },
      onPrevented: () => {},
      onLevel: () => {},
    });
    const resting: BookOrder[] = [];
    return mixOf({
      rest: ({ side, priceTicks, lots }, at) => {
        const order = new BookOrder(at, 0, side, priceTicks, lots);
        engine.place(order, "GTC");
        resting.push(order);
      },
      cancel: () => engine.cancel(resting.pop()!),
      cross: ({ side, priceTicks, lots }, at) => engine.place(new BookOrder(at, 1, side, priceTicks, lots), "IOC"),
      kept: fills,
    });
  },
};

/** One side of a fill, as it is told: one object for all of them. */
interface FillReport {
  order: Order;
  clientOrderId: string;
  priceTicks: number;
  lots: number;
  openLots: number;
  isMaker: boolean;
}

const withIds: Case = {
  loop: () => {
    const ids = clientIds();
    const accounts = new Accounts();
    const makers = new Seat(accounts.open({ makerRate: 0n, takerRate: 0n }), "AAA", "USDT");
    const takers = new Seat(accounts.open({ makerRate: 0n, takerRate: 0n }), "AAA", "USDT");
    let report: FillReport | undefined;
    const kept = { lots: 0, reports: 0 };
    const hear = ({ lots }: FillReport) => {
      kept.lots += lots;
      kept.reports++;
    };
    const tell = (order: Order, priceTicks: number, lots: number, isMaker: boolean) => {
      const { clientOrderId, openLots } = order;
      report ??= { order, clientOrderId, priceTicks, lots, openLots, isMaker };
      report.order = order;
      report.clientOrderId = clientOrderId;
      report.priceTicks = priceTicks;
      report.lots = lots;
      report.openLots = openLots;
      report.isMaker = isMaker;
      hear(report);
    };
    const engine = new MatchingEngine({
      onFill: (taker, maker, priceTicks, lots) => {
        tell(taker as Order, priceTicks, lots, false);
        tell(maker as Order, priceTicks, lots, true);
        if (maker.openLots === 0) makers.remove(maker as Order);
      },
      onPrevented: () => {},
      onLevel: () => {},
    });
    const resting: string[] = [];
    const place = (operation: Operation, at: number, seat: Seat, timeInForce: "GTC" | "IOC") => {
      const clientOrderId = idOf(ids, at);
      if (seat.findOpen(clientOrderId) !== undefined) throw new Error("duplicate");
      const { side, priceTicks, lots } = operation;
      const order = new Order(at, requestOf(seat.account, side, priceTicks, lots, clientOrderId), seat, lots, at);
      if (engine.place(order, timeInForce) !== "RESTING") return;
      seat.add(order);
      resting.push(clientOrderId);
    };
    return mixOf({
      rest: (operation, at) => place(operation, at, makers, "GTC"),
      cancel: () => {
        const order = makers.findOpen(resting.pop()!);
        if (order === undefined) return;
        engine.cancel(order);
        makers.remove(order);
      },
      cross: (operation, at) => place(operation, at, takers, "IOC"),
      kept,
    });
  },
};

const market: Case = {
  loop: () => {
    const ids = clientIds();
    const instrument = toInstrument(DEFAULT_INSTRUMENTS[0]!);
    const kept = { reports: 0 };
    const exchange = new Exchange({
      instruments: [instrument],
      listener: {
        onTrade: () => {},
        onAggregate: () => {},
        onLevel: () => {},
        onBook: () => {},
        onReport: () => {
          kept.reports++;
        },
        onBalances: () => {},
      },
    });
    const open = () => {
      const account = exchange.accounts.open({ makerRate: 100_000n, takerRate: 100_000n });
      account.balance("AAA").free = UNLIMITED;
      account.balance("USDT").free = UNLIMITED;
      return account;
    };
    const makers = open();
    const takers = open();
    const found = exchange.markets[0]!;
    const resting: Order[] = [];
    let nowUs = 1_767_225_600_000_000;
    const place = ({ side, priceTicks, lots }: Operation, at: number, account: Account, timeInForce: "GTC" | "IOC") => {
      nowUs += 100;
      const request = requestOf(account, side, priceTicks, lots, idOf(ids, at), timeInForce);
      const order = found.place(request, nowUs);
      if (order.isOpen) resting.push(order);
    };
    return mixOf({
      rest: (operation, at) => place(operation, at, makers, "GTC"),
      cancel: () => {
        const order = resting.pop()!;
        if (order.isOpen) found.cancel(order, "cancel", nowUs);
      },
      cross: (operation, at) => place(operation, at, takers, "IOC"),
      kept,
    });
  },
};

/** What many write who need a book: levels and queues in arrays, orders in a map by id, an object for each trade. */
const plainBook: Case = {
  loop: () => {
    interface Plain {
      readonly id: string;
      readonly side: Side;
      readonly priceTicks: number;
      lots: number;
    }
    const ids = clientIds();
    const orders = new Map<string, Plain>();
    const sides: Record<Side, { priceTicks: number; queue: Plain[] }[]> = { BUY: [], SELL: [] }; // best first
    const trades: unknown[] = [];
    const indexOf = (side: Side, priceTicks: number) => {
      const levels = sides[side];
      let low = 0;
      let high = levels.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        const isBetter =
          side === "BUY" ? levels[middle]!.priceTicks > priceTicks : levels[middle]!.priceTicks < priceTicks;
        if (isBetter) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    const resting: string[] = [];
    const rest = ({ side, priceTicks, lots }: Operation, at: number) => {
      const id = idOf(ids, at);
      if (orders.has(id)) return;
      const order: Plain = { id, side, priceTicks, lots };
      const index = indexOf(side, priceTicks);
      if (sides[side][index]?.priceTicks === priceTicks) sides[side][index]!.queue.push(order);
      else sides[side].splice(index, 0, { priceTicks, queue: [order] });
      orders.set(id, order);
      resting.push(id);
    };
    return mixOf({
      rest,
      cancel: () => {
        const order = orders.get(resting.pop()!);
        if (order === undefined) return;
        orders.delete(order.id);
        const index = indexOf(order.side, order.priceTicks);
        const { queue } = sides[order.side][index]!;
        queue.splice(queue.indexOf(order), 1);
        if (queue.length === 0) sides[order.side].splice(index, 1);
      },
      cross: ({ side, priceTicks, lots }, at) => {
        const levels = sides[side === "BUY" ? "SELL" : "BUY"];
        let left = lots;
        while (left > 0 && levels.length > 0) {
          const level = levels[0]!;
          if (side === "BUY" ? level.priceTicks > priceTicks : level.priceTicks < priceTicks) break;
          const maker = level.queue[0]!;
          const traded = Math.min(left, maker.lots);
          left -= traded;
          maker.lots -= traded;
          trades.push({ taker: idOf(ids, at), maker: maker.id, priceTicks: level.priceTicks, lots: traded });
          if (maker.lots > 0) continue;
          level.queue.shift();
          orders.delete(maker.id);
          if (level.queue.length === 0) levels.shift();
        }
        if (trades.length > 100_000) trades.length = 0;
      },
      kept: trades,
    });
  },
};

function requestOf(
  account: Account,
  side: Side,
  priceTicks: number,
  lots: number,
  clientOrderId: string,
  timeInForce: "GTC" | "IOC" = "GTC",
): OrderRequest {
  return {
    account,
    side,
    type: "LIMIT",
    timeInForce,
    priceTicks,
    lots,
    quoteUnits: 0n,
    clientOrderId,
    prevention: "NONE",
    icebergLots: undefined,
    stopTicks: undefined,
    trailingDelta: undefined,
    strategyId: undefined,
    strategyType: undefined,
  };
}

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
      name: "one operation, engine alone",
      unit: "ns/op",
      ours: bare,
      peers: { "order object alone (floor)": { case: orderObject, aim: null } },
    },
    {
      name: "one operation, with client ids and fill reports",
      unit: "ns/op",
      ours: withIds,
      peers: {
        "arrays, a map and trade objects": {
          case: plainBook,
          note: "no accounts, no self-trade prevention, no icebergs, no history; the target is 200 ns, 5 million a second",
        },
      },
    },
    {
      name: "one operation of a market with exact balances",
      unit: "ns/op",
      ours: market,
      peers: { "with client ids and fill reports": { case: withIds, aim: null } },
    },
  ],
};

export default suite;
