import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createSigner } from "../../../src/session/sign.ts";
import { encodeParams, type Params, signWsApi, withSignature } from "../../../src/venues/binance/sign.ts";
import { dataFolder, needingData } from "../../support/data.ts";

const signRest = (params: Params, signer: Parameters<typeof withSignature>[1]) =>
  withSignature(encodeParams(params), signer);

// The published example keys of Binance's documentation.
const apiKey = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
const apiSecret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";

const order = {
  symbol: "LTCBTC",
  side: "BUY",
  type: "LIMIT",
  timeInForce: "GTC",
  quantity: "1",
  price: "0.1",
  recvWindow: 5000,
  timestamp: 1499827319559,
};

const wsOrder = { symbol: "BTCUSDT", side: "SELL", type: "LIMIT", timeInForce: "GTC" };
const wsTimestamp = 1645423376532;

/** PEM of the Ed25519 key with this seed: RFC 8410's PKCS#8 form is a fixed head and the seed. */
function ed25519Pem(seedHex: string): string {
  const der = Buffer.from(`302e020100300506032b657004220420${seedHex}`, "hex");
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" })
    .export({ format: "pem", type: "pkcs8" })
    .toString();
}

// Key of test 1 of RFC 8032, section 7.1.
const rfcPem = ed25519Pem("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");

test("signs a REST query as the documentation does (HMAC)", () => {
  expect(signRest(order, createSigner({ apiKey, apiSecret }))).toBe(
    "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559" +
      "&signature=c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
  );
});

test("percent-encodes before it signs, and sends what it signed", () => {
  const signed = signRest({ ...order, symbol: "１２３４５６" }, createSigner({ apiKey, apiSecret }));
  expect(signed).toContain("symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&");
  expect(signed).toMatch(/&signature=e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3$/);
});

test("the payload of a request split into query and body is both, without a seam", () => {
  const query = encodeParams({ symbol: "LTCBTC", side: "BUY", type: "LIMIT", timeInForce: "GTC" });
  const body = encodeParams({ quantity: "1", price: "0.1", recvWindow: 5000, timestamp: 1499827319559 });
  expect(createSigner({ apiKey, apiSecret }).sign(query + body)).toBe(
    "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77",
  );
});

test("signs WebSocket API parameters in the order of their names, raw", () => {
  const signer = createSigner({ apiKey, apiSecret });
  const ascii = signWsApi({ ...wsOrder, quantity: "0.01000000", price: "52000.00" }, signer, String(wsTimestamp), 100);
  expect(ascii.signature).toBe("aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24");
  expect(JSON.parse(ascii.json)).toEqual({
    ...wsOrder,
    quantity: "0.01000000",
    price: "52000.00",
    apiKey,
    recvWindow: 100,
    timestamp: wsTimestamp,
    signature: ascii.signature,
  });
  const raw = {
    ...wsOrder,
    symbol: "１２３４５６",
    side: "BUY",
    quantity: "1.00000000",
    price: "0.10000000",
  };
  expect(signWsApi(raw, signer, String(wsTimestamp), 5000).signature).toBe(
    "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
  );
});

test("signs with Ed25519 when the secret is such a PEM, and percent-encodes the base64", () => {
  const signer = createSigner({ apiKey, apiSecret: rfcPem });
  const params = {
    symbol: "BTCUSDT",
    side: "SELL",
    type: "LIMIT",
    timeInForce: "GTC",
    quantity: "1",
    price: "0.2",
    timestamp: 1668481559918,
    recvWindow: 5000,
  };
  const base64 = "XtZirsmmi0noRzUfkqktvkVfxpkq/WtbLg2UOL3QGYdUBZVlqOBEMuEVw8zioY93N54NcKj9UuAXQEa9zgTDBg==";
  expect(signRest(params, signer)).toBe(`${encodeParams(params)}&signature=${encodeURIComponent(base64)}`);
  expect(signWsApi({}, signer, "1649729878532", undefined).signature).toBe(
    "763GJeFgG09B/06V/dq24cLu6f0R57whgDMyOCubDex4CTTElmDgPSIQqLdOsvW5TBxyaaFotVCI8tUmQMChAA==",
  );
});

interface Vector {
  readonly id: string;
  readonly exchange: string;
  readonly scheme: string;
  readonly key: { readonly apiKey?: string; readonly secret?: string; readonly privateKeyPkcs8DerBase64?: string };
  readonly payload: string;
  readonly expected: string;
}

test.skipIf(dataFolder === undefined)(needingData("every recorded Binance vector is met"), () => {
  const file = readFileSync(join(dataFolder as string, "signing/signing-vectors.json"), "utf8");
  const { vectors } = JSON.parse(file) as { readonly vectors: readonly Vector[] };
  const ours = vectors.filter(({ exchange }) => exchange === "binance");
  expect(ours.length).toBeGreaterThan(1);
  for (const { id, key, payload, expected } of ours) {
    const der = key.privateKeyPkcs8DerBase64;
    const pem = der === undefined ? undefined : `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`;
    const signer = createSigner({ apiKey: key.apiKey ?? "none", apiSecret: pem ?? (key.secret as string) });
    expect([id, signer.sign(payload)]).toEqual([id, expected]);
  }
});
