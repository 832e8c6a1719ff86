import { describe, expect, test } from "vitest";
import { ORDER, orderOf, setUp } from "./set-up.ts";

async function setUpAdmin(options: Parameters<typeof setUp>[0] = {}) {
  const parts = await setUp(options);
  /** Asks the exchange about itself, on the port of a region. */
  const admin = async (method: string, path: string, body?: unknown, region = 0) => {
    const response = await fetch(`${parts.paper.regions[region]!.urls.rest}/_paper/${path}`, {
      method,
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    // biome-ignore lint/suspicious/noExplicitAny: JSON of the wire, looked at field by field
    const json: any = response.headers.get("content-type")?.startsWith("application/json") ? JSON.parse(text) : text;
    return { status: response.status, body: json };
  };
  return { ...parts, admin };
}

describe("faults over HTTP", () => {
  test("are added, listed, looked at and ended", async () => {
    const { admin, rest } = await setUpAdmin();
    const fault = { kind: "error", status: 503, route: "GET /api/v3/ping" };
    const added = await admin("POST", "faults", fault);
    expect(added).toEqual({ status: 201, body: { id: 1, state: "active", hits: 0, fault } });
    expect((await rest.get("ping")).status).toBe(503);
    expect((await admin("GET", "faults/1")).body.hits).toBe(1);
    expect((await admin("GET", "faults")).body).toEqual({
      faults: [{ id: 1, state: "active", hits: 1, fault }],
      schedule: [],
    });
    expect((await admin("DELETE", "faults/1")).body.state).toBe("over");
    expect((await rest.get("ping")).status).toBe(200);
    await admin("POST", "faults", fault);
    await admin("POST", "faults", { kind: "regionDown", afterMs: 5000 });
    expect((await admin("DELETE", "faults")).body.faults.map(({ state }: { state: string }) => state)).toEqual(
      Array(3).fill("over"),
    );
    expect((await rest.get("ping")).status).toBe(200);
  });

  test("on the port of any region, whatever is wrong with it", async () => {
    const { admin } = await setUpAdmin({ regions: [{ name: "eu" }, { name: "us" }] });
    await admin("POST", "faults", { kind: "error", status: 500 });
    await admin("POST", "faults", { kind: "regionSilent", region: "us" });
    expect((await admin("GET", "health", undefined, 1)).body).toMatchObject({ status: "ok", regions: ["eu", "us"] });
    expect((await admin("DELETE", "faults", undefined, 1)).status).toBe(200);
  });

  test.each([
    ["{", "the body must be a fault as JSON"],
    [{ kind: "boom" }, "fault.kind must be one of"],
    [{ kind: "drop", region: "mars" }, "fault.region must be one of local"],
  ])("refuse %j with 400 and the reason", async (body, text) => {
    const { admin, paper } = await setUpAdmin();
    const answer = await admin("POST", "faults", body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toContain(text);
    expect(paper.faults.list()).toEqual([]);
  });

  test("what is not there gets 404", async () => {
    const { admin } = await setUpAdmin();
    expect(await admin("DELETE", "faults/7")).toEqual({ status: 404, body: { error: "there is no fault 7" } });
    expect((await admin("POST", "health")).status).toBe(404);
    expect((await admin("GET", "secrets")).body.error).toContain("there are GET health");
  });

  test("weigh nothing, and no ban keeps them out", async () => {
    const { admin, paper, rest } = await setUpAdmin();
    paper.faults.add({ kind: "rateLimit", status: 418, count: 1 });
    await rest.get("ping");
    expect((await admin("GET", "health")).status).toBe(200);
    await admin("GET", "faults");
    expect((await rest.get("ping")).headers.get("x-mbx-used-weight-1m")).toBe("0");
  });
});

describe("the ledger over HTTP", () => {
  test("has every order ever accepted, with its account, in pages", async () => {
    const { admin, restOf, nowMs } = await setUpAdmin({ accounts: [{ name: "alice" }, { name: "bob" }] });
    const [alice, bob] = [restOf(0, 0), restOf(0, 1)];
    await alice.place({ newClientOrderId: "a-1" });
    await bob.place({ newClientOrderId: "b-1" });
    await alice.signed("DELETE", "order", { symbol: "AAAUSDT", origClientOrderId: "a-1" });
    await alice.place({ newClientOrderId: "a-1" });
    const row = (account: string, orderId: number, clientOrderId: string) => ({
      account,
      symbol: "AAAUSDT",
      orderId,
      clientOrderId,
      region: "local",
      acceptedUs: nowMs() * 1000,
    });
    const all = [row("alice", 1, "a-1"), row("bob", 2, "b-1"), row("alice", 3, "a-1")];
    expect((await admin("GET", "ledger")).body).toEqual({ total: 3, from: 0, next: null, orders: all });
    expect((await admin("GET", "ledger?limit=2")).body).toMatchObject({ next: 2, orders: all.slice(0, 2) });
    expect((await admin("GET", "ledger?from=2")).body).toMatchObject({ next: null, orders: all.slice(2) });
    expect((await admin("GET", "ledger?clientOrderId=a-1")).body).toMatchObject({ total: 2, orders: [all[0], all[2]] });
    expect((await admin("GET", "ledger?repeated=true")).body).toMatchObject({ total: 1, orders: [all[2]] });
    const lines = (await admin("GET", "ledger?format=lines")).body.trimEnd().split("\n");
    expect(lines.map((line: string) => JSON.parse(line))).toEqual(all);
    expect((await admin("GET", "ledger?limit=0")).body.error).toContain("limit must be a whole number from 1 to 10000");
  });

  test("tells of every order the region it came through, over HTTP and over WebSocket", async () => {
    const { admin, restOf, open, signed } = await setUpAdmin({ regions: [{ name: "tokyo" }, { name: "ireland" }] });
    const [tokyo, ireland] = [restOf(0), restOf(1)];
    const api = await open("/ws-api/v3", 1);
    await ireland.place({ newClientOrderId: "first" });
    await tokyo.place({ newClientOrderId: "second" });
    expect((await api.ask(1, "order.place", signed({ ...ORDER, newClientOrderId: "third" }))).status).toBe(200);
    await tokyo.signed("DELETE", "order", { symbol: "AAAUSDT", origClientOrderId: "third" });
    await tokyo.place({ newClientOrderId: "third" });
    const { orders } = (await admin("GET", "ledger")).body;
    expect(
      orders.map(({ clientOrderId, region }: { clientOrderId: string; region: string }) => [clientOrderId, region]),
    ).toEqual([
      ["first", "ireland"],
      ["second", "tokyo"],
      ["third", "ireland"],
      ["third", "tokyo"],
    ]);
  });
});

describe("accounts", () => {
  test("are each their own: keys, balances, fees and orders; only their names are told", async () => {
    const { admin, paper, restOf } = await setUpAdmin({
      accounts: [
        { name: "alice", balances: { USDT: "500" } },
        { name: "bob", balances: { AAA: "3", USDT: "0" }, fees: { maker: "0", taker: "0.01" } },
      ],
    });
    expect((await admin("GET", "accounts")).body).toEqual({ accounts: ["alice", "bob"] });
    expect(paper.accounts.map(({ name }) => name)).toEqual(["alice", "bob"]);
    const keys = paper.accounts.flatMap(({ apiKey, apiSecret }) => [apiKey, apiSecret]);
    for (const key of keys) expect(key).toMatch(/^paper[a-zA-Z0-9]{59}$/);
    expect(new Set(keys).size).toBe(4);
    expect([paper.apiKey, paper.apiSecret]).toEqual(keys.slice(0, 2));
    const [alice, bob] = [restOf(0, 0), restOf(0, 1)];
    await alice.place({ price: "100", quantity: "2", newClientOrderId: "mine" });
    expect(await orderOf(bob, "mine")).toBeUndefined();
    const { body } = await bob.place({ side: "SELL", price: "100", quantity: "1" });
    expect(body.fills[0]).toMatchObject({ commission: "1.00000000", commissionAsset: "USDT" });
    const free = async (rest: typeof alice, asset: string) =>
      (await rest.signed("GET", "account")).body.balances.find((row: { asset: string }) => row.asset === asset).free;
    expect(await free(bob, "USDT")).toBe("99.00000000");
    expect(await free(alice, "AAA")).toBe("0.99900000");
    const wrong = restOf(0, 0);
    expect((await wrong.send("GET", "/api/v3/account?timestamp=1&signature=00", {})).body.code).toBe(-2014);
  });
});
