import { type Clock, InvalidInputError } from "@pitlane/perf";
import { ProtocolError } from "../../errors.ts";
import type { HttpPool, HttpRequest } from "../../transport/pool.ts";
import type { SubmitOptions } from "./client.ts";
import { toError } from "./errors.ts";
import { excerpt } from "./fields.ts";
import { encodeParams, type Params, redact, type Signer, signRest } from "./sign.ts";

export interface RestOptions {
  readonly pool: HttpPool;
  /** `/api/v3`. */
  readonly apiPath: string;
  readonly signer: Signer | undefined;
  readonly recvWindowMs: number;
  readonly clock: Clock;
}

/**
 * Binance's REST calls as JSON in and out: path, signature, timestamp, and what a reply that is no success means.
 *
 * No secret is in any error: the venue's words are searched for the key and the signature before they are kept.
 */
export class Rest {
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  /** A public read. */
  get(path: string, params: Params, signal: AbortSignal | undefined): Promise<unknown> {
    const query = encodeParams(params);
    return this.#read(path, { path: query === "" ? path : `${path}?${query}`, headers: {} }, signal, "");
  }

  /** A read of the account. @throws {InvalidInputError} Before any I/O, when there are no credentials. */
  getSigned(path: string, params: Params, signal: AbortSignal | undefined): Promise<unknown> {
    const { apiKey, query, signature } = this.#sign(params);
    return this.#read(path, { path: `${path}?${query}`, headers: { "X-MBX-APIKEY": apiKey } }, signal, signature);
  }

  /** A write. The caller turns an unknown outcome into an `OutcomeUnknownError`. */
  write(method: "POST" | "DELETE", path: string, params: Params, { onSent, signal }: SubmitOptions): Promise<unknown> {
    const { clock } = this.#options;
    const { apiKey, query, signature } = this.#sign(params);
    const headers = { "X-MBX-APIKEY": apiKey };
    const request =
      method === "POST"
        ? { path, headers: { ...headers, "content-type": "application/x-www-form-urlencoded" }, body: query }
        : { path: `${path}?${query}`, headers };
    const onSentNow = onSent === undefined ? undefined : () => onSent(clock.monotonicNs());
    return this.#send(`${method} ${path}`, { method, ...request, onSent: onSentNow, signal }, signature);
  }

  async #read(
    path: string,
    request: Pick<HttpRequest, "path" | "headers">,
    signal: AbortSignal | undefined,
    signature: string,
  ): Promise<unknown> {
    try {
      return await this.#send(`GET ${path}`, { method: "GET", ...request, signal }, signature);
    } catch (error) {
      signal?.throwIfAborted(); // a read has no outcome to tell: its caller gets the reason back
      throw error;
    }
  }

  async #send(what: string, request: HttpRequest, signature: string): Promise<unknown> {
    const { pool, apiPath } = this.#options;
    const { status, retryAfter, text } = await pool.send({ ...request, path: apiPath + request.path });
    if (status < 200 || status >= 300) throw toError(what, { status, retryAfter, text: this.#redact(text, signature) });
    try {
      return JSON.parse(text);
    } catch {
      throw new ProtocolError(`${what}: the reply is not JSON: ${excerpt(this.#redact(text, signature))}`);
    }
  }

  #redact(text: string, signature: string): string {
    const { signer } = this.#options;
    return signer === undefined ? text : redact(text, [signer.apiKey, signature, decodeURIComponent(signature)]);
  }

  #sign(params: Params) {
    const { signer, clock, recvWindowMs } = this.#options;
    if (signer === undefined) throw new InvalidInputError("this call is signed: give createBinance its `credentials`");
    const timestamp = Math.floor(clock.nowUs() / 1000);
    const query = signRest({ ...params, recvWindow: recvWindowMs, timestamp }, signer);
    return { apiKey: signer.apiKey, query, signature: query.slice(query.lastIndexOf("=") + 1) };
  }
}
