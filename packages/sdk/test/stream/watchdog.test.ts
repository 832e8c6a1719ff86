import { ManualClock } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { Watchdog } from "../../src/stream/watchdog.ts";

function setUp() {
  const clock = new ManualClock();
  const stale: string[] = [];
  const watchdog = new Watchdog<string>({
    onStale: (name, ageMs, times) => stale.push(`${name} ${ageMs} ms, ${times}`),
    clock,
  });
  const passMs = (ms: number) => {
    clock.advance({ ms });
    watchdog.check();
  };
  return { clock, watchdog, stale, passMs };
}

test("a channel is stale when it brought nothing for its own limit, counted from when it was watched", () => {
  const { watchdog, stale, passMs } = setUp();
  passMs(1_000);
  watchdog.watch("fast", 100, { heardNs: 0 });
  watchdog.watch("slow", 500, { heardNs: 0 });
  passMs(99);
  expect(stale).toEqual([]);
  passMs(1);
  expect(stale).toEqual(["fast 100 ms, 1"]);
  passMs(400);
  expect(stale).toEqual(["fast 100 ms, 1", "fast 500 ms, 2", "slow 500 ms, 1"]);
});

test("it is told again after each further limit, and anew once something came", () => {
  const { watchdog, stale, passMs, clock } = setUp();
  const heard = { heardNs: 0 };
  watchdog.watch("a", 100, heard);
  for (let i = 0; i < 7; i++) passMs(50);
  expect(stale).toEqual(["a 100 ms, 1", "a 200 ms, 2", "a 300 ms, 3"]);
  heard.heardNs = clock.monotonicNs();
  passMs(50);
  passMs(50);
  expect(stale.slice(3)).toEqual(["a 100 ms, 1"]);
});

test("data keeps it fresh, and one that is watched no more is never stale", () => {
  const { watchdog, stale, passMs, clock } = setUp();
  const [a, b] = [{ heardNs: 0 }, { heardNs: 0 }];
  watchdog.watch("a", 100, a);
  watchdog.watch("b", 100, b);
  watchdog.unwatch(b);
  for (let i = 0; i < 10; i++) {
    passMs(60);
    a.heardNs = clock.monotonicNs();
  }
  expect(stale).toEqual([]);
});

test("a limit out of range is refused", () => {
  const { watchdog } = setUp();
  expect(() => watchdog.watch("a", 9, { heardNs: 0 })).toThrow(InvalidInputError);
});
