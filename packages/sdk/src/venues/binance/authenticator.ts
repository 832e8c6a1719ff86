import { AuthError } from "../../errors.ts";
import type { Signer } from "../../session/sign.ts";
import type { Authenticator, HttpCall } from "../../transport/transport.ts";
import { withSignature } from "./sign.ts";

export interface BinanceAuthenticatorOptions {
  readonly signer: Signer;
  /** How long after its timestamp the venue may still act on a request, in milliseconds. */
  readonly recvWindowMs: number;
  /** The venue's time, as well as it is known. */
  readonly nowUs: () => number;
  /** A timestamp was refused: mends `nowUs`, by measuring the venue's time anew. */
  readonly resync: () => Promise<void>;
}

const API_KEY = "x-mbx-apikey";
const BAD_TIMESTAMP = -1021;

/** The venue has refused a request for its timestamp: it was never performed, and our time is to be measured. */
export function isRefusedTime(error: unknown): boolean {
  return error instanceof AuthError && error.venueCode === BAD_TIMESTAMP;
}

/**
 * Signs calls as Binance wants it: receive window and time are added to what is asked, and the signature of exactly that text
 * comes last. Parameters of a POST or PUT are in the body, of others in the query.
 *
 * A refused timestamp is worth one more try, after the venue's clock was measured. Source: rest-api.md, "Request security", 2026-07.
 */
export function binanceAuthenticator(options: BinanceAuthenticatorOptions): Authenticator {
  const { signer, recvWindowMs, nowUs, resync } = options;
  const headers = { [API_KEY]: signer.apiKey };
  const formHeaders = { ...headers, "content-type": "application/x-www-form-urlencoded" };

  return {
    prepare(call) {
      const isForm = hasForm(call);
      const asked = isForm ? call.body : call.query;
      const timestamp = Math.floor(nowUs() / 1000);
      const payload = `${asked === "" ? "" : `${asked}&`}recvWindow=${recvWindowMs}&timestamp=${timestamp}`;
      const signed = withSignature(payload, signer);
      call.sentHeaders = isForm ? formHeaders : headers;
      if (isForm) call.sentBody = signed;
      else call.sentQuery = signed;
    },
    async recover(_call, error) {
      if (!isRefusedTime(error)) return false;
      try {
        await resync();
        return true;
      } catch {
        return false; // the refusal says more than why the time cannot be told
      }
    },
  };
}

/** What a call was last sent with and no message may show; undefined for one without a signature. */
export function sentSecrets(call: HttpCall): { readonly apiKey: string; readonly signature: string } | undefined {
  const apiKey = call.sentHeaders[API_KEY];
  if (apiKey === undefined) return undefined;
  const sent = hasForm(call) ? call.sentBody : call.sentQuery;
  const signature = sent.slice(sent.lastIndexOf("signature=") + "signature=".length);
  return { apiKey, signature: decodeURIComponent(signature) };
}

function hasForm({ method }: HttpCall): boolean {
  return method === "POST" || method === "PUT";
}
