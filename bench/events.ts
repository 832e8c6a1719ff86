// An event goes to every hook that wants it: ours, with each listener's faults isolated, beside the emitters and hook systems people use, none
// of which isolates. All but tapable call listeners in a loop, which is one call site for all of them.
import { EventEmitter } from "node:events";
import { EventEmitter as EventEmitter3 } from "eventemitter3";
import { createHooks } from "hookable";
import mitt from "mitt";
import { Dispatcher, EventKinds } from "pitlane";
import { SyncHook } from "tapable";
import { type Emit, emitting, generated, type Listener, NUMBERS, type Tick } from "../scripts/bench/listeners.ts";
import type { Comparison, Suite } from "../scripts/bench/suite.ts";

const NO_ISOLATION = "a listener that throws ends the emit";

function ours(listeners: readonly Listener[], label: string): Emit {
  const kinds = new EventKinds();
  const quote = kinds.indexOf("quote");
  const dispatcher = new Dispatcher({
    kinds,
    instruments: [],
    owners: listeners.map((_, i) => `plugin-${i}`),
    entries: listeners.map((handler, owner) => ({ kind: "quote", instrument: undefined, owner, handler })),
    clock: { monotonicNs: () => 0 },
    onFault: () => {},
    label,
  });
  return (tick) => dispatcher.dispatch(quote, tick, -1, 0, 0);
}

function emitter3(listeners: readonly Listener[]): Emit {
  const emitter = new EventEmitter3<{ quote: (tick: Tick) => void }>();
  for (const listener of listeners) emitter.on("quote", listener);
  return (tick) => emitter.emit("quote", tick);
}

function nodeEmitter(listeners: readonly Listener[]): Emit {
  const emitter = new EventEmitter().setMaxListeners(listeners.length);
  for (const listener of listeners) emitter.on("quote", listener);
  return (tick) => emitter.emit("quote", tick);
}

function mittEmitter(listeners: readonly Listener[]): Emit {
  // Its types describe a CommonJS module, which is not what Node loads.
  const emitter = (mitt as unknown as typeof mitt.default)<{ quote: Tick }>();
  for (const listener of listeners) emitter.on("quote", listener);
  return (tick) => emitter.emit("quote", tick);
}

function tapableHook(listeners: readonly Listener[]): Emit {
  const hook = new SyncHook<[Tick]>(["tick"]);
  for (const [i, listener] of listeners.entries()) hook.tap(`plugin-${i}`, listener);
  return (tick) => hook.call(tick);
}

function hookableHooks(listeners: readonly Listener[]): Emit {
  const hooks = createHooks<{ quote: (tick: Tick) => void }>();
  for (const listener of listeners) hooks.hook("quote", listener);
  return (tick) => hooks.callHook("quote", tick);
}

const suite: Suite = {
  name: "events beside emitters and hook systems",
  comparisons: NUMBERS.map(
    (count): Comparison => ({
      name: `one event to ${count} listener${count === 1 ? "" : "s"}`,
      unit: "ns/op",
      rounds: 15,
      ours: emitting(count, ours),
      peers: {
        "generated code (limit)": { case: emitting(count, generated), aim: 1.5, note: NO_ISOLATION },
        "tapable SyncHook": { case: emitting(count, tapableHook), note: NO_ISOLATION },
        eventemitter3: { case: emitting(count, emitter3), note: NO_ISOLATION },
        "node EventEmitter": { case: emitting(count, nodeEmitter), note: NO_ISOLATION },
        mitt: { case: emitting(count, mittEmitter), note: NO_ISOLATION },
        "hookable callHook": {
          case: emitting(count, hookableHooks),
          note: "asynchronous where a hook is; not awaited here",
        },
      },
    }),
  ),
};

export default suite;
