import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "@pitlane/perf";
import { type Call, type Endpoint, perform, type Venue } from "./endpoint.ts";
import { refuse, VenueRefusal } from "./errors.ts";
import { RawJson } from "./market-json.ts";
import { parseForm } from "./params.ts";
import { restPayload } from "./signing.ts";
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

const MOST_BODY_BYTES = 64 * 1024;
const GONE_PAGE = "<html><head><title>410 Gone</title></head><body><center><h1>410 Gone</h1></center></body></html>\n";

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

  /** Answers one request. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const { headers } = request;
    const hasBody = headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
    if (!hasBody) {
      request.resume();
      this.#answer(request, response, "");
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MOST_BODY_BYTES) chunks.push(chunk);
    });
    request.on("end", () => {
      if (bytes > MOST_BODY_BYTES)
        this.#send(response, 413, '{"code":-1101,"msg":"Too many parameters sent for this endpoint."}', {});
      else this.#answer(request, response, Buffer.concat(chunks).toString("utf8"));
    });
    request.on("error", () => response.destroy()); // the client went away in the middle of its body
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const url = request.url ?? "/";
    const mark = url.indexOf("?");
    const path = mark < 0 ? url : url.slice(0, mark);
    const query = mark < 0 ? "" : url.slice(mark + 1);
    if (path === this.#gonePath) {
      this.#send(response, 410, GONE_PAGE, { "content-type": "text/html" });
      return;
    }
    const endpoint = this.#endpoints.get(`${request.method} ${path}`);
    if (endpoint === undefined) {
      this.#send(
        response,
        404,
        JSON.stringify({ code: -1020, msg: `No such endpoint: ${request.method} ${path}` }),
        {},
      );
      return;
    }
    const nowUs = this.#clock.nowUs();
    const ip = request.socket.remoteAddress ?? "";
    try {
      const call: Call = {
        params: parseForm(query, body),
        nowUs,
        unit: parseTimeUnit(headerOf(request, "x-mbx-time-unit")),
        ip,
        transport: "http",
      };
      const credentials = {
        apiKey: headerOf(request, "x-mbx-apikey"),
        payload: endpoint.signed ? restPayload(query, body) : "",
      };
      const { result, account } = perform(this.#venue, endpoint, call, credentials);
      if (result instanceof Promise) {
        result.then(
          (late: unknown) => this.#send(response, 200, jsonOf(late), this.#weightHeaders(ip)),
          (error: unknown) => this.#refuse(response, ip, error),
        );
        return;
      }
      const headers = this.#weightHeaders(ip);
      if (endpoint.tellsOrderCount && account !== undefined) {
        headers["x-mbx-order-count-10s"] = String(this.#venue.orderLimit.shortCount(account, nowUs));
        headers["x-mbx-order-count-1d"] = String(this.#venue.orderLimit.dayCount(account, nowUs));
      }
      this.#send(response, 200, jsonOf(result), headers);
    } catch (error) {
      this.#refuse(response, ip, error);
    }
  }

  #refuse(response: ServerResponse, ip: string, error: unknown): void {
    if (!(error instanceof VenueRefusal)) this.#onError(error instanceof Error ? error : new Error(String(error)));
    const refusal = error instanceof VenueRefusal ? error : refuse.internal();
    const headers = this.#weightHeaders(ip);
    if (refusal.retryAfterSeconds !== undefined) headers["retry-after"] = String(refusal.retryAfterSeconds);
    this.#send(response, refusal.status, errorJson(refusal), headers);
  }

  #weightHeaders(ip: string): Record<string, string> {
    const used = String(this.#venue.weightLimit.used(ip, this.#clock.nowUs()));
    return { "x-mbx-used-weight": used, "x-mbx-used-weight-1m": used };
  }

  #send(response: ServerResponse, status: number, text: string, headers: Record<string, string>): void {
    if (response.destroyed || response.headersSent) return;
    response.writeHead(status, {
      "content-type": "application/json;charset=UTF-8",
      "content-length": Buffer.byteLength(text),
      ...headers,
    });
    response.end(text);
  }
}

/** The text of a handler's result. */
export function jsonOf(result: unknown): string {
  return result instanceof RawJson ? result.text : JSON.stringify(result);
}

/** `{"code","msg"}` of a refusal. */
export function errorJson(refusal: VenueRefusal): string {
  return JSON.stringify({ code: refusal.venueCode, msg: refusal.message });
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
