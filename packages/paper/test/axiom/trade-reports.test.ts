import { ManualClock } from "@pitlane/perf/testing";
import { describe, expect, test } from "vitest";
import { TradeReports } from "../../src/wire/axiom/trade-reports.ts";
import { createWallet, setUp } from "./local-venue.ts";

const wallet = createWallet().address;
const mint = createWallet().address;
const preset = {
  ...{ slippage: "20", priorityFeeSol: 0.001, bribeFeeSol: "0.01" },
  ...{ mevProtection: true, enhancedMevProtection: false },
};
const log = { signature: "SIG", success: true, timeTakenMs: 400, provider: "0xslot", region: "EU", preset };
const position = { walletAddresses: [wallet], tokenAddress: mint, subOrgId: "sub" };

describe("what the site says after a trade", () => {
  test("is kept as it came, in order, and answered in a form that says it is the paper exchange's own", async () => {
    const { asUser, venue, clock } = await setUp();
    const sent: [path: string, body: object][] = [
      ["/log-tx-v3", { logs: [log, { ...log, success: false }] }],
      ["/meme-open-single-position-v2", position],
      ["/handle-position-close-v2", { ...position, more: 1 }],
    ];
    for (const [path, body] of sent) {
      expect(await asUser(path, body)).toMatchObject({ status: 200, body: { form: "pitlane-paper" } });
    }
    const at = { userId: venue.users.configured[0]?.id, receivedAtUs: clock.nowUs() };
    expect(venue.tradeReports).toEqual(sent.map(([path, body]) => ({ path, body, ...at })));
  });

  test.each([
    ["/log-tx-v3", {}, "logs are required"],
    ["/log-tx-v3", { logs: [] }, "logs are required"],
    ["/log-tx-v3", { logs: [log, { ...log, signature: "" }] }, "logs[1] is malformed"],
    ["/log-tx-v3", { logs: [{ ...log, success: 1 }] }, "logs[0] is malformed"],
    ["/log-tx-v3", { logs: [{ ...log, timeTakenMs: "1" }] }, "logs[0] is malformed"],
    ["/log-tx-v3", { logs: [{ ...log, preset: { ...preset, slippage: "" } }] }, "logs[0] is malformed"],
    ["/log-tx-v3", { logs: [{ ...log, preset: { ...preset, bribeFeeSol: null } }] }, "logs[0] is malformed"],
    ["/log-tx-v3", { logs: [{ ...log, preset: { ...preset, mevProtection: "yes" } }] }, "logs[0] is malformed"],
    ["/meme-open-single-position-v2", { ...position, walletAddresses: [] }, "walletAddresses and tokenAddress must be"],
    ["/meme-open-single-position-v2", { ...position, tokenAddress: "x" }, "walletAddresses and tokenAddress must be"],
    ["/handle-position-close-v2", { ...position, walletAddresses: wallet }, "walletAddresses must be a list"],
    ["/handle-position-close-v2", { ...position, subOrgId: "" }, "subOrgId is required"],
  ])("in another form is refused and not kept: %s %#", async (path, body, error) => {
    const { asUser, venue } = await setUp();
    const answer = await asUser(path, body);
    expect([answer.status, answer.body.error]).toEqual([400, expect.stringContaining(error)]);
    expect(venue.tradeReports).toEqual([]);
  });

  test("needs a session", async () => {
    const { ask, venue } = await setUp();
    expect((await ask("/log-tx-v3", { body: { logs: [log] } })).status).toBe(401);
    expect(venue.tradeReports).toEqual([]);
  });

  test("is kept in a bounded number: the newest", () => {
    const reports = new TradeReports(new ManualClock());
    for (let i = 0; i < 5_000; i++) reports.add("/log-tx-v3", "user", { i });
    expect(reports.all.length).toBeLessThanOrEqual(2_000);
    expect(reports.all.length).toBeGreaterThanOrEqual(1_000);
    expect(reports.all.at(-1)?.body).toEqual({ i: 4_999 });
  });
});
