import { ManualClock } from "@pitlane/perf/testing";
import { OrderNotFoundError, type OrderReport, OutcomeUnknownError, RejectedError, TimeoutError } from "@pitlane/sdk";
import { expect, test } from "vitest";
import type { ApprovedIntent } from "../../src/engines/risk.ts";
import { createStageLatencies } from "../../src/latency.ts";
import { OrderGateway } from "../../src/orders/gateway.ts";
import { applyFailure, applyReport } from "../../src/orders/machine.ts";
import { Order } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";
import type { OrderVenue } from "../../src/venue.ts";

const instrument = testInstrument();
const notFound = () =>
  new OrderNotFoundError("no such order", { status: 400, venueCode: -2013, venueText: "Order does not exist." });

/** @param aheadUs How far the host's clock is set ahead; read each time. */
function setUp(venue: Partial<OrderVenue>, aheadUs: () => number = () => 0) {
  const clock = new ManualClock();
  const wallUs = clock.nowUs.bind(clock);
  clock.nowUs = () => wallUs() + aheadUs();
  const order = new Order("pl-1", "s", 0, { instrument, side: "buy", type: "limit", priceTicks: 100, sizeLots: 10 });
  order.state = "submitted";
  const faults: string[] = [];
  const calls = { submit: 0, get: 0 };
  const failing = () => Promise.reject(new Error("not expected"));
  const gateway = new OrderGateway({
    venue: {
      submit: (request, options) => {
        calls.submit++;
        return (venue.submit ?? failing)(request, options);
      },
      cancel: venue.cancel ?? failing,
      get: (ref) => {
        calls.get++;
        return (venue.get ?? failing)(ref);
      },
      listFills: venue.listFills ?? (() => Promise.resolve([])),
    },
    clock,
    latencies: createStageLatencies(),
    recvWindowMs: 5000,
    onReport: (report) => applyReport(order, report),
    onFailure: (_order, outcome, reason) => applyFailure(order, outcome, reason),
    onCancelEnd: () => {},
    onAmendEnd: () => {},
    onOverdue: () => {},
    onFault: (message) => faults.push(message),
  });
  const send = () => gateway.send({ order } as ApprovedIntent, Number.NaN);
  /** Lets what is due happen, in steps of manual time. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 50) {
      clock.advance({ ms: Math.min(50, left) });
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    }
  };
  return { gateway, order, send, pass, faults, calls };
}

const report = (status: OrderReport["status"], filledLots = 0): OrderReport => ({
  instrument,
  clientOrderId: "pl-1",
  venueOrderId: "7",
  status,
  side: "buy",
  sizeLots: 10,
  filledLots,
  fills: [],
  atUs: 0,
});

test("a lost answer makes the order unknown; the venue is asked, and nothing is sent twice", async () => {
  let asked = 0;
  const { order, send, pass, calls } = setUp({
    submit: () =>
      Promise.reject(new OutcomeUnknownError("pl-1", { cause: new TimeoutError("no answer", { outcome: "unknown" }) })),
    get: () => (++asked < 3 ? Promise.reject(notFound()) : Promise.resolve(report("accepted"))),
  });
  send();
  await pass(50);
  expect(order.state).toBe("unknown");
  await pass(3000);
  expect(order.state).toBe("accepted");
  expect(calls).toEqual({ submit: 1, get: 3 });
});

test("an order the venue does not know is called rejected only once its request can no longer take effect", async () => {
  const { order, send, pass, calls } = setUp({
    submit: () => Promise.reject(new OutcomeUnknownError("pl-1", { cause: new Error("reset") })),
    get: () => Promise.reject(notFound()),
  });
  send();
  await pass(15_900);
  expect(order.state).toBe("unknown");
  await pass(3000);
  expect(order).toMatchObject({ state: "rejected", reason: "the venue never accepted it" });
  expect(calls.submit).toBe(1);
});

test.each([60_000_000, -60_000_000])("a clock that is set by %i us meanwhile changes nothing of that", async (us) => {
  let aheadUs = 0;
  const { order, send, pass } = setUp(
    {
      submit: () => Promise.reject(new OutcomeUnknownError("pl-1", { cause: new Error("reset") })),
      get: () => Promise.reject(notFound()),
    },
    () => aheadUs,
  );
  send();
  await pass(1000);
  aheadUs = us;
  await pass(14_900);
  expect(order.state).toBe("unknown");
  await pass(3000);
  expect(order.state).toBe("rejected");
});

test("a refusal rejects the order with the venue's words", async () => {
  const { order, send, pass } = setUp({
    submit: () =>
      Promise.reject(
        new RejectedError("Account has insufficient balance", {
          status: 400,
          venueCode: -2010,
          venueText: "Account has insufficient balance",
        }),
      ),
  });
  send();
  await pass(50);
  expect(order).toMatchObject({ state: "rejected", reason: "Account has insufficient balance" });
});

test("a cancel that comes too late learns what became of the order, with the fills that were missed", async () => {
  const fill = {
    instrument,
    clientOrderId: "",
    venueOrderId: "7",
    tradeId: "1",
    side: "buy",
    priceTicks: 100,
    sizeLots: 10,
    fee: 0n,
    feeAsset: "AAA",
    isMaker: true,
    atUs: 0,
  } as const;
  const { gateway, order, pass, faults } = setUp({
    cancel: () => Promise.reject(notFound()),
    get: () => Promise.resolve(report("filled", 10)),
    listFills: () => Promise.resolve([{ ...fill, venueOrderId: "6", tradeId: "0" }, fill]),
  });
  order.state = "accepted";
  gateway.cancel(order);
  await pass(50);
  expect(order).toMatchObject({ state: "filled", filledLots: 10, bookedLots: 10, cancelling: false });
  expect(faults).toEqual([]);
});

test("closing ends the asking; the order stays unknown and is not guessed", async () => {
  const { gateway, order, send, pass } = setUp({
    submit: () => Promise.reject(new OutcomeUnknownError("pl-1", { cause: new Error("reset") })),
    get: () => Promise.reject(notFound()),
  });
  send();
  await pass(500);
  await gateway.close();
  expect(order.state).toBe("unknown");
});
