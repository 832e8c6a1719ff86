import { createHmac, createPublicKey, createSecretKey, type KeyObject, timingSafeEqual, verify } from "node:crypto";
import { InvalidInputError } from "@pitlane/perf";
import type { Account } from "../../engine/accounts.ts";
import { refuse } from "./errors.ts";
import { jsonText, type Params } from "./params.ts";
import { toMicroseconds } from "./time-unit.ts";

/**
 * One API key, which signs its requests in the ways it is given here: with HMAC-SHA-256 and `secret`, or with the private key of
 * `publicKey`, which is Ed25519 or RSA.
 */
export interface ApiKey {
  /** 64 letters and digits. */
  readonly apiKey: string;
  readonly secret?: string | undefined;
  /** PEM: Ed25519, or RSA of 2048 to 4096 bits, whose signatures are PKCS #1 v1.5 with SHA-256. */
  readonly publicKey?: string | undefined;
  readonly account: Account;
}

/** A signed request as received. */
export interface SignedRequest {
  readonly apiKey: string | undefined;
  /** What the signature is over, as UTF-8. */
  readonly payload: string;
  readonly params: Params;
  /** When it arrived, microseconds since the epoch. */
  readonly nowUs: number;
}

const KEY_FORM = /^[a-zA-Z0-9]{64}$/;
const HEX_SIGNATURE = /^[0-9a-fA-F]{64}$/;
const BASE64_SIGNATURE = /^[A-Za-z0-9+/]{86,}={0,2}$/;
const WINDOW = /^\d{1,6}(\.\d{1,3})?$/;
const DEFAULT_WINDOW_MS = 5000;
const MAX_WINDOW_MS = 60_000;
const AHEAD_US = 1_000_000;
const ED25519_BYTES = 64;
const LEAST_RSA_BITS = 2048;
const MOST_RSA_BITS = 4096;

interface KnownKey {
  readonly account: Account;
  readonly secret: KeyObject | undefined;
  readonly publicKey: KeyObject | undefined;
}

/**
 * Checks keys, times and signatures of signed requests.
 *
 * A timestamp is good when it is less than 1000 ms ahead and not older than `recvWindow` (5000 ms unless sent, 60000 at most).
 * An HMAC signature is hex in either case, one of a key pair base64 in exactly its case.
 * Source: binance/binance-spot-api-docs rest-api.md, "SIGNED endpoint security" and "Timing security"; faqs/api_key_types.md.
 */
export class Authenticator {
  readonly #keys = new Map<string, KnownKey>();

  /** @throws {InvalidInputError} When a public key is no Ed25519 or RSA key of the right size in PEM, or a key has nothing to sign with. */
  constructor(keys: readonly ApiKey[]) {
    for (const { apiKey, secret, publicKey, account } of keys) {
      if (secret === undefined && publicKey === undefined) {
        throw new InvalidInputError("an API key must have a secret or a publicKey");
      }
      this.#keys.set(apiKey, {
        account,
        secret: secret === undefined ? undefined : createSecretKey(Buffer.from(secret)),
        publicKey: publicKey === undefined ? undefined : parsePublicKey(publicKey),
      });
    }
  }

  /** @returns The account the key belongs to. @throws {VenueRefusal} -2014, -2015, -1102, -1021 or -1022. */
  authenticate({ apiKey, payload, params, nowUs }: SignedRequest): Account {
    const known = this.#known(apiKey);
    const signature = params.required("signature");
    checkTime(params, nowUs);
    const isGood = HEX_SIGNATURE.test(signature)
      ? known.secret !== undefined && isHmacOf(payload, known.secret, signature)
      : known.publicKey !== undefined && isSignedBy(known.publicKey, payload, signature);
    if (!isGood) throw refuse.badSignature();
    return known.account;
  }

  /** True when requests of that key may be signed with Ed25519, which a session logon needs. */
  hasPublicKey(apiKey: string): boolean {
    return this.#keys.get(apiKey)?.publicKey?.asymmetricKeyType === "ed25519";
  }

  #known(apiKey: string | undefined): KnownKey {
    if (apiKey === undefined || !KEY_FORM.test(apiKey)) throw refuse.badKeyFormat();
    const known = this.#keys.get(apiKey);
    if (known === undefined) throw refuse.badKey();
    return known;
  }
}

/** Checks `timestamp` and `recvWindow`. @throws {VenueRefusal} -1102 or -1021. */
export function checkTime(params: Params, nowUs: number): void {
  params.required("timestamp");
  const timestampUs = toMicroseconds(params.id("timestamp")!);
  const window = params.text("recvWindow") ?? String(DEFAULT_WINDOW_MS);
  if (!WINDOW.test(window)) throw refuse.illegalCharacters("recvWindow", "^[0-9]{1,6}(\\.[0-9]{1,3})?$");
  if (Number(window) > MAX_WINDOW_MS) throw refuse.recvWindowTooLarge();
  if (timestampUs >= nowUs + AHEAD_US) throw refuse.tooEarly();
  if (nowUs - timestampUs > Math.round(Number(window) * 1000)) throw refuse.tooOld();
}

/** What a REST signature is over: the query and the body exactly as received, each without its `signature`, and nothing between. */
export function restPayload(query: string, body: string): string {
  return withoutSignature(query) + withoutSignature(body);
}

/** What a WebSocket API signature is over: all `params` but `signature`, by name, as `name=value` joined with `&`, not encoded. */
export function socketPayload(params: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(params);
  if (!isSorted(names)) names.sort(); // most clients send them as they sign them
  let payload = "";
  for (const name of names) {
    if (name === "signature") continue;
    payload += payload === "" ? `${name}=${jsonText(params[name])}` : `&${name}=${jsonText(params[name])}`;
  }
  return payload;
}

function isSorted(names: readonly string[]): boolean {
  for (let i = 1; i < names.length; i++) if (names[i - 1]! > names[i]!) return false;
  return true;
}

/** HMAC-SHA-256 of `payload` in lower-case hex: the signature of an HMAC key. */
export function hmacSignature(payload: string, secret: string): string {
  return createHmac("sha256", secret).update(payload).digest("hex");
}

function isHmacOf(payload: string, secret: KeyObject, signature: string): boolean {
  const expected = createHmac("sha256", secret).update(payload).digest();
  return timingSafeEqual(expected, Buffer.from(signature, "hex"));
}

function isSignedBy(publicKey: KeyObject, payload: string, signature: string): boolean {
  if (!BASE64_SIGNATURE.test(signature)) return false;
  const bytes = Buffer.from(signature, "base64");
  if (publicKey.asymmetricKeyType === "rsa") return verify("sha256", Buffer.from(payload), publicKey, bytes);
  return bytes.length === ED25519_BYTES && verify(null, Buffer.from(payload), publicKey, bytes);
}

function withoutSignature(form: string): string {
  if (form.startsWith("signature=")) {
    const end = form.indexOf("&");
    return end < 0 ? "" : form.slice(end + 1);
  }
  const start = form.indexOf("&signature=");
  if (start < 0) return form;
  const end = form.indexOf("&", start + 1);
  return end < 0 ? form.slice(0, start) : form.slice(0, start) + form.slice(end);
}

function parsePublicKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (cause) {
    throw new InvalidInputError("publicKey must be an Ed25519 or RSA public key in PEM", { cause });
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "ed25519") return key;
  if (type !== "rsa") throw new InvalidInputError(`publicKey must be an Ed25519 or RSA key, got ${String(type)}`);
  const bits = details?.modulusLength ?? 0;
  if (bits >= LEAST_RSA_BITS && bits <= MOST_RSA_BITS) return key;
  throw new InvalidInputError(
    `publicKey must be an RSA key of ${LEAST_RSA_BITS} to ${MOST_RSA_BITS} bits, got ${bits}`,
  );
}
