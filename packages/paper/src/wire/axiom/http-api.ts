import type { HttpAnswer, HttpRequest, Place, Refusal } from "../protocol.ts";
import { accountRoutes } from "./account-routes.ts";
import { authRoutes } from "./auth-routes.ts";
import { ACCESS_COOKIE, cookieOf } from "./cookies.ts";
import { feedRoutes } from "./feed-routes.ts";
import { pairRoutes } from "./pair-routes.ts";
import { AxiomRefusal, refuse } from "./refusal.ts";
import { relayRoutes } from "./relay.ts";
import { type Call, Reply, type Route, recordOf } from "./route.ts";
import { reportRoutes } from "./trade-reports.ts";
import type { AxiomVenue } from "./venue.ts";

const JSON_TYPE = "application/json; charset=utf-8";
const FOOTER = "<hr><i>uWebSockets/20 Server</i>";
const NOT_FOUND_PAGE = `<html><body><h1>File Not Found</h1>${FOOTER}</body></html>`;
const WRONG_METHOD_PAGE = `<html><body><h1>Method Not Allowed</h1>${FOOTER}</body></html>`;
const CLIPBOARD = "/clipboard-pair-info";

/** Statuses that Cloudflare answers with a page, before the venue sees anything. */
const isCloudflare = (status: number) => status >= 520 && status <= 530;

/** The REST API: routes, sessions, and what stands before them. */
export class HttpApi {
  readonly #venue: AxiomVenue;
  readonly #place: Place;
  readonly #demandsTurnstile: () => boolean;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #paths = new Map<string, string[]>(); // path -> verbs

  constructor(venue: AxiomVenue, place: Place, demandsTurnstile: () => boolean) {
    this.#venue = venue;
    this.#place = place;
    this.#demandsTurnstile = demandsTurnstile;
    const routes = [
      ...authRoutes(venue),
      ...accountRoutes(venue),
      ...pairRoutes(venue),
      ...feedRoutes(venue),
      ...relayRoutes(venue.relay),
      ...reportRoutes(venue.reports),
    ];
    this.#routes = new Map(routes.map((route) => [route.of, route]));
    for (const { of } of routes) {
      const [verb, path] = of.split(" ") as [string, string];
      this.#paths.set(path, [...(this.#paths.get(path) ?? []), verb]);
    }
  }

  /** Performs a request; the answer comes now or, of a login, when its password is checked. */
  handle(request: HttpRequest, answer: (answer: HttpAnswer) => void): void {
    const path = pathOf(request.path);
    const route = this.#routes.get(`${request.method} ${path}`);
    const waitMs = this.#venue.limiter?.waitFor(request.ip) ?? 0;
    if (waitMs > 0) return answer(tooMany(Math.ceil(waitMs / 1000)));
    if (route === undefined) return answer(this.#missing(path));
    let result: unknown;
    try {
      result = this.#perform(route, path, request);
    } catch (error) {
      return answer(this.#refusalOf(error));
    }
    if (!(result instanceof Promise)) return answer(answerOf(result));
    result.then(
      (late: unknown) => answer(answerOf(late)),
      (error: unknown) => answer(this.#refusalOf(error)),
    );
  }

  #perform(route: Route, path: string, request: HttpRequest): unknown {
    const call: Call = {
      query: new URLSearchParams(request.query),
      body: bodyOf(request.body),
      cookie: (name) => cookieOf(request.headers, name),
      nowMs: Math.floor(this.#venue.options.clock.nowUs() / 1000),
      skewMs: Math.round(this.#place.skewUs / 1000),
      demandsTurnstile: this.#venue.turnstile || this.#demandsTurnstile(),
    };
    if (!route.needsSession) return route.handle(call);
    const session = this.#venue.userOf(call.cookie(ACCESS_COOKIE));
    if (session === undefined) throw path === CLIPBOARD ? refuse.sessionInvalid() : refuse.noSession();
    return route.handle({ ...call, user: session.user });
  }

  #missing(path: string): HttpAnswer {
    const verbs = this.#paths.get(path);
    if (verbs === undefined) return page(404, NOT_FOUND_PAGE);
    const { status, headers, text } = page(405, WRONG_METHOD_PAGE);
    return { status, headers: { ...headers, allow: verbs.join(", ") }, text };
  }

  #refusalOf(error: unknown): HttpAnswer {
    if (!(error instanceof AxiomRefusal)) {
      this.#venue.fail(error instanceof Error ? error : new Error(String(error)));
    }
    const { status, message } = error instanceof AxiomRefusal ? error : refuse.internal();
    return json(status, { error: message });
  }
}

/** A refusal that a fault asks for: `{"error": text}`, or a page where Cloudflare answers in the venue's place. */
export function refusalAnswer({ status, text, retryAfterSeconds }: Refusal): HttpAnswer {
  const words = text ?? WORDS[status] ?? "Something went wrong";
  const answer = isCloudflare(status)
    ? page(status, `<html><head><title>axiom.trade | ${status}: ${words}</title></head><body></body></html>`)
    : json(status, { error: words });
  if (retryAfterSeconds === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, "retry-after": String(retryAfterSeconds) } };
}

const WORDS: Readonly<Record<number, string>> = {
  401: "Unauthorized",
  413: "Request body is too long",
  429: "Too many requests",
  500: "Internal server error",
  502: "Session invalid, please login again",
  503: "Service unavailable",
  526: "Invalid SSL certificate",
};

// Some clients reach the same routes below another root.
function pathOf(path: string): string {
  return path.replace(/^\/(wo|api)(?=\/)/, "");
}

function bodyOf(text: string): Readonly<Record<string, unknown>> {
  if (text === "") return {};
  try {
    return recordOf(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) throw refuse.malformed("body must be JSON");
    throw error;
  }
}

function tooMany(retryAfterSeconds: number): HttpAnswer {
  return refusalAnswer({ status: 429, code: undefined, text: undefined, retryAfterSeconds });
}

function answerOf(result: unknown): HttpAnswer {
  if (!(result instanceof Reply)) return json(200, result);
  const { body, cookies, isPlain } = result;
  const answer = isPlain
    ? { status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, text: String(body) }
    : json(200, body);
  return cookies.length === 0 ? answer : { ...answer, headers: { ...answer.headers, "set-cookie": [...cookies] } };
}

function json(status: number, value: unknown): HttpAnswer {
  return { status, headers: { "content-type": JSON_TYPE }, text: JSON.stringify(value) };
}

function page(status: number, text: string): HttpAnswer {
  return { status, headers: { "content-type": "text/html" }, text };
}
