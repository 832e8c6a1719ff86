import { ProtocolError, type RequestError } from "../../errors.ts";
import { HttpCall, type HttpReply, type Send } from "../../transport/transport.ts";
import { headerOf } from "../../transport/wire-reply.ts";
import { type Api, type ApiCall, publicRead } from "./api.ts";
import { toError } from "./errors.ts";
import { excerpt } from "./fields.ts";
import { tryReadOrder } from "./scan-answer.ts";
import { newOrderScan } from "./scan-order.ts";
import { encodeParams, type Params } from "./sign.ts";

/** A reply to `call`, for an error: without the secrets that the venue may have echoed. */
export type CleanReply = (call: HttpCall, text: string) => string;

export interface RestOptions {
  readonly send: Send;
  /** `/api/v3`. */
  readonly apiPath: string;
  /** Gets the JSON of every answer, by its path below that. */
  readonly onReply?: (path: string, reply: unknown) => void;
  /** Of a client without secrets a reply is told as it came. */
  readonly cleanReply?: CleanReply | undefined;
}

/** Binance's REST API as JSON in and out. What its calls need on the way is done by the layers of `send`. */
export class Rest implements Api {
  readonly #options: RestOptions;
  readonly #scan = newOrderScan();

  constructor(options: RestOptions) {
    this.#options = options;
  }

  /** A public read that no typed call makes. */
  get(path: string, params: Params, signal: AbortSignal | undefined): Promise<unknown> {
    return this.call(publicRead(path, params, 1, { signal }));
  }

  async call(asked: ApiCall): Promise<unknown> {
    const { verb, path, params, isSigned, isRead, weight, priority, control } = asked;
    const { send, apiPath, onReply, cleanReply } = this.#options;
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
      const reply = await send(call);
      asked.ticket?.tellHeaders((name) => headerOf(reply, name));
      const order = asked.answer && tryReadOrder(reply.body, asked.answer, this.#scan);
      if (order !== undefined) return order;
      const value = parseReply(call, reply, cleanReply);
      onReply?.(path, value);
      return value;
    } catch (error) {
      if (isRead) control.signal?.throwIfAborted(); // a read has no outcome to tell: its caller gets the reason back
      throw error;
    }
  }
}

/** What a reply that is no success means. */
export function replyError(
  call: HttpCall,
  { status, headers, body }: HttpReply,
  cleanReply: CleanReply = asItCame,
): RequestError {
  const retryAfter = headers["retry-after"];
  return toError(call.what, {
    status,
    retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
    text: cleanReply(call, body.toString("utf8")),
  });
}

function asItCame(_call: HttpCall, text: string): string {
  return text;
}

function parseReply(call: HttpCall, { body }: HttpReply, cleanReply: CleanReply = asItCame): unknown {
  const text = body.toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    throw new ProtocolError(`${call.what}: the reply is not JSON: ${excerpt(cleanReply(call, text))}`);
  }
}
