// Every order passes the place where plugins may change it. While nobody does it must pay nothing for that; a regression of the first row is
// paid by every order of every session, one of the others by those who shape.
import { createSystemClock } from "@pitlane/perf";
import type { OrderReport } from "@pitlane/sdk";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";
import { EventKinds } from "../src/bus/kinds.ts";
import { Execution } from "../src/engines/execution.ts";
import { Portfolio } from "../src/engines/portfolio.ts";
import { allow, RiskEngine } from "../src/engines/risk.ts";
import { SHAPE, ShapeDesk } from "../src/engines/shape-desk.ts";
import { Dispatcher } from "../src/hooks/dispatcher.ts";
import { bodyText } from "../src/journal/body-text.ts";
import { createStageLatencies } from "../src/latency.ts";
import type { Intent } from "../src/orders/order.ts";
import type { IntentShaper } from "../src/plugins/define.ts";
import { testInstrument } from "../src/testing.ts";

const instrument = testInstrument();
const clock = createSystemClock();
const WISH: Intent = { instrument, side: "buy", type: "limit", timeInForce: "IOC", priceTicks: 1000, sizeLots: 1230 };
const VOTERS = 13; // as many as a session has

/** From a strategy's wish to the wire, with the text of its journal row, and its end: an order that expires. */
function order(shapers: readonly IntentShaper[] | undefined): Case {
  return {
    loop: () => {
      const risk = new RiskEngine();
      for (let i = 0; i < VOTERS; i++) risk.addVoter(`voter-${i}`, () => allow());
      let written = 0;
      const execution = new Execution({
        runKey: "bench",
        strategies: ["bench"],
        nowUs: () => 0,
        clock,
        risk,
        ...(shapers !== undefined && { shapes: deskOf(shapers) }),
        journal: {
          append: (_kind, body) => {
            written += bodyText(body).length;
          },
          commit: () => {},
        },
        wire: { send: () => {}, cancel: () => {} },
        portfolio: new Portfolio(),
        latencies: createStageLatencies(),
        publish: () => {},
        onFault: () => {},
        onHalt: () => {},
      });
      const about = {
        instrument,
        venueOrderId: "7",
        status: "expired",
        side: "buy",
        filledLots: 0,
        fills: [],
      } as const;
      return (n) => {
        for (let i = 0; i < n; i++) {
          const { clientOrderId, sizeLots } = execution.submit(0, WISH);
          execution.flush(Number.NaN);
          execution.onReport({ ...about, clientOrderId, sizeLots, atUs: 0 } satisfies OrderReport);
        }
        return written;
      };
    },
  };
}

function deskOf(shapers: readonly IntentShaper[]): ShapeDesk {
  const owners = shapers.map((_, i) => `shaper-${i}`);
  const entries = shapers.map((shaper, owner) => ({
    kind: SHAPE,
    instrument: undefined,
    owner,
    handler: shaper as unknown as (value: never) => unknown,
  }));
  const dispatcher = new Dispatcher({
    kinds: new EventKinds(),
    instruments: [instrument],
    owners,
    entries,
    points: [SHAPE],
    clock,
    onFault: () => {},
  });
  const desk = new ShapeDesk({ indexOf: () => 0, isExempt: () => false, permits: () => allow() });
  desk.open(
    dispatcher,
    owners,
    () => clock.monotonicNs(),
    () => {},
  );
  return desk;
}

const without = order(undefined);

const suite: Suite = {
  name: "shape",
  comparisons: [
    {
      name: "an order from wish to wire, while nobody shapes",
      unit: "ns/op",
      rounds: 9,
      ours: order([]),
      peers: { "without the hook": { case: without, aim: 1.1 } },
    },
    {
      name: "an order from wish to wire, with a shaper that leaves it as it is",
      unit: "ns/op",
      ours: order([() => {}]),
      peers: { "without the hook": { case: without, aim: null } },
    },
    {
      name: "an order from wish to wire, with a shaper that changes its size",
      unit: "ns/op",
      ours: order([({ sizeLots }) => ({ sizeLots: sizeLots - (sizeLots % 100) })]),
      peers: { "without the hook": { case: without, aim: null } },
    },
  ],
};

export default suite;
