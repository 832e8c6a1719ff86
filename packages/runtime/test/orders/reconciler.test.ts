import { ManualClock } from "@pitlane/perf/testing";
import type { Balance, OrderReport } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { Order, type OrderState } from "../../src/orders/order.ts";
import { type ReconciledEntry, Reconciler } from "../../src/orders/reconciler.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();

function orderOf(id: string, state: OrderState, filledLots = 0, bookedLots = filledLots): Order {
  const order = new Order(id, "s", 0, { instrument, side: "buy", type: "limit", priceTicks: 100, sizeLots: 10 });
  return Object.assign(order, { state, filledLots, bookedLots });
}

const reportOf = (clientOrderId: string, filledLots = 0, sizeLots = 10): OrderReport => ({
  instrument,
  clientOrderId,
  venueOrderId: clientOrderId,
  status: filledLots > 0 ? "partiallyFilled" : "accepted",
  side: "buy",
  sizeLots,
  filledLots,
  fills: [],
  atUs: 0,
});

function setUp(parts: {
  readonly orders?: readonly Order[];
  readonly open?: readonly OrderReport[] | (() => Promise<readonly OrderReport[]>);
  readonly unknownToVenue?: readonly string[];
  /** What the venue says the account has, look by look; the last one stays. */
  readonly looks?: readonly bigint[];
}) {
  const { orders = [], open = [], unknownToVenue = [], looks = [100n] } = parts;
  const clock = new ManualClock();
  const asked: string[] = [];
  const faults: string[] = [];
  const entries: ReconciledEntry[] = [];
  const balances = new Map([["USDT", 100n]]);
  const portfolio = { balances, venues: new Map([["test", balances]]), fills: 0 };
  let look = 0;
  const reconciler = new Reconciler({
    venue: { listOpen: typeof open === "function" ? open : () => Promise.resolve(open) },
    account: {
      getBalances: () => {
        const free = looks[Math.min(look++, looks.length - 1)]!;
        return Promise.resolve(new Map<string, Balance>([["USDT", { free, locked: 0n }]]));
      },
    },
    execution: {
      openOrders: () => orders.filter(({ isOpen }) => isOpen),
      withMissingFills: () => orders.filter(({ bookedLots, filledLots }) => bookedLots < filledLots),
      isOwn: (id) => id.startsWith("pl-"),
      find: (id) => orders.find(({ clientOrderId }) => clientOrderId === id),
      unknown: 0,
    },
    portfolio: portfolio as never,
    gateway: {
      adopt: () => Promise.resolve(),
      askAll: (wanted) => {
        asked.push(...wanted.map(({ clientOrderId }) => clientOrderId));
        return Promise.resolve(wanted.filter(({ clientOrderId }) => unknownToVenue.includes(clientOrderId)));
      },
    },
    clock,
    onReconciled: (entry) => entries.push(entry),
    onFault: (source, message) => faults.push(`${source}: ${message}`),
  });
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 100) {
      clock.advance({ ms: Math.min(100, left) });
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    }
  };
  return { reconciler, pass, asked, faults, entries, portfolio };
}

test("orders that ended unheard, are behind, or lack fills are asked about; those that agree are not", async () => {
  const { reconciler, pass, asked, entries, faults } = setUp({
    orders: [
      orderOf("agrees", "accepted"),
      orderOf("ended", "pendingCancel"),
      orderOf("behind", "accepted"),
      orderOf("shrunk", "accepted"),
      orderOf("on-its-way", "submitted"),
      orderOf("lacks-fills", "filled", 10, 4),
    ],
    open: [reportOf("agrees"), reportOf("behind", 3), reportOf("shrunk", 0, 5)],
  });
  reconciler.start(1000);
  await pass(1000);
  expect(asked.sort()).toEqual(["behind", "ended", "lacks-fills", "shrunk"]);
  expect(entries).toEqual([{ cause: "interval", asked: 4, fills: 0, unknown: 0, drift: [] }]);
  expect(faults).toEqual([]);
  await reconciler.close();
});

test("strays, orders that live there and ended here, and orders that the venue has lost are drift", async () => {
  const { reconciler, pass, faults, entries } = setUp({
    orders: [orderOf("dead", "rejected"), orderOf("gone", "accepted")],
    open: [reportOf("by-hand"), reportOf("dead"), reportOf("pl-forgotten")],
    unknownToVenue: ["gone"],
  });
  reconciler.start(1000);
  await pass(1000);
  expect(entries[0]?.drift).toEqual([
    "the venue has order by-hand on test:AAA/USDT open, which is not of this run",
    "the venue has order dead on test:AAA/USDT open, which is rejected here",
    "the venue has order pl-forgotten on test:AAA/USDT open, which has ended here",
    "order gone is accepted here, and the venue knows none by that id",
  ]);
  expect(faults).toEqual(entries[0]?.drift.map((text) => `orders: ${text}`));
  await reconciler.close();
});

test("an order that ends while the list of open ones is under way is no drift: what was listed is looked at once more", async () => {
  const crossing = orderOf("crossing", "pendingCancel");
  const stuck = orderOf("stuck", "cancelled");
  let questions = 0;
  const { reconciler, pass, faults, entries } = setUp({
    orders: [crossing, stuck],
    open: async () => {
      if (++questions > 1) return [reportOf("stuck")];
      crossing.state = "cancelled"; // the venue made the list, then its cancel came through the stream
      return [reportOf("crossing"), reportOf("stuck")];
    },
  });
  reconciler.start(1000);
  await pass(1000);
  expect(questions).toBe(2);
  expect(entries[0]?.drift).toEqual(["the venue has order stuck on test:AAA/USDT open, which is cancelled here"]);
  expect(faults).toHaveLength(1);
  await reconciler.close();
});

test("balances that differ are looked at again: what goes is none, what stays is drift", async () => {
  const late = setUp({ looks: [99n, 100n] });
  late.reconciler.start(1000);
  await late.pass(3000);
  expect(late.entries[0]?.drift).toEqual([]);
  await late.reconciler.close();
  const wrong = setUp({ looks: [99n] });
  wrong.reconciler.start(1000);
  await wrong.pass(2500);
  expect(wrong.entries[0]?.drift).toEqual(["USDT: fills give 0.000001, the venue says 0.00000099"]);
  await wrong.reconciler.close();
});

test("a comparison asked for during another one follows it; before the start there is none", async () => {
  const answers: (() => void)[] = [];
  const { reconciler, pass, entries } = setUp({
    open: () => new Promise((resolve) => answers.push(() => resolve([]))),
  });
  await reconciler.compare("reconnect");
  expect(entries).toEqual([]);
  reconciler.start(60_000);
  const first = reconciler.compare("reconnect");
  const second = reconciler.compare("reconnect");
  expect(second).toBe(first);
  await pass(100);
  expect(answers).toHaveLength(1);
  answers[0]!();
  await pass(100);
  expect(answers).toHaveLength(2);
  answers[1]!();
  await first;
  expect(entries).toHaveLength(2);
  await reconciler.close();
});

test("a venue that cannot be asked is a fault, and it is asked again at the next time", async () => {
  let calls = 0;
  const { reconciler, pass, faults, entries } = setUp({
    open: () => (++calls === 1 ? Promise.reject(new Error("no route")) : Promise.resolve([])),
  });
  reconciler.start(1000);
  await pass(1000);
  expect(faults).toEqual(["orders: orders and accounts could not be compared: no route"]);
  await pass(1000);
  expect(entries).toHaveLength(1);
  await reconciler.close();
});
