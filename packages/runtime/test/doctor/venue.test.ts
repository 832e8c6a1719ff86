import { ManualClock } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { checkPlace, type VenuePlace } from "../../src/doctor/venue.ts";

const START_US = 1_767_225_600_000_000;

/** A venue `tripMs` away whose clock is `aheadMs` before ours; half of the way is the way there. */
function placed(tripMs: readonly number[], aheadMs = 0, more: Partial<VenuePlace> = {}) {
  const clock = new ManualClock(START_US);
  let asked = 0;
  let closed = 0;
  const place: VenuePlace = {
    name: "alpha",
    host: "alpha.example",
    resolve: async () => clock.advance({ ms: 3 }),
    getServerTimeUs: async () => {
      const ms = tripMs[Math.min(asked++, tripMs.length - 1)] as number;
      clock.advance({ ms: ms / 2 });
      const serverUs = clock.nowUs() + aheadMs * 1000;
      clock.advance({ ms: ms / 2 });
      return serverUs;
    },
    close: async () => void closed++,
    ...more,
  };
  return { clock, place, closed: () => closed };
}

test("tells what the name, the way and the clocks are like", async () => {
  const { clock, place, closed } = placed([100, 10, 12, 14, 16, 30], 40);
  const checks = await checkPlace(place, clock);
  expect(checks).toEqual([
    { name: "dns alpha", status: "ok", found: "alpha.example in 3.0 ms", remedy: "" },
    { name: "round-trip alpha", status: "ok", found: "14.0 ms, at worst 30.0 ms, of 5 calls", remedy: "" },
    { name: "clock-offset alpha", status: "ok", found: "-40.0 ms, 5.0 ms more or less", remedy: "" },
  ]);
  expect(closed()).toBe(1);
});

test.each([
  [0, "ok"],
  [499, "ok"],
  [-800, "warning"],
  [2_600, "failing"],
])("a clock that is off by %i ms is %s", async (aheadMs, status) => {
  const { clock, place } = placed([10], aheadMs);
  const offset = (await checkPlace(place, clock)).find(({ name }) => name === "clock-offset alpha");
  expect(offset?.status).toBe(status);
  expect(offset?.remedy === "").toBe(status === "ok");
});

test("a name that is not found, and a venue that does not answer, are failing, with the reason", async () => {
  const lost = placed([1], 0, { resolve: () => Promise.reject(new Error("getaddrinfo ENOTFOUND alpha.example")) });
  expect(await checkPlace(lost.place, lost.clock)).toMatchObject([
    { name: "dns alpha", status: "failing", found: "alpha.example: getaddrinfo ENOTFOUND alpha.example" },
  ]);
  const silent = placed([1], 0, { getServerTimeUs: () => Promise.reject(new Error("no answer in 3000 ms")) });
  expect(await checkPlace(silent.place, silent.clock)).toMatchObject([
    { name: "dns alpha", status: "ok" },
    { name: "round-trip alpha", status: "failing", found: "no answer in 3000 ms" },
  ]);
  expect([lost.closed(), silent.closed()]).toEqual([1, 1]);
});

test("a far venue is a warning", async () => {
  const { clock, place } = placed([260]);
  expect((await checkPlace(place, clock))[1]).toMatchObject({ name: "round-trip alpha", status: "warning" });
});
