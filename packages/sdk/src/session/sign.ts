import { createPrivateKey, type KeyObject, sign as signBytes } from "node:crypto";
import { InvalidInputError } from "@pitlane/perf";
import { check } from "../checks.ts";
import { hmacSha256 } from "./hmac.ts";
import { Redactor } from "./secrets.ts";

/** A key pair of a venue's API. */
export interface ApiCredentials {
  /** The venue's name for the key; sent with requests. */
  readonly apiKey: string;
  /** Text of an HMAC secret, or the PEM (PKCS#8, unencrypted) of an Ed25519 or RSA private key. */
  readonly apiSecret: string;
}

export type SignatureAlgorithm = "hmac-sha256" | "rsa-sha256" | "ed25519";

/** Holds a key and signs with it. The secret is not readable from it. */
export interface Signer {
  readonly apiKey: string;
  readonly algorithm: SignatureAlgorithm;
  /** Takes the key and the secret out of texts, which a venue knows both of. */
  readonly redactor: Redactor;
  /** Signature of a payload's UTF-8 bytes: hex for HMAC, padded base64 for the others. */
  sign(payload: string): string;
}

/**
 * The signer for a key pair, by what the secret is: HMAC-SHA-256, or with a PEM private key Ed25519 or RSA (PKCS #1 v1.5 with
 * SHA-256, 2,048 to 4,096 bits).
 *
 * Signing is synchronous: a promise would cost more than HMAC itself. RSA holds the thread up by far the longest, the more so
 * the longer its key: prefer Ed25519.
 * Source: RFC 2104; RFC 8032, section 5.1; RFC 8017, section 8.2.
 *
 * @throws {InvalidInputError} When a part is empty or not printable ASCII, or the PEM holds no such key. Never shows it.
 * @example
 * const signer = createSigner({ apiKey, apiSecret });
 * const signature = signer.sign("symbol=BTCUSDT&timestamp=1668481559918");
 */
export function createSigner(credentials: ApiCredentials): Signer {
  const given = typeof credentials === "string" ? "text" : credentials; // it may be the secret itself
  check(typeof given === "object" && given !== null, "credentials", "an object", given);
  const { apiKey, apiSecret } = credentials;
  if (typeof apiKey !== "string" || !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new InvalidInputError("credentials.apiKey must be the venue's key: printable characters without spaces");
  }
  if (typeof apiSecret !== "string" || apiSecret === "") {
    throw new InvalidInputError("credentials.apiSecret must not be empty");
  }
  const redactor = new Redactor();
  redactor.set("credentials", [apiKey, apiSecret]);
  // Closures rather than fields: no inspection, spread or JSON of the signer reaches what they hold.
  if (!/^\s*-----BEGIN /.test(apiSecret)) {
    if (apiSecret.trim() !== apiSecret) {
      throw new InvalidInputError("credentials.apiSecret must not begin or end with white space");
    }
    return { apiKey, algorithm: "hmac-sha256", redactor, sign: hmacSha256(apiSecret) };
  }
  const key = privateKey(apiSecret);
  const algorithm = algorithmOf(key);
  const digest = algorithm === "rsa-sha256" ? "sha256" : null; // null: Ed25519 hashes by itself
  return {
    apiKey,
    algorithm,
    redactor,
    sign: (payload) => signBytes(digest, Buffer.from(payload, "utf8"), key).toString("base64"),
  };
}

function privateKey(pem: string): KeyObject {
  if (pem.includes("ENCRYPTED")) {
    throw new InvalidInputError("credentials.apiSecret is an encrypted private key: decrypt it first (openssl pkey)");
  }
  try {
    return createPrivateKey(pem);
  } catch {
    // Without the cause: a parser's words could quote the key.
    throw new InvalidInputError("credentials.apiSecret looks like a PEM private key but cannot be read as one");
  }
}

function algorithmOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): SignatureAlgorithm {
  if (type === "ed25519") return "ed25519";
  if (type !== "rsa") {
    throw new InvalidInputError(
      `credentials.apiSecret must be an Ed25519 or RSA private key, or an HMAC secret, not a key of type ${type}`,
    );
  }
  const bits = details?.modulusLength ?? 0;
  if (bits >= 2048 && bits <= 4096) return "rsa-sha256";
  throw new InvalidInputError(`credentials.apiSecret must be an RSA key of 2048 to 4096 bits, got ${bits}`);
}
