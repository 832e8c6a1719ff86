import { createPrivateKey, generateKeyPairSync, type KeyObject, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvalidInputError } from "../../src/errors.ts";
import { createSigner } from "../../src/session/sign.ts";
import { dataFolder, needingData } from "../support/data.ts";

// The published example keys of Binance's documentation.
const apiKey = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
const apiSecret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";

/** PEM of the Ed25519 key with this seed: RFC 8410's PKCS#8 form is a fixed head and the seed. */
function ed25519Pem(seedHex: string): string {
  const der = Buffer.from(`302e020100300506032b657004220420${seedHex}`, "hex");
  return pemOf(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
}

function pemOf(key: KeyObject): string {
  return key.export({ format: "pem", type: "pkcs8" }).toString();
}

// Key of test 1 of RFC 8032, section 7.1.
const rfcPem = ed25519Pem("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");

const limitOrder = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC";
const rest = "&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559";
const fullWidth = "symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&type=LIMIT&timeInForce=GTC";

describe("published vectors", () => {
  test.each([
    ["ASCII", limitOrder + rest, "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"],
    ["percent-encoded", fullWidth + rest, "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"],
    ["query and body", limitOrder + rest.slice(1), "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"],
    [
      "raw UTF-8",
      `apiKey=${apiKey}&price=0.10000000&quantity=1.00000000&recvWindow=5000&side=BUY&symbol=１２３４５６&timeInForce=GTC&timestamp=1645423376532&type=LIMIT`,
      "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
    ],
  ])("HMAC, %s", (_, payload, expected) => {
    const signer = createSigner({ apiKey, apiSecret });
    expect(signer).toMatchObject({ apiKey, algorithm: "hmac-sha256" });
    expect(signer.sign(payload)).toBe(expected);
  });

  test("Ed25519", () => {
    const signer = createSigner({ apiKey, apiSecret: rfcPem });
    expect(signer.algorithm).toBe("ed25519");
    expect(signer.sign(`apiKey=${apiKey}&timestamp=1649729878532`)).toBe(
      "763GJeFgG09B/06V/dq24cLu6f0R57whgDMyOCubDex4CTTElmDgPSIQqLdOsvW5TBxyaaFotVCI8tUmQMChAA==",
    );
  });

  interface Vector {
    readonly id: string;
    readonly exchange: string;
    readonly key: { readonly secret?: string; readonly privateKeyPkcs8DerBase64?: string };
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
      const signer = createSigner({ apiKey, apiSecret: pem ?? (key.secret as string) });
      expect([id, signer.sign(payload)]).toEqual([id, expected]);
    }
  });
});

describe.each([2048, 3072, 4096])("an RSA key of %i bits", (modulusLength) => {
  test("signs with PKCS #1 v1.5 and SHA-256, as its public key confirms", () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength });
    const signer = createSigner({ apiKey, apiSecret: pemOf(privateKey) });
    expect(signer.algorithm).toBe("rsa-sha256");
    const signature = Buffer.from(signer.sign(limitOrder), "base64");
    expect(signature).toHaveLength(modulusLength / 8);
    expect(verify("sha256", Buffer.from(limitOrder), publicKey, signature)).toBe(true); // v1.5 is Node's default padding
    expect(signer.sign(limitOrder)).toBe(signer.sign(limitOrder)); // PSS would draw a new salt
  });
});

test("an Ed25519 signature verifies for any payload", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const signer = createSigner({ apiKey, apiSecret: pemOf(privateKey) });
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (payload) => {
      const signature = Buffer.from(signer.sign(payload), "base64");
      expect(verify(null, Buffer.from(payload, "utf8"), publicKey, signature)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

function refusalOf(credentials: { apiKey: string; apiSecret: string }): Error {
  try {
    createSigner(credentials);
  } catch (error) {
    return error as Error;
  }
  throw new Error("was taken");
}

test("refuses credentials that cannot work, naming the part and never showing it", () => {
  const weak = pemOf(generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey);
  const curve = pemOf(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
  const locked = generateKeyPairSync("ed25519")
    .privateKey.export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "open sesame" })
    .toString();
  const publicPem = generateKeyPairSync("ed25519").publicKey.export({ format: "pem", type: "spki" }).toString();
  const broken = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0c2VjcmV0\n-----END PRIVATE KEY-----";
  const bad: [{ apiKey: string; apiSecret: string }, RegExp][] = [
    [{ apiKey: "", apiSecret }, /^credentials.apiKey must be/],
    [{ apiKey: "with space", apiSecret }, /^credentials.apiKey must be/],
    [{ apiKey: "with\r\nheader: x", apiSecret }, /^credentials.apiKey must be/],
    [{ apiKey: undefined as unknown as string, apiSecret }, /^credentials.apiKey must be/],
    [{ apiKey, apiSecret: "" }, /^credentials.apiSecret must not be empty/],
    [{ apiKey, apiSecret: `${apiSecret}\n` }, /^credentials.apiSecret must not begin or end with white space/],
    [{ apiKey, apiSecret: weak }, /RSA key of 2048 to 4096 bits, got 1024/],
    [{ apiKey, apiSecret: curve }, /not a key of type ec$/],
    [{ apiKey, apiSecret: locked }, /encrypted private key/],
    [{ apiKey, apiSecret: publicPem }, /cannot be read as one/],
    [{ apiKey, apiSecret: broken }, /cannot be read as one/],
  ];
  for (const [credentials, said] of bad) {
    const error = refusalOf(credentials);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).toMatch(said);
    expect(error.cause).toBeUndefined();
    const shown = inspect(error, { showHidden: true, depth: null });
    for (const secret of [credentials.apiSecret.slice(30, 60), "with space"]) {
      if (secret !== "") expect(shown).not.toContain(secret);
    }
  }
});

test("takes a PEM with white space around it, as files have it", () => {
  expect(createSigner({ apiKey, apiSecret: `\n${rfcPem}\n` }).sign("x")).toBe(
    createSigner({ apiKey, apiSecret: rfcPem }).sign("x"),
  );
});

test("does not show its secret, however it is printed, spread or cloned", () => {
  for (const secret of [apiSecret, rfcPem]) {
    const signer = createSigner({ apiKey, apiSecret: secret });
    const shown = [
      inspect(signer, { showHidden: true, depth: null }),
      inspect({ ...signer }, { showHidden: true, depth: null, getters: true }),
      JSON.stringify(signer),
      String(signer.sign),
    ].join("\n");
    expect(shown).not.toContain(secret.slice(30, 60));
    expect(shown).toContain(apiKey);
  }
});
