import type { Signer } from "../../session/sign.ts";

/** Request parameters by name, in the order they are sent. */
export type Params = Readonly<Record<string, string | number | boolean>>;

const NEEDS_ENCODING = /[^A-Za-z0-9_.-]/;

/** Parameters as a query or form body, every value percent-encoded once. */
export function encodeParams(params: Params): string {
  let text = "";
  for (const name in params) {
    const value = params[name] as string | number | boolean;
    // Most values are numbers and names, which the encoding leaves as they are: looking is faster than encoding.
    const encoded = typeof value === "string" && NEEDS_ENCODING.test(value) ? encodeURIComponent(value) : value;
    text += text === "" ? `${name}=${encoded}` : `&${name}=${encoded}`;
  }
  return text;
}

/**
 * Encoded parameters with the signature of exactly that text last, as REST wants it.
 *
 * @example
 * const query = withSignature(encodeParams({ symbol: "BTCUSDT", timestamp: 1_499_827_319_559 }), signer);
 */
export function withSignature(payload: string, signer: Signer): string {
  return `${payload}&signature=${encodeURIComponent(signer.sign(payload))}`;
}

/** Signed WebSocket API parameters: with the key, signed over the raw texts in the order of their names, nothing encoded. */
export function signWsApi(params: Params, signer: Signer): Params & { readonly signature: string } {
  const all: Record<string, Params[string]> = { apiKey: signer.apiKey };
  for (const name in params) all[name] = params[name] as Params[string]; // copied by hand: a spread takes longer
  let payload = "";
  for (const name of Object.keys(all).sort())
    payload += payload === "" ? `${name}=${all[name]}` : `&${name}=${all[name]}`;
  const signature = signer.sign(payload);
  all["signature"] = signature;
  return all as Params & { readonly signature: string };
}

/** `text` without the secrets in it, so that a reply that quotes our request does not carry them on into a log. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret !== "") clean = clean.replaceAll(secret, "[redacted]");
  }
  return clean;
}
