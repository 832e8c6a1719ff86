import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ManualClock } from "@pitlane/perf/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EventDefinition } from "../../src/bus/events.ts";
import { EventKinds } from "../../src/bus/kinds.ts";
import { Dispatcher, type DispatcherOptions } from "../../src/hooks/dispatcher.ts";
import type { HookEntry } from "../../src/hooks/kinds.ts";
import { testInstrument } from "../../src/testing.ts";

const instruments = [testInstrument({ symbol: "AAA/USDT" }), testInstrument({ symbol: "BBB/USDT" })];
const kinds = new EventKinds();
const QUOTE = kinds.indexOf("quote");
const ORDER = kinds.indexOf("order");
const OWNERS = ["a", "b", "c"];

function setUp(entries: readonly HookEntry[], options: Partial<DispatcherOptions> = {}) {
  const clock = new ManualClock();
  const faults: string[] = [];
  const dispatcher = new Dispatcher({
    kinds,
    instruments,
    owners: OWNERS,
    entries,
    clock,
    onFault: (owner, kind, error, policy) =>
      faults.push(`${OWNERS[owner]} ${kind} ${(error as Error).message} ${policy}`),
    ...options,
  });
  const quote = (instrumentIndex = 0) => dispatcher.dispatch(QUOTE, {}, instrumentIndex, 5, clock.monotonicNs());
  return { dispatcher, clock, faults, quote };
}

const hook = (owner: number, handler: () => unknown, more: Partial<HookEntry> = {}): HookEntry => ({
  kind: "quote",
  instrument: undefined,
  owner,
  handler,
  ...more,
});

const fail = () => {
  throw new Error("bad");
};

describe.each([
  ["generated code", true],
  ["a loop", false],
])("by %s", (_how, generateCode) => {
  test("handlers hear of what they asked for", () => {
    const heard: string[] = [];
    const say = (name: string) => () => heard.push(name);
    const { dispatcher, quote } = setUp(
      [
        hook(0, say("all")),
        hook(0, say("second"), { instrument: instruments[1] }),
        hook(1, say("both"), { instrument: instruments }),
        hook(1, say("trade"), { kind: "trade" }),
        hook(2, say("first of all"), { stage: "pre" }),
      ],
      { generateCode },
    );
    quote(0);
    expect(heard.splice(0)).toEqual(["first of all", "all", "both"]);
    quote(1);
    expect(heard.splice(0)).toEqual(["first of all", "all", "second", "both"]);
    quote(-1);
    expect(heard.splice(0)).toEqual(["first of all", "all"]);
    expect(dispatcher.hears(kinds.indexOf("trade"), 0)).toBe(true);
    expect(dispatcher.hears(kinds.indexOf("book"), 0)).toBe(false);
    dispatcher.dispatch(kinds.indexOf("book"), {}, 0, 0, 0);
    expect(heard).toEqual([]);
  });

  test("news of an order goes to its owner alone, shed or not", () => {
    const heard: number[] = [];
    const { dispatcher } = setUp(
      [0, 1].map((owner) => hook(owner, () => heard.push(owner), { kind: "order" })),
      { generateCode },
    );
    dispatcher.setShed(1, true);
    dispatcher.dispatchOwn(ORDER, {}, 1, 1, 0);
    dispatcher.dispatchOwn(ORDER, {}, 1, 2, 0);
    expect(heard).toEqual([1]);
    dispatcher.setActive(1, false);
    dispatcher.dispatchOwn(ORDER, {}, 1, 1, 0);
    expect(heard).toEqual([1]);
  });

  test("one that throws costs only itself", () => {
    let calls = 0;
    const { faults, quote } = setUp([hook(0, fail), hook(1, () => calls++), hook(0, fail), hook(2, () => calls++)], {
      generateCode,
    });
    quote();
    expect(calls).toBe(2);
    expect(faults).toEqual(["a quote bad isolate", "a quote bad isolate"]);
  });

  test("one that returns a promise is a fault, and its rejection is nobody's", async () => {
    const { faults, quote } = setUp([hook(0, async () => fail()), hook(1, () => ({ later: 1 }))], { generateCode });
    quote();
    await new Promise((resolve) => setImmediate(resolve)); // an unhandled rejection would fail the run here
    expect(faults).toEqual([expect.stringMatching(/^a quote a hook of "quote" returned a promise.* isolate$/)]);
  });

  test("by policy a fault switches its plugin off at once, or everybody", () => {
    const heard: string[] = [];
    const { dispatcher, quote } = setUp(
      [
        hook(0, fail, { onError: "quarantine" }),
        hook(0, () => heard.push("a")),
        hook(1, () => heard.push("b")),
        hook(1, () => heard.push("fails") > 2 && fail(), { onError: "halt" }),
        hook(2, () => heard.push("c")),
      ],
      { generateCode },
    );
    quote();
    expect(heard.splice(0)).toEqual(["b", "fails", "c"]);
    expect([0, 1, 2].map((owner) => dispatcher.isActive(owner))).toEqual([false, true, true]);
    heard.push("x");
    quote();
    expect(heard.splice(0)).toEqual(["x", "b", "fails"]);
    expect([0, 1, 2].map((owner) => dispatcher.isActive(owner))).toEqual([false, false, false]);
    quote();
    expect(heard).toEqual([]);
  });

  test("a plugin that is shed hears no market data until it is taken back", () => {
    let calls = 0;
    const { dispatcher, quote } = setUp([hook(0, () => calls++)], { generateCode });
    dispatcher.setShed(0, true);
    quote();
    expect(calls).toBe(0);
    expect(dispatcher.hears(QUOTE, 0)).toBe(false);
    dispatcher.setActive(0, false);
    dispatcher.setShed(0, false);
    quote();
    expect(calls).toBe(0);
    dispatcher.setActive(0, true);
    quote();
    expect(calls).toBe(1);
  });

  test("each is metered, and what it asked for is acted on before the next runs and is not metered", () => {
    const order: string[] = [];
    const host = setUp(
      [
        hook(0, () => {
          order.push("a");
          host.clock.advance({ us: 30 });
          fail();
        }),
        hook(1, () => {
          order.push("b");
          host.clock.advance({ us: 1 });
        }),
      ],
      {
        generateCode,
        meter: (owner, kind, elapsedNs) => order.push(`${kind} hook of ${OWNERS[owner]} took ${elapsedNs}`),
        afterHook: (owner, triggerNs) => {
          order.push(`after ${OWNERS[owner]} ${triggerNs}`);
          host.clock.advance({ us: 500 });
          return true;
        },
      },
    );
    host.clock.advance({ ms: 1 });
    host.quote();
    expect(order).toEqual([
      "a",
      "quote hook of a took 30000",
      "after a 5",
      "b",
      "quote hook of b took 1000",
      "after b 5",
    ]);
    expect(host.faults).toEqual(["a quote bad isolate"]);
  });

  test("whoever the meter switches off is not called again, for this event either", () => {
    let calls = 0;
    const host = setUp([hook(0, () => {}), hook(0, () => calls++), hook(1, () => {})], {
      generateCode,
      meter: (owner) => {
        if (owner === 0) host.dispatcher.setActive(0, false);
      },
    });
    host.quote();
    expect(calls).toBe(0);
  });

  test("handlers that replace others keep their turn, and a faulty set changes nothing", () => {
    const heard: string[] = [];
    const say = (name: string) => () => heard.push(name);
    const { dispatcher, quote } = setUp([hook(0, say("a")), hook(1, say("b")), hook(2, say("c"))], { generateCode });
    dispatcher.replace(1, [hook(1, say("b2")), hook(1, say("b3"))]);
    quote();
    expect(heard.splice(0)).toEqual(["a", "b2", "b3", "c"]);
    expect(() => dispatcher.replace(1, [hook(1, say("x"), { kind: "nonsense" })])).toThrow(
      expect.objectContaining({ code: "UNKNOWN_EVENT_KIND" }),
    );
    expect(() => dispatcher.replace(1, [hook(1, say("x"), { before: ["a"], after: ["a"] })])).toThrow(
      expect.objectContaining({ code: "HOOK_ORDER" }),
    );
    quote();
    expect(heard.splice(0)).toEqual(["a", "b2", "b3", "c"]);
    dispatcher.replace(1, []);
    quote();
    expect(heard.splice(0)).toEqual(["a", "c"]);
  });

  test("more handlers than are unrolled are called all the same", () => {
    const heard: number[] = [];
    const entries = Array.from({ length: 200 }, (_, i) => hook(i % 3, () => (i % 50 === 0 ? fail() : heard.push(i))));
    const { faults, quote } = setUp(entries, { generateCode });
    quote();
    expect(heard).toHaveLength(196);
    expect(faults).toHaveLength(4);
  });
});

describe("any table", () => {
  // What a handler does when it is called the n-th time.
  const act = fc.oneof(
    { weight: 6, arbitrary: fc.constant({ do: "nothing" } as const) },
    { weight: 2, arbitrary: fc.constant({ do: "throw" } as const) },
    { weight: 1, arbitrary: fc.constant({ do: "promise" } as const) },
    { weight: 1, arbitrary: fc.constant({ do: "answer" } as const) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constantFrom("setActive" as const, "setShed" as const),
        owner: fc.nat(2),
        value: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("replace" as const), owner: fc.nat(2), with: fc.nat(3) }) },
  );
  const handler = fc.record({
    owner: fc.nat(2),
    instrument: fc.constantFrom(undefined, instruments[0], instruments[1], instruments),
    stage: fc.constantFrom("pre" as const, "normal" as const, "post" as const),
    onError: fc.constantFrom("isolate" as const, "isolate" as const, "quarantine" as const, "halt" as const),
    acts: fc.array(act, { minLength: 1, maxLength: 4 }),
  });
  const table = fc.array(handler, { maxLength: 12 });
  const events = fc.array(fc.integer({ min: -1, max: 1 }), { maxLength: 8 });

  function play(
    handlers: typeof table extends fc.Arbitrary<infer T> ? T : never,
    of: readonly number[],
    options: Partial<DispatcherOptions>,
  ) {
    const seen: string[] = [];
    const tell = (name: string, act: string) => seen.push(`${name} ${act}`);
    const toEntry = (
      { owner, instrument, stage, onError, acts }: (typeof handlers)[number],
      name: string,
    ): HookEntry => {
      let calls = 0;
      return hook(
        owner,
        () => {
          const now = acts[calls++ % acts.length]!;
          tell(name, now.do);
          if (now.do === "throw") throw new Error(name);
          if (now.do === "promise") return Promise.reject(new Error(name));
          if (now.do === "answer") return calls;
          if (now.do === "setActive") host.dispatcher.setActive(now.owner, now.value);
          if (now.do === "setShed") host.dispatcher.setShed(now.owner, now.value);
          if (now.do === "replace") {
            const others = handlers.slice(0, now.with).filter((one) => one.owner === now.owner);
            host.dispatcher.replace(
              now.owner,
              others.map((one, i) => toEntry(one, `${name} new ${i}`)),
            );
          }
          return undefined;
        },
        { instrument, stage, onError },
      );
    };
    const host = setUp(
      handlers.map((one, i) => toEntry(one, `#${i}`)),
      {
        onFault: (owner, _kind, error) => tell(`fault of ${owner}`, (error as Error).message),
        ...options,
      },
    );
    for (const instrumentIndex of of) host.quote(instrumentIndex);
    return seen;
  }

  test("generated code does what the loop does, with the host called between handlers", () => {
    const between = { afterHook: () => undefined };
    fc.assert(
      fc.property(table, events, (handlers, of) => {
        expect(play(handlers, of, { ...between, generateCode: true })).toEqual(
          play(handlers, of, { ...between, generateCode: false }),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("and without, where handlers change nothing of who is called but by their faults", () => {
    const changesNothing = table.map((handlers) =>
      handlers.map((one) => ({
        ...one,
        acts: one.acts.map((now) =>
          now.do === "setActive" || now.do === "setShed" || now.do === "replace" ? ({ do: "nothing" } as const) : now,
        ),
      })),
    );
    fc.assert(
      fc.property(changesNothing, events, (handlers, of) => {
        expect(play(handlers, of, { generateCode: true })).toEqual(play(handlers, of, { generateCode: false }));
      }),
      { numRuns: 300 },
    );
  });

  test("without, a change by a handler counts from the next event on", () => {
    const heard: string[] = [];
    const host = setUp([
      hook(0, () => {
        heard.push("a");
        host.dispatcher.setActive(1, false);
      }),
      hook(1, () => heard.push("b")),
    ]);
    host.quote();
    host.quote();
    expect(heard).toEqual(["a", "b", "a"]);
  });
});

test("where code from strings is forbidden, the loop takes over", async () => {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { Dispatcher } from "./src/hooks/dispatcher.ts";
        import { EventKinds } from "./src/bus/kinds.ts";
        let forbidden = false;
        try { new Function(""); } catch { forbidden = true; }
        const kinds = new EventKinds();
        const heard = [];
        const entries = ["a", "b"].map((name, owner) => ({ kind: "quote", instrument: undefined, owner, handler: (event) => { heard.push(name + event); } }));
        const dispatcher = new Dispatcher({ kinds, instruments: [], owners: ["a", "b"], entries, clock: { monotonicNs: () => 0 }, onFault: () => {} });
        dispatcher.dispatch(kinds.indexOf("quote"), 1, -1, 0, 0);
        console.log(JSON.stringify({ forbidden, heard }));
      `,
      resolveDir: `${import.meta.dirname}/../..`,
      loader: "ts",
    },
    bundle: true,
    platform: "node",
    format: "cjs",
    write: false,
    conditions: ["@pitlane/source"],
  });
  const args = ["--disallow-code-generation-from-strings", "-e", outputFiles[0]!.text];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(JSON.parse(stdout)).toEqual({ forbidden: true, heard: ["a1", "b1"] });
});

test("an event runs the code of its kind and instrument alone, however many there are of either", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 109 }), (instrumentCount, ownKinds) => {
      const many = Array.from({ length: instrumentCount }, (_, i) => testInstrument({ symbol: `A${i}/USDT` }));
      const all = new EventKinds();
      for (let i = 0; i < ownKinds; i++)
        all.define({ ...all.definitions[QUOTE]!, kind: `own/${i}` } as unknown as EventDefinition);
      const shared = all.definitions.filter(({ audience }) => audience === "all");
      const heard: string[] = [];
      const entries = shared.flatMap(({ kind }) =>
        many.map((instrument) => hook(0, () => void heard.push(`${kind} ${instrument.symbol}`), { kind, instrument })),
      );
      const { dispatcher } = setUp(entries, { kinds: all, instruments: many, generateCode: false });
      const sent: string[] = [];
      for (const { kind } of shared) {
        for (const [i, { symbol }] of many.entries()) {
          dispatcher.dispatch(all.indexOf(kind), {}, i, 0, 0);
          sent.push(`${kind} ${symbol}`);
        }
        dispatcher.dispatch(all.indexOf(kind), {}, -1, 0, 0);
      }
      expect(heard).toEqual(sent);
    }),
    { numRuns: 20 },
  );
});
