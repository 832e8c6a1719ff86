import type { IncomingMessage, ServerResponse } from "node:http";
import type { RateLimits, Traffic } from "./rate.ts";
import { HttpError, sendJson } from "./reply.ts";
import { actionRoutes } from "./routes/actions.ts";
import { fileRoutes } from "./routes/files.ts";
import type { Desk, Route } from "./routes/route.ts";
import { stateRoutes } from "./routes/state.ts";

const ROUTES: readonly Route[] = [...stateRoutes, ...fileRoutes, ...actionRoutes];

/** Answers a request of `/api/` that the guard has let in. @throws {HttpError} What is to be answered instead. */
export async function answerApi(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  desk: Desk,
  limits: RateLimits,
): Promise<void> {
  const path = url.pathname.slice("/api/".length);
  const method = request.method === "HEAD" ? "GET" : request.method;
  const address = request.socket.remoteAddress ?? "";
  for (const route of ROUTES) {
    const match = route.method === method ? route.pattern.exec(path) : null;
    if (match === null) continue;
    takeTurn(limits, route.traffic, address);
    const value = await route.answer(
      { request, response, query: url.searchParams, parts: match.slice(1).map(decode) },
      desk,
    );
    if (!response.headersSent && !response.destroyed) sendJson(response, 200, value);
    return;
  }
  throw new HttpError(404, "there is nothing at this path");
}

/** Counts a request. @throws {HttpError} 429 when its address has had its share. */
export function takeTurn(limits: RateLimits, traffic: Traffic, address: string): void {
  if (limits.tryTake(traffic, address)) return;
  throw new HttpError(429, "too many requests: wait a moment", {
    "retry-after": String(limits.retryAfterS(traffic, address)),
  });
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpError(400, "the path is not encoded as a URL has to be");
  }
}
