import { expect, test } from "vitest";
import { createEvents } from "../../src/client-events.ts";
import type { Endpoint } from "../../src/region/endpoints.ts";
import { HostList } from "../../src/region/host-list.ts";

const broken = new Error("broken");

function setUp(count = 3) {
  const events = createEvents();
  const told: string[] = [];
  events.on("endpointDown", ({ service, region, reason }) => told.push(`${service} ${region} down: ${reason}`));
  events.on("endpointUp", ({ region }) => told.push(`${region} up`));
  events.on("regionChanged", ({ from, to }) => told.push(`${from} to ${to}`));
  const endpoints = Array.from({ length: count }, (_, i) => ({ region: `r${i}`, url: `https://r${i}.example.com` }));
  const list = new HostList({ service: "rest", endpoints, events });
  const fail = (i: number, times: number) => {
    for (let n = 0; n < times; n++) list.failed(endpoints[i] as Endpoint, broken);
  };
  return { told, endpoints: endpoints as [Endpoint, Endpoint, Endpoint], list, fail };
}

test("stays at the first address, whatever fails once", () => {
  const { list, endpoints, told, fail } = setUp();
  for (let i = 0; i < 5; i++) {
    fail(0, 1);
    list.succeeded(endpoints[0]);
  }
  expect([list.pick(), told]).toEqual([endpoints[0], []]);
});

test("moves on after two failures in a row, says so, and does not come back by itself", () => {
  const { list, endpoints, told, fail } = setUp();
  const down: string[] = [];
  list.onDown(({ region }, reason) => down.push(`${region} ${reason}`));
  fail(0, 2);
  expect(list.pick()).toBe(endpoints[1]);
  expect(told).toEqual(["rest r0 down: broken", "r0 to r1"]);
  expect(down).toEqual(["r0 broken"]);
  list.succeeded(endpoints[0]);
  expect(list.pick()).toBe(endpoints[1]);
  expect(told.slice(2)).toEqual(["r0 up"]);
});

test("one that failed is chosen again when the others have, and is up when it answers", () => {
  const { list, endpoints, told, fail } = setUp(2);
  fail(0, 2);
  fail(1, 2);
  expect(list.pick()).toBe(endpoints[0]);
  list.succeeded(endpoints[0]);
  expect(told).toEqual(["rest r0 down: broken", "r0 to r1", "rest r1 down: broken", "r1 to r0", "r0 up"]);
});

test("with all of them down each failure moves on to the next, and none is told twice", () => {
  const { list, endpoints, told, fail } = setUp();
  const seen: (Endpoint | undefined)[] = [];
  for (let i = 0; i < 9; i++) {
    const present = list.pick();
    seen.push(present);
    list.failed(present, broken);
  }
  expect(seen.map((one) => one?.region)).toEqual(["r0", "r0", "r1", "r1", "r2", "r2", "r0", "r1", "r2"]);
  expect(told.filter((word) => word.includes("down"))).toHaveLength(3);
  fail(0, 1);
  list.succeeded(endpoints[1]);
  expect(list.pick()).toBe(endpoints[1]);
});

test("what is excluded is chosen only when nothing else is well", () => {
  const { list, endpoints, fail } = setUp();
  expect(list.pick(new Set([endpoints[0]]))).toBe(endpoints[1]);
  expect(list.pick(new Set([endpoints[0], endpoints[1]]))).toBe(endpoints[2]);
  expect(list.pick(new Set(endpoints))).toBe(endpoints[0]);
  fail(1, 2);
  expect(list.pick(new Set([endpoints[0]]))).toBe(endpoints[2]);
  expect(list.pick(new Set([endpoints[0], endpoints[2]]))).toBe(endpoints[1]); // down, but not excluded
  expect(list.pick()).toBe(endpoints[0]);
});

test("an only address is never down, and nobody is told so", () => {
  const { list, endpoints, told, fail } = setUp(1);
  fail(0, 10);
  expect([list.pick(), told]).toEqual([endpoints[0], []]);
});

test("a listener that was taken back hears nothing", () => {
  const { list, fail } = setUp();
  let calls = 0;
  list.onDown(() => calls++)();
  fail(0, 2);
  expect(calls).toBe(0);
});
