import { AuthError } from "../../errors.ts";
import type { Signer } from "../../session/sign.ts";
import type { Authenticator, HttpCall } from "../../transport/transport.ts";
import { redactorOf } from "./redact.ts";
import type { CleanReply } from "./rest.ts";
import { withSignature } from "./sign.ts";
import { createTimeText } from "./time-text.ts";

export interface BinanceAuthenticatorOptions {
  readonly signer: Signer;
  /** How long after its timestamp the venue may still act on a request, in milliseconds. */
  readonly recvWindowMs: number;
  /** The venue's time, as well as it is known. */
  readonly nowUs: () => number;
  /** A timestamp was refused: mends `nowUs`, by measuring the venue's time anew. */
  readonly resync: () => Promise<void>;
}

/** What signs calls, and keeps what it signed them with out of what is told of their replies. */
export interface BinanceAuthenticator extends Authenticator {
  readonly cleanReply: CleanReply;
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
export function binanceAuthenticator(options: BinanceAuthenticatorOptions): BinanceAuthenticator {
  const { signer, recvWindowMs, nowUs, resync } = options;
  const headers = { [API_KEY]: signer.apiKey };
  const timeText = createTimeText();
  const behind = `recvWindow=${recvWindowMs}&timestamp=`;
  const formHeaders = { ...headers, "content-type": "application/x-www-form-urlencoded" };

  return {
    prepare(call) {
      const isForm = hasForm(call);
      const asked = isForm ? call.body : call.query;
      const timestamp = timeText(Math.floor(nowUs() / 1000));
      const payload = asked === "" ? behind + timestamp : `${asked}&${behind}${timestamp}`;
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
    cleanReply: (call, text) => redactorOf(signer, sentSignature(call)).redactReply(text),
  };
}

/** The signature that a call was last sent with; undefined for one without. */
function sentSignature(call: HttpCall): string | undefined {
  if (call.sentHeaders[API_KEY] === undefined) return undefined;
  const sent = hasForm(call) ? call.sentBody : call.sentQuery;
  return decodeURIComponent(sent.slice(sent.lastIndexOf("signature=") + "signature=".length));
}

function hasForm({ method }: HttpCall): boolean {
  return method === "POST" || method === "PUT";
}
