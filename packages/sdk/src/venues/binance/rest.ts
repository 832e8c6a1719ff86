import { ProtocolError, type RequestError } from "../../errors.ts";
import { HttpCall, type HttpReply, type Send } from "../../transport/transport.ts";
import { type Api, type ApiCall, publicRead } from "./api.ts";
import { secretsOf } from "./authenticator.ts";
import { toError } from "./errors.ts";
import { excerpt } from "./fields.ts";
import { encodeParams, type Params, redact } from "./sign.ts";

export interface RestOptions {
  readonly send: Send;
  /** `/api/v3`. */
  readonly apiPath: string;
}

/** Binance's REST API as JSON in and out. What its calls need on the way is done by the layers of `send`. */
export class Rest implements Api {
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  /** A public read that no typed call makes. */
  get(path: string, params: Params, signal: AbortSignal | undefined): Promise<unknown> {
    return this.call(publicRead(path, params, 1, { signal }));
  }

  async call({ verb, path, params, isSigned, isRead, weight, priority, control }: ApiCall): Promise<unknown> {
    const { send, apiPath } = this.#options;
    const text = encodeParams(params);
    const isForm = verb === "POST" || verb === "PUT";
    const call = new HttpCall({
      method: verb,
      path: apiPath + path,
      query: isForm ? "" : text,
      body: isForm ? text : "",
      isRead,
      isPrivate: isSigned,
      weight,
      priority,
      timeoutMs: control.timeoutMs,
      retries: control.retries,
      hedgeAfterMs: control.hedgeAfterMs,
      signal: control.signal,
      onSent: control.onSent,
    });
    try {
      return parseReply(call, await send(call));
    } catch (error) {
      if (isRead) control.signal?.throwIfAborted(); // a read has no outcome to tell: its caller gets the reason back
      throw error;
    }
  }
}

/** What a reply that is no success means. Without the secrets that the venue may have echoed. */
export function replyError(call: HttpCall, { status, headers, body }: HttpReply): RequestError {
  const retryAfter = headers["retry-after"];
  return toError(call.what, {
    status,
    retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
    text: redact(body.toString("utf8"), secretsOf(call)),
  });
}

function parseReply(call: HttpCall, { body }: HttpReply): unknown {
  const text = body.toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    throw new ProtocolError(`${call.what}: the reply is not JSON: ${excerpt(redact(text, secretsOf(call)))}`);
  }
}
