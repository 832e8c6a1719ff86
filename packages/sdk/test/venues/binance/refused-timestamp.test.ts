import { generateKeyPairSync } from "node:crypto";
import { createPaper } from "@pitlane/paper";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type BinanceOptions, createBinance } from "../../../src/venues/binance/index.ts";

// The venue's clock is set while a client runs, or the client's machine was suspended: to signed calls that is the same.

async function setUp(options: Omit<BinanceOptions, "product">) {
  const paper = await createPaper({ seed: 5, market: false });
  onTestFinished(() => paper.close());
  const client = createBinance({ urls: paper.urls, credentials: paper, clockSync: false, ...options });
  onTestFinished(() => client.close());
  const instrument = await client.market.getInstrument("AAA/USDT");
  const told: string[] = [];
  client.events.on("clockMeasured", () => told.push("measured"));
  client.events.on("clockStepped", ({ steppedUs }) => told.push(`stepped ${Math.round(steppedUs / 1e6)} s`));
  const ask = () =>
    client.orders.get({ instrument, clientOrderId: "none" }).then(
      () => "found",
      (error: { code: string }) => error.code,
    );
  const skew = (ms: number) => void paper.faults.add({ kind: "clockSkew", ms });
  return { ask, skew, told };
}

describe.each(["rest", "webSocket"] as const)("over %s the first signed call succeeds", (orderTransport) => {
  test.each([7_000, -7_000, 3_600_000, -3_600_000])("when the venue's clock stepped by %d ms", async (ms) => {
    const { ask, skew, told } = await setUp({ orderTransport });
    skew(-4_000); // behind our clock: refused, and measured for the first time
    expect([await ask(), told]).toEqual(["ORDER_NOT_FOUND", ["measured"]]);
    await new Promise((resolve) => setTimeout(resolve, 1_050)); // within a second nothing is measured again
    skew(ms);
    expect([await ask(), await ask()]).toEqual(["ORDER_NOT_FOUND", "ORDER_NOT_FOUND"]);
    expect(told).toEqual(["measured", "measured", `stepped ${ms / 1_000} s`]); // one refusal, one measurement, one repeat
  });
});

test.each([7_000, -3_600_000])("the user stream is subscribed all the same, and again later (%d ms)", async (ms) => {
  const paper = await createPaper({ seed: 5, market: false });
  onTestFinished(() => paper.close());
  const client = createBinance({ urls: paper.urls, credentials: paper, clockSync: false });
  onTestFinished(() => client.close());
  paper.faults.add({ kind: "clockSkew", ms: -4_000 });
  const errors: string[] = [];
  let reconnected = 0;
  const stream = client.stream.user({
    instruments: await client.market.listInstruments(),
    onReport: () => {},
    onBalances: () => {},
    onReconnected: () => reconnected++,
    onError: (error) => errors.push(error.message),
  });
  await stream.ready;
  const refused = () => errors.filter((message) => message.includes("-1021")).length;
  expect(refused()).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 1_050)); // within a second nothing is measured again
  paper.faults.add({ kind: "clockSkew", ms });
  paper.faults.add({ kind: "close", count: 1 });
  await vi.waitFor(() => expect(reconnected).toBe(1));
  expect(refused()).toBe(2);
});

test("a logon of the order socket is repeated with the time that the venue has", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ format: "pem", type: "spki" }).toString();
  const paper = await createPaper({ seed: 5, market: false, publicKey: key });
  onTestFinished(() => paper.close());
  const apiSecret = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  const credentials = { apiKey: paper.apiKey, apiSecret };
  const client = createBinance({ urls: paper.urls, credentials, clockSync: false, orderTransport: "webSocket" });
  onTestFinished(() => client.close());
  const instrument = await client.market.getInstrument("AAA/USDT");
  paper.faults.add({ kind: "clockSkew", ms: -3_600_000 });
  await expect(client.orders.get({ instrument, clientOrderId: "none" })).rejects.toMatchObject({
    code: "ORDER_NOT_FOUND",
  });
});
