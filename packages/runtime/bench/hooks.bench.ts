// Every event of the market is dispatched to every hook that wants it, with a bad one isolated. The limit is code generated for exactly
// these listeners, which isolates nothing; rows below are what isolation through a table, metering and a loop cost.
import { createSystemClock } from "@pitlane/perf";
import { type Emit, emitting, generated, type Listener, NUMBERS, plainLoop } from "../../../scripts/bench/listeners.ts";
import type { Case, Comparison, Suite } from "../../../scripts/bench/suite.ts";
import { EventKinds } from "../src/bus/kinds.ts";
import { Dispatcher, type DispatcherOptions } from "../src/hooks/dispatcher.ts";

const clock = createSystemClock();
const sums = new Float64Array(1);

function dispatching(options: Partial<DispatcherOptions> = {}) {
  return (listeners: readonly Listener[], label: string): Emit => {
    const kinds = new EventKinds();
    const quote = kinds.indexOf("quote");
    const dispatcher = new Dispatcher({
      kinds,
      instruments: [],
      owners: listeners.map((_, i) => `plugin-${i}`),
      entries: listeners.map((handler, owner) => ({ kind: "quote", instrument: undefined, owner, handler })),
      clock,
      onFault: () => {},
      label,
      ...options,
    });
    return (tick) => dispatcher.dispatch(quote, tick, -1, 0, 0);
  };
}

const metered: Partial<DispatcherOptions> = {
  meter: (_owner, _kind, elapsedNs) => {
    sums[0]! += elapsedNs;
  },
};

/** What the host does after each hook, when no hook asked for anything. */
const asked: unknown[] = [];
const withAfterHook: Partial<DispatcherOptions> = { afterHook: () => asked.length > 0 };

/** The first dispatch of a table, its code generated for it. */
function making(count: number): Case {
  return {
    loop: () => {
      const listeners = Array.from({ length: count }, (_, i) => (tick: { readonly value: number }) => {
        sums[0]! += tick.value + i;
      });
      let made = 0;
      return (n) => {
        for (let i = 0; i < n; i++) dispatching()(listeners, `made ${made++}`)({ value: 1 });
        return sums;
      };
    },
  };
}

const comparisons = NUMBERS.flatMap((count): Comparison[] => {
  const limit = { "generated code, no isolation (limit)": { case: emitting(count, generated), aim: 1.5 } };
  const beside = { "generated code, no isolation (limit)": { case: emitting(count, generated), aim: null } };
  const name = `${count} listener${count === 1 ? "" : "s"}`;
  return [
    {
      name: `dispatch to ${name}`,
      unit: "ns/op",
      ours: emitting(count, dispatching()),
      peers: { ...limit, "plain array loop, no isolation": { case: emitting(count, plainLoop), aim: null } },
    },
    {
      name: `dispatch to ${name}, afterHook`,
      unit: "ns/op",
      ours: emitting(count, dispatching(withAfterHook)),
      peers: beside,
    },
    {
      name: `dispatch to ${name}, metered`,
      unit: "ns/op",
      ours: emitting(count, dispatching(metered)),
      peers: beside,
    },
    {
      name: `dispatch to ${name}, where code from strings is forbidden`,
      unit: "ns/op",
      ours: emitting(count, dispatching({ generateCode: false })),
      peers: beside,
    },
  ];
});

const suite: Suite = {
  name: "hooks",
  comparisons: [
    ...comparisons,
    {
      name: "a dispatcher made, its first event dispatched, 16 listeners",
      unit: "us/op",
      ours: making(16),
      peers: { "1 listener": { case: making(1), aim: null } },
    },
  ],
};

export default suite;
