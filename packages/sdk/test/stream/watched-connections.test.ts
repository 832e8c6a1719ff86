import { InvalidInputError } from "@pitlane/perf";
import { ManualClock } from "@pitlane/perf/testing";
import { EventEmitter } from "eventemitter3";
import { expect, test, vi } from "vitest";
import type { ClientEvents } from "../../src/client-events.ts";
import { Connection } from "../../src/kit/streams.ts";
import { fixedEndpoint } from "../../src/region/endpoints.ts";
import type { ConnectionOptions } from "../../src/stream/connection.ts";
import type { Link } from "../../src/stream/link.ts";
import { watchConnections } from "../../src/stream/watched-connections.ts";

const HOST = { region: "a", url: "ws://a.test" };
const OTHER = { region: "b", url: "ws://b.test" };

/** A connection's options as watched, to be called as a `Connection` calls them. */
function setUp() {
  const clock = new ManualClock(1_000_000);
  const events = new EventEmitter<ClientEvents>();
  const told: string[] = [];
  events.on("connectionChanged", ({ connection, state, region, reason }) =>
    told.push([connection, state, region, reason].join("|")),
  );
  const watched = watchConnections({ events, clock });
  const own = { onOpen: vi.fn(), onFrame: vi.fn(), onLost: vi.fn(), onLeft: vi.fn(), onError: vi.fn() };
  const choice = { ...fixedEndpoint("ws://a.test"), pick: vi.fn(() => HOST as typeof OTHER) };
  const given: ConnectionOptions = { endpoints: choice, ...own, clock, random: { next: () => 0 } };
  const begin = () => {
    const options = watched.watch("stream")(given);
    return { options, end: options.endpoints.onDown(() => {}) };
  };
  return { clock, watched, own, choice, given, told, begin };
}

const link = (endpoint = HOST) => ({ endpoint, isCurrent: true }) as Link & { isCurrent: boolean };

test("a connection is followed from its first attempt to its end", () => {
  const { clock, watched, told, begin, own } = setUp();
  const { options, end } = begin();
  expect(watched.list()).toMatchObject([{ name: "stream", state: "waiting", region: "", sinceUs: 1_000_000 }]);
  options.endpoints.pick();
  expect(options.target?.()).toBe("");
  options.onError(new Error("refused"));
  options.endpoints.pick();
  options.target?.();
  const first = link();
  clock.advance({ ms: 1 });
  options.onOpen(first);
  expect(watched.list()).toEqual([{ name: "stream", state: "open", ...HOST, reconnects: 0, sinceUs: 1_001_000 }]);
  first.isCurrent = false;
  options.onLost("cut off", first);
  options.onError(new Error("a.test was lost: cut off"));
  options.endpoints.pick();
  options.target?.();
  options.onOpen(link());
  expect(watched.list()).toMatchObject([{ state: "open", reconnects: 1 }]);
  expect(watched.failures()).toBe(2);
  end();
  expect(watched.list()).toEqual([]);
  expect(told).toEqual([
    "stream|connecting|a|",
    "stream|waiting|a|refused",
    "stream|connecting|a|",
    "stream|open|a|",
    "stream|waiting|a|a.test was lost: cut off",
    "stream|connecting|a|",
    "stream|open|a|",
    "stream|closed|a|",
  ]);
  expect([own.onOpen, own.onLost, own.onError].map(({ mock }) => mock.calls.length)).toEqual([2, 1, 2]);
  options.onError(new Error("too late"));
  expect(told).toHaveLength(8);
});

test("a planned change of the socket interrupts nothing, and shows where it is afterwards", () => {
  const { watched, told, begin, choice } = setUp();
  const { options } = begin();
  options.endpoints.pick();
  options.target?.();
  const first = link();
  options.onOpen(first);
  choice.pick.mockReturnValue(OTHER);
  options.endpoints.pick();
  options.target?.();
  const second = link(OTHER);
  second.isCurrent = false;
  options.onOpen(second);
  expect(watched.list()).toMatchObject([{ state: "open", region: "a", reconnects: 0 }]);
  first.isCurrent = false;
  second.isCurrent = true;
  options.onLeft?.(first);
  expect(watched.list()).toMatchObject([{ state: "open", region: "b", reconnects: 0 }]);
  expect(told).toEqual(["stream|connecting|a|", "stream|open|a|"]);
});

test("the loss of the socket in use is one, also while the one before it is still being left", () => {
  const { watched, begin } = setUp();
  const { options } = begin();
  options.endpoints.pick();
  options.target?.();
  const first = link();
  const second = link(OTHER);
  options.onOpen(first);
  second.isCurrent = false;
  options.onOpen(second);
  first.isCurrent = false;
  second.isCurrent = false;
  options.onLost("cut off", second);
  options.onError(new Error("b.test was lost"));
  expect(watched.list()).toMatchObject([{ state: "waiting" }]);
  options.onLeft?.(first);
  expect(watched.list()).toMatchObject([{ state: "waiting" }]);
});

test("connections of one kind are numbered, and a number is free again when its connection is closed", () => {
  const { watched, begin } = setUp();
  const names = () => watched.list().map(({ name }) => name);
  begin();
  const second = begin();
  begin();
  expect(names()).toEqual(["stream", "stream 2", "stream 3"]);
  second.end();
  begin();
  expect(names()).toEqual(["stream", "stream 3", "stream 2"]);
});

test("a connection whose options are refused was none", () => {
  const { watched, given } = setUp();
  const watch = watched.watch("stream");
  expect(() => new Connection({ ...given, silenceMs: 0, watch })).toThrow(InvalidInputError);
  expect(watched.list()).toEqual([]);
});
