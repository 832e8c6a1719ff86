import { ManualClock } from "@pitlane/perf/testing";
import type { Instrument, OrderReport } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { createStageLatencies } from "../../src/latency.ts";
import { OrderGateway } from "../../src/orders/gateway.ts";
import { applyReport } from "../../src/orders/machine.ts";
import { Order } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";
import type { OrderVenue } from "../../src/venue.ts";

const many = testInstrument();
const few = testInstrument({ id: "test:BBB/USDT", symbol: "BBB/USDT", base: "BBB" });

function orderOf(id: string, instrument: Instrument): Order {
  const terms = { instrument, side: "buy", type: "limit", priceTicks: 100, sizeLots: 10 } as const;
  return Object.assign(new Order(id, "s", 0, terms), { state: "accepted" });
}

const cancelled = (clientOrderId: string, instrument: Instrument): OrderReport => ({
  instrument,
  clientOrderId,
  venueOrderId: "",
  status: "cancelled",
  side: "buy",
  sizeLots: 10,
  filledLots: 0,
  fills: [],
  atUs: 0,
});

async function sweep(cancelAll: OrderVenue["cancelAll"]) {
  const orders = [orderOf("a", many), orderOf("b", many), orderOf("c", many), orderOf("d", few)];
  const calls: string[] = [];
  const unexpected = () => Promise.reject(new Error("not expected"));
  const gateway = new OrderGateway({
    venue: {
      submit: unexpected,
      get: unexpected,
      listFills: unexpected,
      cancel: (ref) => {
        const id = "clientOrderId" in ref ? ref.clientOrderId : "";
        calls.push(`cancel ${id}`);
        return Promise.resolve(cancelled(String(id), ref.instrument));
      },
      ...(cancelAll === undefined
        ? {}
        : {
            cancelAll: (instrument: Instrument) => {
              calls.push(`cancelAll ${instrument.id}`);
              return cancelAll(instrument);
            },
          }),
    },
    clock: new ManualClock(),
    latencies: createStageLatencies(),
    recvWindowMs: 5000,
    onReport: (report) => {
      const order = orders.find(({ clientOrderId }) => clientOrderId === report.clientOrderId);
      if (order !== undefined) applyReport(order, report);
    },
    onFailure: () => {},
    onCancelEnd: ({ clientOrderId }) => calls.push(`end ${clientOrderId}`),
    onAmendEnd: () => {},
    onOverdue: () => {},
    onFault: (message) => calls.push(message),
  });
  gateway.sweep(orders);
  await gateway.close();
  return { calls, states: orders.map(({ state }) => state) };
}

const ALL = ["cancelled", "cancelled", "cancelled", "cancelled"];

test("several orders of an instrument are cancelled by one call, and those that it left by one each", async () => {
  const { calls, states } = await sweep(() => Promise.resolve([cancelled("a", many), cancelled("c", many)]));
  expect(states).toEqual(ALL);
  expect(calls.filter((call) => call.startsWith("cancel")).sort()).toEqual([
    "cancel b",
    "cancel d",
    "cancelAll test:AAA/USDT",
  ]);
  expect(calls.filter((call) => call.startsWith("end")).sort()).toEqual(["end a", "end b", "end c", "end d"]);
});

test("where the one call fails, or there is none, each is cancelled by itself", async () => {
  for (const cancelAll of [() => Promise.reject(new Error("no answer")), undefined]) {
    const { calls, states } = await sweep(cancelAll);
    expect(states).toEqual(ALL);
    expect(calls.filter((call) => call.startsWith("cancel "))).toHaveLength(4);
  }
});
