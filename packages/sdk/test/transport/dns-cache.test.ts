import type { LookupAddress } from "node:dns";
import { InvalidInputError } from "@pitlane/perf";
import { ManualClock } from "@pitlane/perf/testing";
import { expect, test, vi } from "vitest";
import { DnsCache, type LookupAll } from "../../src/transport/dns-cache.ts";

const V6 = { address: "::1", family: 6 };
const V4 = { address: "127.0.0.1", family: 4 };

function setUp(ttlMs?: number) {
  const clock = new ManualClock();
  const pending: ((error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void)[] = [];
  const lookup = vi.fn<LookupAll>((_, __, callback) => pending.push(callback));
  const dns = new DnsCache({ clock, lookup, ...(ttlMs === undefined ? {} : { ttlMs }) });
  const ask = (hostname: string, options = {}) =>
    new Promise<unknown>((resolve, reject) => {
      dns.lookup(hostname, options, (error, address, family) =>
        error === null ? resolve(family === undefined ? address : { address, family }) : reject(error),
      );
    });
  const answer = (...addresses: LookupAddress[]) => pending.shift()?.(null, addresses);
  // As Node's own: with an error comes no list.
  const fail = () => pending.shift()?.(Object.assign(new Error("no"), { code: "EAI_AGAIN" }), undefined as never);
  return { clock, dns, lookup, ask, answer, fail };
}

test("asks once for callers who come together, and again when the answer has run out", async () => {
  const { clock, lookup, ask, answer } = setUp();
  const asked = [ask("a", { all: true }), ask("a", { all: true }), ask("a")];
  answer(V6, V4);
  expect(await Promise.all(asked)).toEqual([[V6, V4], [V6, V4], V6]);
  clock.advance({ ms: 299_999 });
  expect(await ask("a", { all: true })).toEqual([V6, V4]);
  expect(lookup).toHaveBeenCalledTimes(1);
  clock.advance({ ms: 1 });
  const again = ask("a", { all: true });
  answer(V4);
  expect(await again).toEqual([V4]);
});

test("never answers before its caller has returned", async () => {
  const { dns, ask, answer } = setUp();
  const first = ask("a");
  answer(V4);
  await first;
  const callback = vi.fn();
  dns.lookup("a", {}, callback);
  expect(callback).not.toHaveBeenCalled();
  await vi.waitFor(() => expect(callback).toHaveBeenCalledExactlyOnceWith(null, "127.0.0.1", 4));
});

test("keeps hosts and families apart", async () => {
  const { lookup, ask, answer } = setUp();
  const asked = [ask("a"), ask("b"), ask("a", { family: 6 })];
  answer(V4);
  answer({ address: "10.0.0.1", family: 4 });
  answer(V6);
  expect(await Promise.all(asked)).toEqual([V4, { address: "10.0.0.1", family: 4 }, V6]);
  expect(lookup.mock.calls.map(([hostname, { family }]) => [hostname, family])).toEqual([
    ["a", undefined],
    ["b", undefined],
    ["a", 6],
  ]);
});

test("uses an old answer when the resolver fails, and passes the failure on where there is none", async () => {
  const { dns, ask, answer, fail } = setUp();
  const first = ask("a");
  answer(V4);
  await first;
  dns.expire("a");
  const second = ask("a");
  fail();
  expect(await second).toEqual(V4);
  const other = ask("b");
  fail();
  await expect(other).rejects.toMatchObject({ code: "EAI_AGAIN" });
});

test("a host without addresses is an error", async () => {
  const { ask, answer } = setUp();
  const asked = ask("a");
  answer();
  await expect(asked).rejects.toMatchObject({ code: "ENOTFOUND" });
});

test("asks every time with a time of 0", async () => {
  const { lookup, ask, answer } = setUp(0);
  for (let i = 0; i < 3; i++) {
    const asked = ask("a");
    answer(V4);
    await asked;
  }
  expect(lookup).toHaveBeenCalledTimes(3);
});

test("remembers 256 hosts, and lets the oldest go", async () => {
  const { lookup, ask, answer } = setUp();
  const askAll = async (hosts: string[]) => {
    for (const host of hosts) {
      const asked = ask(host);
      answer(V4);
      await asked;
    }
  };
  await askAll(Array.from({ length: 257 }, (_, i) => `h${i}`));
  lookup.mockClear();
  await askAll(["h256", "h1"]);
  expect(lookup).not.toHaveBeenCalled();
  await askAll(["h0"]);
  expect(lookup).toHaveBeenCalledTimes(1);
});

test("a time out of range is refused", () => {
  expect(() => setUp(-1)).toThrow(InvalidInputError);
});
