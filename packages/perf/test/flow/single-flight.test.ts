import fc from "fast-check";
import { expect, test } from "vitest";
import { SingleFlight } from "../../src/flow/index.ts";
import { type Deferred, deferred, settle } from "../support/promises.ts";

function setUp() {
  const flights = new SingleFlight<string, string>();
  const calls: (Deferred<string> & { signal: AbortSignal | undefined })[] = [];
  const load = (signal: AbortSignal | undefined) => {
    const call = { ...deferred<string>(), signal };
    calls.push(call);
    return call.promise;
  };
  return { flights, calls, load };
}

test("makes one call for all callers of a key, and another for the next", async () => {
  const { flights, calls, load } = setUp();
  const both = Promise.all([flights.run("a", load), flights.run("a", load)]);
  expect(calls).toHaveLength(1);
  calls[0]?.resolve("one");
  expect(await both).toEqual(["one", "one"]);
  expect(flights.size).toBe(0);
  flights.run("a", load);
  expect(calls).toHaveLength(2);
});

test("keeps keys apart", () => {
  const { flights, calls, load } = setUp();
  flights.run("a", load);
  flights.run("b", load);
  expect(calls).toHaveLength(2);
});

test("leaves the others waiting when one caller aborts", async () => {
  const { flights, calls, load } = setUp();
  const abort = new AbortController();
  const left = flights.run("a", load, abort.signal);
  const stayed = flights.run("a", load, new AbortController().signal);
  abort.abort(new Error("enough"));
  await expect(left).rejects.toThrow("enough");
  expect(calls[0]?.signal?.aborted).toBe(false);
  calls[0]?.resolve("one");
  expect(await stayed).toBe("one");
});

test("aborts the call when every caller has aborted, and begins a new one for the next", async () => {
  const { flights, calls, load } = setUp();
  const aborts = [new AbortController(), new AbortController()];
  const waits = aborts.map(({ signal }) => flights.run("a", load, signal));
  for (const abort of aborts) abort.abort(new Error("enough"));
  await Promise.allSettled(waits);
  expect(calls[0]?.signal?.aborted).toBe(true);
  const next = flights.run("a", load);
  expect(calls).toHaveLength(2);
  calls[0]?.reject(new Error("aborted"));
  calls[1]?.resolve("two");
  expect(await next).toBe("two");
});

test("never aborts a call that a caller without a signal waits for", async () => {
  const { flights, calls, load } = setUp();
  const abort = new AbortController();
  const left = flights.run("a", load, abort.signal);
  const stayed = flights.run("a", load);
  abort.abort(new Error("enough"));
  await expect(left).rejects.toThrow("enough");
  expect(calls[0]?.signal?.aborted).toBe(false);
  calls[0]?.resolve("one");
  expect(await stayed).toBe("one");
});

test("gives an error to every caller and keeps nothing, also when the call throws at once", async () => {
  const { flights, calls, load } = setUp();
  const both = Promise.allSettled([flights.run("a", load), flights.run("a", load)]);
  calls[0]?.reject(new Error("down"));
  expect((await both).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  const thrown = flights.run("a", () => {
    throw new Error("at once");
  });
  await expect(thrown).rejects.toThrow("at once");
  expect(flights.size).toBe(0);
});

test("does not begin for a caller that has aborted before", async () => {
  const { flights, calls, load } = setUp();
  await expect(flights.run("a", load, AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
  expect(calls).toHaveLength(0);
});

test("begins anew after forget, and the forgotten call's end does not end the new one", async () => {
  const { flights, calls, load } = setUp();
  const old = flights.run("a", load);
  flights.forget("a");
  const fresh = flights.run("a", load);
  calls[0]?.resolve("old");
  expect(await old).toBe("old");
  expect(flights.size).toBe(1);
  calls[1]?.resolve("new");
  expect(await fresh).toBe("new");
});

test("a caller that asks again as soon as it has its result gets a new call", async () => {
  const { flights, calls, load } = setUp();
  const again = flights.run("a", load).then(() => flights.run("a", load));
  calls[0]?.resolve("one");
  await settle();
  calls[1]?.resolve("two");
  expect(await again).toBe("two");
});

test("answers every caller once and leaks no key, whatever the order of calls, aborts and results", async () => {
  const step = fc.record({
    does: fc.constantFrom("call", "call with signal", "abort", "resolve", "reject", "forget"),
    nth: fc.nat({ max: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
      const { flights, calls, load } = setUp();
      const aborts: AbortController[] = [];
      const waits: Promise<string>[] = [];
      for (const { does, nth } of steps) {
        if (does === "call") waits.push(flights.run("a", load));
        else if (does === "call with signal") {
          const abort = new AbortController();
          aborts.push(abort);
          waits.push(flights.run("a", load, abort.signal));
        } else if (does === "abort") aborts[nth % Math.max(1, aborts.length)]?.abort(new Error("enough"));
        else if (does === "forget") flights.forget("a");
        else if (does === "resolve") calls[nth % Math.max(1, calls.length)]?.resolve("value");
        else calls[nth % Math.max(1, calls.length)]?.reject(new Error("down"));
        for (const wait of waits) wait.catch(() => {}); // read below; keeps Node from reporting them before
        if (nth % 3 === 0) await settle();
      }
      for (const call of calls) call.resolve("late");
      expect(await Promise.allSettled(waits)).toHaveLength(waits.length);
      expect(flights.size).toBe(0);
      expect(calls.length).toBeLessThanOrEqual(waits.length);
    }),
  );
});
