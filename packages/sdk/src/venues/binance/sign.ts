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
  const signature = signer.sign(payload);
  // Hex digits are what they are.
  return `${payload}&signature=${signer.algorithm === "hmac-sha256" ? signature : encodeURIComponent(signature)}`;
}

/** Parameters as they are sent over the WebSocket API. */
export interface SignedParams {
  /** JSON of the parameters, key and signature included. */
  readonly json: string;
  /** The signature that is in it, which no message may show. */
  readonly signature: string;
}

/**
 * Signed WebSocket API parameters: with the key, signed over the raw texts in the order of their names, nothing encoded.
 *
 * What is signed and what is sent are put together in one pass: this is done for every order. Fastest where `params` come in the
 * order of their names. Without `recvWindowMs` none is sent.
 *
 * @param timestamp Decimal text of milliseconds.
 */
export function signWsApi(
  params: Params,
  signer: Signer,
  timestamp: string,
  recvWindowMs: number | undefined,
): SignedParams {
  const names = ["apiKey"];
  for (const name in params) names.push(name);
  if (recvWindowMs !== undefined) names.push("recvWindow");
  names.push("timestamp");
  sort(names);
  let payload = "";
  let json = "";
  for (const name of names) {
    const value =
      name === "timestamp"
        ? timestamp
        : name === "recvWindow"
          ? (recvWindowMs as number)
          : name === "apiKey"
            ? signer.apiKey
            : (params[name] as Params[string]);
    payload += payload === "" ? `${name}=${value}` : `&${name}=${value}`;
    if (typeof value !== "string" || name === "timestamp") json += `"${name}":${value},`;
    else if (!NEEDS_ENCODING.test(value)) json += `"${name}":"${value}",`;
    else json += `"${name}":${JSON.stringify(value)},`;
  }
  const signature = signer.sign(payload);
  return { json: `{${json}"signature":"${signature}"}`, signature };
}

/** By code units, in place. Made for what is sorted but for a few: `Array.sort` takes three times as long for these. */
function sort(names: string[]): void {
  for (let i = 1; i < names.length; i++) {
    const name = names[i] as string;
    let at = i;
    while (at > 0 && (names[at - 1] as string) > name) {
      names[at] = names[at - 1] as string;
      at--;
    }
    names[at] = name;
  }
}
