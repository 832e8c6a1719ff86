import { describe, expect, test } from "vitest";
import { setUp } from "./set-up.ts";

const USED = "x-mbx-used-weight-1m";

describe("weightUsed", () => {
  test("counts what others of the address have used, in each minute before the next request, and until the minute is over", async () => {
    const { paper, rest, pass, nowMs } = await setUp();
    const used = async () => Number((await rest.get("ping")).headers.get(USED));
    expect(await used()).toBe(1);
    const fault = paper.faults.add({ kind: "weightUsed", weight: 5400 });
    expect([await used(), await used(), await used()]).toEqual([5401, 5402, 5403]); // one's own comes on top
    await pass(60_000 - (nowMs() % 60_000));
    expect(await used()).toBe(5401);
    fault.remove();
    expect(await used()).toBe(5402);
    await pass(60_000);
    expect(await used()).toBe(1);
    expect(fault.hits).toBe(4);
  });

  test("up to the limit lets nothing through that weighs, and bans who goes on", async () => {
    const { paper, rest, restOf, pass } = await setUp({
      regions: [{ name: "eu" }, { name: "us" }],
      limits: { refusalsBeforeBan: 2 },
    });
    paper.faults.add({ kind: "weightUsed", weight: 6000, region: "us" });
    expect((await rest.get("ping")).headers.get(USED)).toBe("1");
    const refused = await restOf(1).get("ping");
    expect(refused).toMatchObject({ status: 429, body: { code: -1003 } });
    expect(refused.headers.get(USED)).toBe("6001");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await rest.get("ping")).status).toBe(429); // an address is the same in every region
    expect((await rest.get("ping")).status).toBe(418);
    paper.faults.clear();
    await pass(120_000);
    expect((await rest.get("ping")).headers.get(USED)).toBe("1");
  });

  test("hits the route it is aimed at, as often as it may", async () => {
    const { paper, rest } = await setUp();
    const fault = paper.faults.add({ kind: "weightUsed", weight: 5000, route: "POST /api/v3/order", count: 1 });
    expect((await rest.get("ping")).headers.get(USED)).toBe("1");
    expect((await rest.place()).headers.get(USED)).toBe("5000"); // an order that succeeds weighs nothing
    expect(fault).toMatchObject({ hits: 1, state: "over" });
  });

  test("is told over the WebSocket API, and meets handshakes too", async () => {
    const { paper, open, signed } = await setUp();
    const api = await open("/ws-api/v3");
    const fault = paper.faults.add({ kind: "weightUsed", weight: 3000, route: "account.status" });
    const { rateLimits } = await api.ask(1, "account.status", signed());
    expect(rateLimits.at(-1)).toMatchObject({ rateLimitType: "REQUEST_WEIGHT", limit: 6000, count: 3020 });
    fault.remove();
    paper.faults.add({ kind: "weightUsed", weight: 6000, route: "/ws-api/v3" });
    await expect(open("/ws-api/v3")).rejects.toThrow("429");
  });

  test("leaves Axiom's ports alone", async () => {
    const { paper } = await setUp({ axiom: true });
    const fault = paper.faults.add({ kind: "weightUsed", weight: 6000 });
    await fetch(`${paper.axiom!.urls.rest}/nothing`);
    expect(fault.hits).toBe(0);
  });
});
