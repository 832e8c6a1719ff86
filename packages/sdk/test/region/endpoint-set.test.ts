import { InvalidInputError } from "@pitlane/perf";
import { describe, expect, test } from "vitest";
import { endpointSet } from "../../src/region/endpoint-set.ts";

test("sorts the addresses of regions by service, in their order", () => {
  const set = endpointSet({
    tokyo: { rest: "https://api1.example.com/", stream: "wss://stream.example.com:9443" },
    virginia: { rest: ["https://api2.example.com", "http://127.0.0.1:8080"], wsApi: "wss://ws.example.com/ws-api/v3/" },
  });
  expect([...set]).toEqual([
    [
      "rest",
      [
        { region: "tokyo", url: "https://api1.example.com" },
        { region: "virginia", url: "https://api2.example.com" },
        { region: "virginia", url: "http://127.0.0.1:8080" },
      ],
    ],
    ["stream", [{ region: "tokyo", url: "wss://stream.example.com:9443" }]],
    ["wsApi", [{ region: "virginia", url: "wss://ws.example.com/ws-api/v3" }]],
  ]);
});

describe("is refused:", () => {
  test.each([
    ["an empty set", {}, /at least one/],
    ["a region without services", { tokyo: {} }, /at least one/],
    ["a service without endpoints", { tokyo: { rest: [] } }, /rest must have 1 to 64/],
    ["a region's name", { "to kyo": { rest: "https://a" } }, /region's name/],
    ["a service's name", { tokyo: { "": "https://a" } }, /service's name/],
    ["no URL", { tokyo: { rest: "example.com" } }, /rest of region tokyo must be a URL/],
    ["another protocol", { tokyo: { rest: "ftp://example.com" } }, /http, https, ws or wss/],
    ["a path of http", { tokyo: { rest: "https://example.com/api" } }, /origin without a path/],
    ["a query", { tokyo: { stream: "wss://example.com/?key=1" } }, /without user, query or fragment/],
    ["an address twice", { a: { rest: "https://example.com" }, b: { rest: "https://example.com/" } }, /twice/],
  ])("%s", (_, urls, words) => {
    expect(() => endpointSet(urls)).toThrow(words);
    expect(() => endpointSet(urls)).toThrow(InvalidInputError);
  });

  test("a password in an address, which is not shown", () => {
    for (const url of ["https://me:hunter2@example.com", "me:hunter2@example"]) {
      expect(() => endpointSet({ tokyo: { rest: url } })).toThrow(/^(?!.*hunter2)/);
    }
  });
});
