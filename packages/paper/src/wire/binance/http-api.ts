import type { IncomingHttpHeaders } from "node:http";
import type { Clock } from "@pitlane/perf";
import type { HttpAnswer, HttpRequest, Place } from "../protocol.ts";
import { type Call, type Endpoint, perform, type Venue } from "./endpoint.ts";
import { refuse, VenueRefusal } from "./errors.ts";
import { RawJson } from "./market-json.ts";
import { parseForm } from "./params.ts";
import { restPayload } from "./signing.ts";
import { shiftForm, shiftResult } from "./skew.ts";
import { parseTimeUnit } from "./time-unit.ts";

export interface HttpApiOptions {
  readonly venue: Venue;
  readonly endpoints: readonly Endpoint[];
  /** Path that the endpoints are below, `/api/v3`. */
  readonly root: string;
  readonly clock: Clock;
  /** Told of failures of the exchange itself; the client gets 500 and -1000. */
  readonly onError: (error: Error) => void;
}

const GONE_PAGE = "<html><head><title>410 Gone</title></head><body><center><h1>410 Gone</h1></center></body></html>\n";
const JSON_TYPE = "application/json;charset=UTF-8";

type Headers = Record<string, string | number>;

/**
 * The REST API: finds the endpoint, reads query and form body, and answers with JSON and the venue's headers.
 *
 * Errors are `{"code", "msg"}` with a 4xx or 5xx status; an unknown path gets 404, and the removed `userDataStream` 410 with a page
 * of HTML, as the venue does since 2026-02-20.
 */
export class HttpApi {
  readonly #venue: Venue;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #gonePath: string;
  readonly #clock: Clock;
  readonly #onError: (error: Error) => void;

  constructor({ venue, endpoints, root, clock, onError }: HttpApiOptions) {
    this.#venue = venue;
    this.#gonePath = `${root}/userDataStream`;
    this.#clock = clock;
    this.#onError = onError;
    for (const endpoint of endpoints) {
      const [verb, path] = endpoint.http.split(" ") as [string, string];
      this.#endpoints.set(`${verb} ${root}/${path}`, endpoint);
    }
  }

  /** Answers one request that came to `place`. */
  handle(request: HttpRequest, place: Place, answer: (answer: HttpAnswer) => void): void {
    const { method, path, ip } = request;
    const nowUs = this.#clock.nowUs();
    try {
      this.#venue.weightLimit.admitRequest(ip, nowUs);
      if (path === this.#gonePath) {
        answer({ status: 410, headers: { "content-type": "text/html" }, text: GONE_PAGE });
        return;
      }
      const endpoint = this.#endpoints.get(`${method} ${path}`);
      if (endpoint === undefined) {
        const text = JSON.stringify({ code: -1020, msg: `No such endpoint: ${method} ${path}` });
        answer({ status: 404, headers: { "content-type": JSON_TYPE }, text });
        return;
      }
      this.#perform(endpoint, request, nowUs, place, answer);
    } catch (error) {
      answer(this.refusal(ip, error));
    }
  }

  /** The answer to a request that failed with `error`: a refusal in the venue's words, or 500 for a failure of the exchange. */
  refusal(ip: string, error: unknown): HttpAnswer {
    if (!(error instanceof VenueRefusal)) this.#onError(error instanceof Error ? error : new Error(String(error)));
    const refusal = error instanceof VenueRefusal ? error : refuse.internal();
    const headers = this.#headers(ip);
    if (refusal.retryAfterSeconds !== undefined) headers["retry-after"] = String(refusal.retryAfterSeconds);
    return { status: refusal.status, headers, text: JSON.stringify(refusal.body) };
  }

  #perform(
    endpoint: Endpoint,
    { query, body, headers, ip }: HttpRequest,
    nowUs: number,
    { region, skewUs }: Place,
    answer: (answer: HttpAnswer) => void,
  ): void {
    const unit = parseTimeUnit(headerOf(headers, "x-mbx-time-unit"));
    const params = skewUs === 0 ? parseForm(query, body) : parseForm(shiftForm(query, skewUs), shiftForm(body, skewUs));
    const call: Call = { params, nowUs, unit, ip, region, transport: "http" };
    const credentials = {
      apiKey: headerOf(headers, "x-mbx-apikey"),
      payload: endpoint.signed ? restPayload(query, body) : "",
    };
    const { result, account } = perform(this.#venue, endpoint, call, credentials);
    if (result instanceof Promise) {
      result.then(
        (late: unknown) => answer({ status: 200, headers: this.#headers(ip), text: jsonOf(late) }),
        (error: unknown) => answer(this.refusal(ip, error)),
      );
      return;
    }
    const all = this.#headers(ip);
    if (endpoint.tellsOrderCount && account !== undefined) {
      all["x-mbx-order-count-10s"] = String(this.#venue.orderLimit.shortCount(account, nowUs));
      all["x-mbx-order-count-1d"] = String(this.#venue.orderLimit.dayCount(account, nowUs));
    }
    answer({ status: 200, headers: all, text: jsonOf(shiftResult(result, skewUs, unit)) });
  }

  #headers(ip: string): Headers {
    const used = String(this.#venue.weightLimit.used(ip, this.#clock.nowUs()));
    return { "content-type": JSON_TYPE, "x-mbx-used-weight": used, "x-mbx-used-weight-1m": used };
  }
}

/** The text of a handler's result. */
export function jsonOf(result: unknown): string {
  return result instanceof RawJson ? result.text : JSON.stringify(result);
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
