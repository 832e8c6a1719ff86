import { InvalidInputError } from "@pitlane/perf";
import { describe, expect, test } from "vitest";
import {
  AXIOM_URLS,
  checkUrls,
  endpointsOf,
  localUrls,
  pulseEndpoints,
  pulseIndex,
} from "../../../src/venues/axiom/endpoints.ts";

test("the hosts of the real service pass their own check", () => {
  expect(checkUrls(AXIOM_URLS)).toEqual(AXIOM_URLS);
  const endpoints = endpointsOf(AXIOM_URLS, "asia");
  expect(endpoints.get("rest")?.map(({ url }) => url)).toEqual(
    [2, 3, 6, 7, 8, 9, 10].map((number) => `https://api${number}.axiom.trade`),
  );
  expect(endpoints.get("transactions")?.[0]?.url).toBe("https://tx-pro.axiom.trade");
  expect(endpoints.has("pulse")).toBe(false);
});

test("cluster sockets of the wanted region come first, and those of all others after them", () => {
  const cluster = endpointsOf(AXIOM_URLS, "us-west").get("cluster") ?? [];
  expect(cluster.slice(0, 3).map(({ region, url }) => [region, url])).toEqual([
    ["us-west", "wss://socket8.axiom.trade"],
    ["us-west", "wss://cluster-usw2.axiom.trade"],
    ["us-central", "wss://cluster3.axiom.trade"],
  ]);
  expect(new Set(cluster.map(({ url }) => url)).size).toBe(Object.values(AXIOM_URLS.cluster).flat().length);
});

test("the Pulse socket of a user comes first, the other one after it", () => {
  const user = "3f2c1f9e-0000-4000-8000-000000000001";
  const [first, second] = pulseEndpoints(AXIOM_URLS.pulse, user);
  expect(first?.url).toBe(AXIOM_URLS.pulse[pulseIndex(user, 2)]);
  expect(second?.url).toBe(AXIOM_URLS.pulse[1 - pulseIndex(user, 2)]);
});

test("one local server stands in for all hosts", () => {
  const urls = localUrls("http://127.0.0.1:8080", "ws://127.0.0.1:8080");
  expect(checkUrls(urls)).toEqual(urls);
  expect(urls).toMatchObject({ pulse: ["ws://127.0.0.1:8080/ws"], turnkey: ["http://127.0.0.1:8080"] });
  expect([urls.eucalyptusBnb, urls.friendsSocket]).toEqual([
    ["ws://127.0.0.1:8080/eucalyptus-bnb/ws"],
    ["ws://127.0.0.1:8080/friends/ws"],
  ]);
  expect(localUrls("http://a.example", "ws://a.example", { friendsSocket: "/f" }).friendsSocket).toEqual([
    "ws://a.example/f",
  ]);
  expect(JSON.stringify(urls)).not.toContain("axiom.trade");
});

describe("URLs are refused", () => {
  const urls = localUrls("http://127.0.0.1:8080", "ws://127.0.0.1:8080");
  test.each([
    ["without a host", { ...urls, rest: [] }, "urls.rest must be a list of at least one URL"],
    ["of another protocol", { ...urls, rest: ["ws://127.0.0.1"] }, "urls.rest[0] must be a URL of http: or https:"],
    ["that are none", { ...urls, account: ["localhost"] }, "urls.account[0] must be a URL"],
    [
      "of calls with a path",
      { ...urls, bnb: ["https://a.example/api"] },
      "urls.bnb[0] must be an origin, without a path",
    ],
    [
      "of sockets with a query",
      { ...urls, pulse: ["wss://a.example/ws?token=planted-secret"] },
      "urls.pulse[0] must be a URL of ws: or wss:",
    ],
    ["with a password", { ...urls, rest: ["https://a:planted-secret@a.example"] }, "urls.rest[0] must be a URL"],
    ["of no region", { ...urls, cluster: {} }, "urls.cluster must have a region"],
    [
      "of an unknown region",
      { ...urls, cluster: { mars: ["wss://a.example"] } as never },
      'urls.cluster: "mars" is none of',
    ],
  ])("%s", (_, given, rule) => {
    expect(() => checkUrls(given)).toThrow(InvalidInputError);
    expect(() => checkUrls(given)).toThrow(rule);
    expect(() => checkUrls(given)).not.toThrow("planted-secret");
  });
});
