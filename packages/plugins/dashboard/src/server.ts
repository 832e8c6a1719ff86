import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { InvalidInputError } from "@pitlane/perf";
import type { ObservedSession, OpenObserver } from "pitlane";
import { answerApi, takeTurn } from "./api.ts";
import { cookieFor, type House, rule, type Visit } from "./guard.ts";
import { MarketDesk } from "./market-desk.ts";
import { PushHub } from "./push.ts";
import { RateLimits } from "./rate.ts";
import type { Reader } from "./reading/reader.ts";
import { RecentPoints } from "./recent-points.ts";
import { HttpError, send, sendJson, sendPage } from "./reply.ts";
import type { Desk } from "./routes/route.ts";
import type { RuntimeParts } from "./runtime-parts.ts";
import { type CheckedSettings, checkReach, DEFAULT_PORT, isLoopback, ownNames } from "./settings.ts";
import type { PageFile } from "./static.ts";
import { feedStreams, openStream } from "./stream.ts";

/** What a dashboard is made of. */
export interface DashboardParts {
  readonly session: ObservedSession;
  readonly settings: CheckedSettings;
  readonly token: string;
  /** The built page by name; empty when it was not built. */
  readonly page: ReadonlyMap<string, PageFile>;
  readonly reader: Reader;
  readonly runtime: RuntimeParts;
  /** Addresses of this machine's network interfaces. */
  readonly addresses: readonly string[];
}

/** A dashboard that is being served. */
export interface OpenDashboard extends OpenObserver {
  /** Of the page, without the token: `http://127.0.0.1:7070/`. */
  readonly url: string;
  /** With the token. */
  readonly link: string;
  readonly port: number;
}

const MOST_CONNECTIONS = 256;
const MOST_HEADER_BYTES = 16 * 1024;

/**
 * Serves the page, its API and its stream by Node's own HTTP server: four kinds of paths and one policy on all of them, which a framework would
 * hide more than it would help.
 *
 * @throws {InvalidInputError} When the settings would open it to others, or it cannot listen where they say.
 */
export async function serveDashboard(parts: DashboardParts): Promise<OpenDashboard> {
  const { session, settings, token } = parts;
  checkReach(settings);
  const ending = new AbortController();
  const limits = new RateLimits(session.clock);
  const hub = new PushHub(session.clock);
  const markets = new MarketDesk(session);
  const { signal } = ending;
  const recent = new RecentPoints(session.samples);
  const desk: Desk = { session, reader: parts.reader, runtime: parts.runtime, hub, markets, recent, signal };
  let house: House | undefined; // known once it listens
  const server = createServer({ maxHeaderSize: MOST_HEADER_BYTES, requestTimeout: 30_000 }, (request, response) => {
    void answer(request, response).catch((error: unknown) => fail(request, response, error));
  });
  server.maxConnections = MOST_CONNECTIONS;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (house === undefined) throw new HttpError(503, "it is only just starting");
    const url = parseUrl(request.url);
    const address = request.socket.remoteAddress ?? "";
    const visit = visitOf(request, url);
    const showsToken = visit.linkToken !== undefined || visit.authorization !== undefined;
    if (showsToken && limits.isShut(address))
      throw new HttpError(429, "too many wrong tokens: wait a while", {
        "retry-after": String(limits.retryAfterS("guess", address)),
      });
    const ruling = rule(visit, house);
    if (ruling.verdict === "deny") {
      if (ruling.isGuess) limits.tryTake("guess", address);
      throw new HttpError(ruling.status, ruling.reason);
    }
    if (ruling.verdict === "enter") {
      const cookie = `${house.cookieName}=${house.cookieValue}; HttpOnly; SameSite=Strict; Path=/`;
      send(response, 303, "text/plain", "", { location: "/", "set-cookie": cookie });
      return;
    }
    if (url.pathname === "/api/stream") {
      takeTurn(limits, "api", address);
      openStream(request, response, url, { ...desk });
      return;
    }
    if (url.pathname.startsWith("/api/")) return answerApi(request, response, url, desk, limits);
    servePage(response, url.pathname, parts.page);
  }

  function fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const known = error instanceof HttpError;
    if (!known) session.log("dashboard", `${request.method} ${pathOf(request.url)}: ${messageOf(error)}`);
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const status = known ? error.status : 500;
    const message = known ? error.message : "this went wrong here: the session's log says why";
    const headers = known ? error.headers : {};
    if (pathOf(request.url).startsWith("/api/")) sendJson(response, status, { ok: false, error: message }, headers);
    else sendPage(response, status, "Pitlane", message, headers);
  }

  const port = await listen(server, settings);
  house = {
    names: ownNames(settings, port, parts.addresses),
    token,
    cookieName: `pitlane_dashboard_${port}`,
    cookieValue: cookieFor(token),
  };
  feedStreams({ ...desk });
  const url = `http://${hostOf(settings.host)}:${port}/`;
  const link = `${url}?token=${token}`;
  return {
    url,
    link,
    port,
    lines: linesOf(parts, link, port),
    async close() {
      ending.abort();
      recent.stop();
      hub.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await parts.reader.close();
    },
  };
}

function visitOf(request: IncomingMessage, url: URL): Visit {
  const { headers, method = "GET" } = request;
  const fetchSite = headers["sec-fetch-site"];
  return {
    method,
    path: url.pathname,
    linkToken: url.searchParams.get("token") ?? undefined,
    host: headers.host,
    origin: headers.origin,
    fetchSite: Array.isArray(fetchSite) ? fetchSite[0] : fetchSite,
    cookies: headers.cookie,
    authorization: headers.authorization,
    contentType: headers["content-type"],
  };
}

function servePage(response: ServerResponse, path: string, page: ReadonlyMap<string, PageFile>): void {
  if (page.size === 0)
    throw new HttpError(
      503,
      "the page was not built: run the build script of @pitlane/plugin-dashboard, then start again",
    );
  const file = page.get(path === "/" ? "/index.html" : path);
  if (file === undefined) throw new HttpError(404, "there is nothing at this path");
  const caching = file.isHashed ? "private, max-age=31536000, immutable" : "no-cache";
  send(response, 200, file.type, file.bytes, { "cache-control": caching });
}

/** Whether it could listen as it is asked to. @throws {InvalidInputError} When it could not. */
export async function checkPlace(settings: CheckedSettings): Promise<void> {
  checkReach(settings);
  const probe = createServer();
  await listen(probe, settings);
  await new Promise((resolve) => probe.close(resolve));
}

/** Port that was set, or the usual one, or a free one while that is taken. @throws {InvalidInputError} When it cannot listen there. */
async function listen(server: Server, { host, port }: CheckedSettings): Promise<number> {
  const tries = port === undefined ? [DEFAULT_PORT, 0] : [port];
  for (const wanted of tries) {
    try {
      return await listenAt(server, host, wanted);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" && port === undefined && wanted !== 0) continue;
      const remedy =
        code === "EADDRINUSE"
          ? 'end what listens there, or leave "port" out of its settings to get a free one'
          : 'set "host" and "port" in its settings to an address of this machine';
      throw new InvalidInputError(`the dashboard cannot listen at ${hostOf(host)}:${wanted} (${message}): ${remedy}`, {
        cause: error,
      });
    }
  }
  throw new InvalidInputError("the dashboard found no free port");
}

function listenAt(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function linesOf({ settings, page }: DashboardParts, link: string, port: number): string[] {
  const lines = [link];
  if (settings.port === undefined && port !== DEFAULT_PORT)
    lines.push(`port ${DEFAULT_PORT} is taken: it is at ${port}`);
  if (!isLoopback(settings.host))
    lines.push(
      "others on the network can reach it, and what it sends is not encrypted: put a proxy with TLS before it",
    );
  if (page.size === 0) lines.push("its page was not built: only its API answers");
  return lines.map((line) => `dashboard  ${line}`);
}

function hostOf(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

/** @throws {HttpError} 400 for a target that is no path. */
function parseUrl(target = "/"): URL {
  if (!target.startsWith("/") || !URL.canParse(target, "http://localhost")) throw new HttpError(400, "that is no path");
  return new URL(target, "http://localhost");
}

function pathOf(target = "/"): string {
  return target.split("?", 1)[0] ?? "/"; // never the token
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
