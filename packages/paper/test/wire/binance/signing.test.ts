import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { describe, expect, test } from "vitest";
import { Accounts } from "../../../src/engine/accounts.ts";
import { VenueRefusal } from "../../../src/wire/binance/errors.ts";
import { parseForm } from "../../../src/wire/binance/params.ts";
import { Authenticator, hmacSignature, restPayload, socketPayload } from "../../../src/wire/binance/signing.ts";

// Published in the venue's rest-api.md and web-socket-api.md; a throw-away example of theirs.
const API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
const SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
const NOW_US = 1_499_827_319_600_000;

describe("the payload of a REST request", () => {
  test.each([
    {
      query:
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559&signature=x",
      body: "",
      signature: "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
    },
    {
      query:
        "symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
      body: "",
      signature: "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
    },
    {
      query: "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC",
      body: "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559&signature=x",
      signature: "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77",
    },
  ])("is the query and then the body, raw: $signature", ({ query, body, signature }) => {
    expect(hmacSignature(restPayload(query, body), SECRET)).toBe(signature);
  });

  test.each([
    ["signature=x&a=1", "a=1"],
    ["a=1&signature=x&b=2", "a=1&b=2"],
    ["a=1&signature=x", "a=1"],
    ["signature=x", ""],
    ["a=signature=1", "a=signature=1"],
    ["mysignature=1", "mysignature=1"],
  ])("of %s is %s", (query, payload) => {
    expect(restPayload(query, "")).toBe(payload);
  });
});

test.each([
  {
    params: {
      symbol: "BTCUSDT",
      side: "SELL",
      type: "LIMIT",
      timeInForce: "GTC",
      quantity: "0.01000000",
      price: "52000.00",
      recvWindow: 100,
      timestamp: 1645423376532,
      apiKey: API_KEY,
      signature: "x",
    },
    signature: "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24",
  },
  {
    params: {
      symbol: "１２３４５６",
      side: "BUY",
      type: "LIMIT",
      timeInForce: "GTC",
      quantity: "1.00000000",
      price: "0.10000000",
      recvWindow: 5000,
      timestamp: 1645423376532,
      apiKey: API_KEY,
    },
    signature: "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
  },
])("the payload of a WebSocket request is sorted and not encoded: $signature", ({ params, signature }) => {
  expect(hmacSignature(socketPayload(params), SECRET)).toBe(signature);
});

const ED25519_SEED = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"; // RFC 8032, test 1
const privateKey = createPrivateKey({
  key: Buffer.from(`302e020100300506032b657004220420${ED25519_SEED}`, "hex"),
  format: "der",
  type: "pkcs8",
});
const publicKey = createPublicKey(privateKey).export({ format: "pem", type: "spki" }).toString();

function setUp() {
  const account = new Accounts().open({ makerRate: 0n, takerRate: 0n });
  const authenticator = new Authenticator([{ apiKey: API_KEY, secret: SECRET, publicKey, account }]);
  const check = (query: string, options: { readonly apiKey?: string | undefined; readonly nowUs?: number } = {}) =>
    authenticator.authenticate({
      apiKey: API_KEY,
      payload: restPayload(query, ""),
      params: parseForm(query, ""),
      nowUs: NOW_US,
      ...options,
    });
  return { account, authenticator, check };
}

test("takes the published Ed25519 signatures, and no changed request under them", () => {
  const { account, check } = setUp();
  const payload =
    "symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=1&price=0.2&timestamp=1668481559918&recvWindow=5000";
  const signature = "XtZirsmmi0noRzUfkqktvkVfxpkq/WtbLg2UOL3QGYdUBZVlqOBEMuEVw8zioY93N54NcKj9UuAXQEa9zgTDBg==";
  const nowUs = 1_668_481_560_000_000;
  expect(sign(null, Buffer.from(payload), privateKey).toString("base64")).toBe(signature);
  expect(check(`${payload}&signature=${encodeURIComponent(signature)}`, { nowUs })).toBe(account);
  const changed = payload.replace("quantity=1", "quantity=2");
  expect(() => check(`${changed}&signature=${encodeURIComponent(signature)}`, { nowUs })).toThrow(
    "Signature for this request is not valid.",
  );
});

test("takes hex signatures of either case", () => {
  const { account, check } = setUp();
  const query = "symbol=LTCBTC&timestamp=1499827319559";
  const signature = hmacSignature(query, SECRET);
  expect(check(`${query}&signature=${signature}`)).toBe(account);
  expect(check(`${query}&signature=${signature.toUpperCase()}`)).toBe(account);
});

describe("refuses", () => {
  const signed = (query: string) => `${query}&signature=${hmacSignature(query, SECRET)}`;
  const nowMs = NOW_US / 1000;
  test.each([
    ["a key of another form", signed(`timestamp=${nowMs}`), { apiKey: "short" }, 401, -2014],
    ["no key", signed(`timestamp=${nowMs}`), { apiKey: undefined }, 401, -2014],
    ["an unknown key", signed(`timestamp=${nowMs}`), { apiKey: "B".repeat(64) }, 401, -2015],
    ["no signature", `timestamp=${nowMs}`, {}, 400, -1102],
    ["no timestamp", signed("symbol=A"), {}, 400, -1102],
    ["a timestamp that is no number", signed("timestamp=noon"), {}, 400, -1100],
    ["another signature", `timestamp=${nowMs}&signature=${"0".repeat(64)}`, {}, 400, -1022],
    ["a signature of no form", `timestamp=${nowMs}&signature=zzz`, {}, 400, -1022],
    ["a timestamp 5001 ms old", signed(`timestamp=${nowMs - 5001}`), {}, 400, -1021],
    ["one that is older than its own window", signed(`timestamp=${nowMs - 11}&recvWindow=10`), {}, 400, -1021],
    ["one that is 1000 ms ahead", signed(`timestamp=${nowMs + 1000}`), {}, 400, -1021],
    ["a window above 60000", signed(`timestamp=${nowMs}&recvWindow=60001`), {}, 400, -1102],
    ["a window with four decimals", signed(`timestamp=${nowMs}&recvWindow=10.1234`), {}, 400, -1100],
  ] as const)("%s", (_what, query, options, status, venueCode) => {
    const { check } = setUp();
    let refusal: unknown;
    try {
      check(query, options);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(VenueRefusal);
    expect(refusal).toMatchObject({ status, venueCode });
  });

  test.each([
    `timestamp=${nowMs - 5000}`,
    `timestamp=${nowMs + 999}`,
    `timestamp=${nowMs - 60_000}&recvWindow=60000`,
    `timestamp=${NOW_US - 10_500}&recvWindow=10.5`, // microseconds
  ])("but takes %s", (query) => {
    const { account, check } = setUp();
    expect(check(signed(query))).toBe(account);
  });
});

describe("an RSA key", () => {
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const rsaKey = pair.publicKey.export({ format: "pem", type: "spki" }).toString();
  const account = new Accounts().open({ makerRate: 0n, takerRate: 0n });
  const authenticator = new Authenticator([{ apiKey: API_KEY, publicKey: rsaKey, account }]);
  const payload = `symbol=LTCBTC&timestamp=${NOW_US / 1000}`;
  const check = (signature: string) => {
    const query = `${payload}&signature=${encodeURIComponent(signature)}`;
    const signed = { payload: restPayload(query, ""), params: parseForm(query, "") };
    return authenticator.authenticate({ apiKey: API_KEY, nowUs: NOW_US, ...signed });
  };
  const signature = sign("sha256", Buffer.from(payload), pair.privateKey).toString("base64");

  test("signs with PKCS #1 v1.5 and SHA-256 in base64, the case of which counts", () => {
    expect(signature).toHaveLength(344);
    expect(check(signature)).toBe(account);
    const otherCase = signature.replace(/[a-zA-Z]/, (letter) =>
      letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
    );
    expect(() => check(otherCase)).toThrow("Signature for this request is not valid.");
  });

  test("signs in no other way", () => {
    const pss = sign("sha256", Buffer.from(payload), { key: pair.privateKey, padding: 6 }).toString("base64");
    const sha1 = sign("sha1", Buffer.from(payload), pair.privateKey).toString("base64");
    for (const other of [pss, sha1, hmacSignature(payload, "")]) {
      expect(() => check(other)).toThrow("Signature for this request is not valid.");
    }
    expect(authenticator.hasPublicKey(API_KEY)).toBe(false); // no session logon with it
  });
});

test("a key with a public key alone takes no HMAC signature", () => {
  const account = new Accounts().open({ makerRate: 0n, takerRate: 0n });
  const authenticator = new Authenticator([{ apiKey: API_KEY, publicKey, account }]);
  const query = `timestamp=${NOW_US / 1000}`;
  const params = parseForm(`${query}&signature=${hmacSignature(query, "")}`, "");
  expect(() => authenticator.authenticate({ apiKey: API_KEY, payload: query, params, nowUs: NOW_US })).toThrow(
    "Signature for this request is not valid.",
  );
});

test.each([
  ["none", "none", "must be an Ed25519 or RSA public key in PEM"],
  ["of another algorithm", spki("ec"), "must be an Ed25519 or RSA key, got ec"],
  ["too short", spki("rsa"), "must be an RSA key of 2048 to 4096 bits, got 1024"],
  ["missing", undefined, "must have a secret or a publicKey"],
])("refuses a public key that is %s", (_what, key, message) => {
  const account = new Accounts().open({ makerRate: 0n, takerRate: 0n });
  const make = () => new Authenticator([{ apiKey: API_KEY, publicKey: key, account }]);
  expect(make).toThrow(InvalidInputError);
  expect(make).toThrow(message);
});

function spki(type: "ec" | "rsa"): string {
  const pair =
    type === "ec"
      ? generateKeyPairSync("ec", { namedCurve: "prime256v1" })
      : generateKeyPairSync("rsa", { modulusLength: 1024 });
  return pair.publicKey.export({ format: "pem", type: "spki" }).toString();
}

const VECTORS = join(
  process.env["PITLANE_DATA"] ?? join(import.meta.dirname, "../../../../../../shared/data"),
  "signing/signing-vectors.json",
);
const reason = existsSync(VECTORS) ? "" : " (skipped: no recordings; set PITLANE_DATA)";

test.skipIf(reason !== "")(`agrees with every collected Binance vector${reason}`, () => {
  const { vectors } = JSON.parse(readFileSync(VECTORS, "utf8")) as {
    vectors: { exchange: string; scheme: string; key: { secret: string }; payload: string; expected: string }[];
  };
  const hmac = vectors.filter(({ exchange, scheme }) => exchange === "binance" && scheme === "hmac-sha256-hex");
  expect(hmac.length).toBeGreaterThan(0);
  for (const { key, payload, expected } of hmac) expect(hmacSignature(payload, key.secret)).toBe(expected);
});
