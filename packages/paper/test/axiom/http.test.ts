import { InvalidInputError } from "@pitlane/perf";
import { ManualClock, seededRandom } from "@pitlane/perf/testing";
import { describe, expect, test } from "vitest";
import { AxiomVenue, type AxiomVenueOptions } from "../../src/wire/axiom/index.ts";
import { setUp } from "./local-venue.ts";

describe("paths", () => {
  test("nobody knows are answered with the page of the venue's server", async () => {
    const { ask, asUser } = await setUp();
    for (const path of [
      "/nothing",
      "/meme-trending?timePeriod=1h",
      "/batch-pair-metadata?pairAddresses=A",
      "/api",
      "/wo/",
    ]) {
      for (const answer of [await ask(path), await asUser(path)]) {
        expect(answer.status).toBe(404);
        expect(answer.headers.get("content-type")).toBe("text/html");
        expect(answer.text).toContain("File Not Found");
        expect(answer.text).toContain("uWebSockets/20 Server");
      }
    }
  });

  test("asked with the wrong verb are answered with 405", async () => {
    const { ask } = await setUp();
    const answer = await ask("/get-settings", { body: {} });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("GET");
  });

  test("are the same below /wo and /api, and v changes nothing", async () => {
    const { ask, clock } = await setUp();
    const expected = { status: 200, body: { serverTime: clock.nowUs() / 1000 } };
    for (const path of ["/server-time", "/wo/server-time", "/api/server-time?v=1770000000000"]) {
      expect(await ask(path)).toMatchObject(expected);
    }
  });
});

test("tells the region's own time where a fault skews its clock", async () => {
  const { ask, clock, faults } = await setUp({ regions: 2 });
  faults.add({ kind: "clockSkew", region: "region1", ms: 2000 });
  expect((await ask("/server-time", {}, 1)).body.serverTime - clock.nowUs() / 1000).toBe(2000);
  expect((await ask("/server-time", {}, 0)).body.serverTime).toBe(clock.nowUs() / 1000);
});

test("refuses a body that is no JSON, and one that is too long", async () => {
  const { places } = await setUp();
  const post = (body: string) => fetch(`http://${places[0]}/wallet-nonce`, { method: "POST", body });
  expect(await (await post("{")).json()).toEqual({ error: "body must be JSON" });
  expect((await post("x".repeat(1024 * 1024 + 1))).status).toBe(413);
});

describe("with a limit", () => {
  test("answers one request too many with 429 and when to come back", async () => {
    const { ask, clock } = await setUp({ rateLimit: { requests: 3, windowMs: 10_000 } });
    for (let i = 0; i < 3; i++) expect((await ask("/server-time")).status).toBe(200);
    clock.advance({ ms: 500 });
    const refused = await ask("/server-time");
    expect(refused).toMatchObject({ status: 429, body: { error: "Too many requests" } });
    expect(refused.headers.get("retry-after")).toBe("10");
    clock.advance({ ms: 9500 });
    expect((await ask("/server-time")).status).toBe(200);
  });

  test("counts an address over all ports", async () => {
    const { ask } = await setUp({ regions: 2, rateLimit: { requests: 2, windowMs: 1000 } });
    await ask("/server-time", {}, 0);
    await ask("/server-time", {}, 1);
    expect((await ask("/server-time", {}, 0)).status).toBe(429);
  });
});

test("words the refusals that faults ask for as the venue, and Cloudflare's as pages", async () => {
  const { ask, faults } = await setUp();
  faults.add({ kind: "rateLimit", retryAfterSeconds: 7, count: 1 });
  const limited = await ask("/server-time");
  expect(limited).toMatchObject({ status: 429, body: { error: "Too many requests" } });
  expect(limited.headers.get("retry-after")).toBe("7");
  faults.add({ kind: "error", status: 502, count: 1 });
  expect(await ask("/server-time")).toMatchObject({
    status: 502,
    body: { error: "Session invalid, please login again" },
  });
  faults.add({ kind: "error", status: 526, count: 1 });
  const unreachable = await ask("/server-time");
  expect(unreachable.status).toBe(526);
  expect(unreachable.text).toContain("Invalid SSL certificate");
  expect((await ask("/server-time")).status).toBe(200);
});

test.each<[Partial<AxiomVenueOptions>, string]>([
  [{ accessTokenLifeS: 0 }, "axiom.accessTokenLifeS"],
  [{ codeLifeMs: 1.5 }, "axiom.codeLifeMs"],
  [{ users: [{ email: "nobody", password: "" }] }, "axiom.users[0].email"],
  [
    {
      users: [
        { email: "a@b", password: "" },
        { email: "A@B", password: "" },
      ],
    },
    "axiom.users[1].email",
  ],
  [{ users: [{ email: "a@b", password: "", wallets: [{ address: "x" }] }] }, "axiom.users[0].wallets[0].address"],
  [
    { users: [{ email: "a@b", password: "", wallets: [{ address: "1".repeat(32), sol: "1e9" }] }] },
    "axiom.users[0].wallets[0].sol",
  ],
  [{ rateLimit: { requests: 0, windowMs: 1 } }, "axiom.rateLimit.requests"],
  [{ tokensIn: "header" as "json" }, "axiom.tokensIn"],
  [{ cookieDomain: "a; Secure" }, "axiom.cookieDomain"],
])("refuses %j, naming the option", (options, name) => {
  const make = () => new AxiomVenue({ clock: new ManualClock(), random: seededRandom(), ...options });
  expect(make).toThrow(InvalidInputError);
  expect(make).toThrow(name);
});
