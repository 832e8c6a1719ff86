import { createHmac, createPrivateKey, sign as signBytes } from "node:crypto";
import { InvalidInputError } from "@pitlane/perf";

/** Request parameters by name, in the order they are sent. */
export type Params = Readonly<Record<string, string | number | boolean>>;

/** Holds a key and signs with it. The secret is not readable from it. */
export interface Signer {
  readonly apiKey: string;
  /** Signature of a payload, as the venue writes it: hex for HMAC, base64 for Ed25519. */
  sign(payload: string): string;
}

/**
 * The signer for a key pair: Ed25519 when the secret is a PEM private key, HMAC-SHA-256 otherwise.
 *
 * Signing is synchronous and takes some microseconds. Source: Binance REST API, "Request security", 2026-07.
 *
 * @throws {InvalidInputError} When a part is empty or not printable ASCII, or the PEM holds no Ed25519 private key. Never shows it.
 */
export function createSigner({ apiKey, apiSecret }: { readonly apiKey: string; readonly apiSecret: string }): Signer {
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new InvalidInputError("credentials.apiKey must be the venue's key: printable characters without spaces");
  }
  if (apiSecret === "") throw new InvalidInputError("credentials.apiSecret must not be empty");
  if (!apiSecret.startsWith("-----BEGIN ")) {
    return { apiKey, sign: (payload) => createHmac("sha256", apiSecret).update(payload).digest("hex") };
  }
  const key = ed25519Key(apiSecret);
  return { apiKey, sign: (payload) => signBytes(null, Buffer.from(payload, "utf8"), key).toString("base64") };
}

/** Parameters as a query or form body, every value percent-encoded once. */
export function encodeParams(params: Params): string {
  let text = "";
  for (const name in params) {
    text += `${text === "" ? "" : "&"}${name}=${encodeURIComponent(params[name] as string | number | boolean)}`;
  }
  return text;
}

/**
 * Signed REST parameters: encoded once, that text signed, that text sent, the signature last.
 *
 * @example
 * const query = signRest({ symbol: "BTCUSDT", timestamp: 1_499_827_319_559 }, signer);
 */
export function signRest(params: Params, signer: Signer): string {
  const payload = encodeParams(params);
  return `${payload}&signature=${encodeURIComponent(signer.sign(payload))}`;
}

/** Signed WebSocket API parameters: with the key, signed over the raw texts in the order of their names, nothing encoded. */
export function signWsApi(params: Params, signer: Signer): Params & { readonly signature: string } {
  const all: Params = { ...params, apiKey: signer.apiKey };
  const payload = Object.keys(all)
    .sort()
    .map((name) => `${name}=${all[name]}`)
    .join("&");
  return { ...all, signature: signer.sign(payload) };
}

/** `text` without the secrets in it, so that a reply that quotes our request does not carry them on into a log. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret !== "") clean = clean.replaceAll(secret, "[redacted]");
  }
  return clean;
}

function ed25519Key(pem: string) {
  let key: ReturnType<typeof createPrivateKey>;
  try {
    key = createPrivateKey(pem);
  } catch {
    // Without the cause: a parser's words could quote the key.
    throw new InvalidInputError("credentials.apiSecret looks like a PEM private key but cannot be read as one");
  }
  if (key.asymmetricKeyType === "ed25519") return key;
  throw new InvalidInputError(
    `credentials.apiSecret must be an Ed25519 private key or an HMAC secret, not a key of type ${key.asymmetricKeyType}`,
  );
}
