import type { IncomingMessage, ServerResponse } from "node:http";
import type { ObservedSession } from "pitlane";
import type { MarketDesk } from "../market-desk.ts";
import type { PushHub } from "../push.ts";
import type { Traffic } from "../rate.ts";
import type { Reader } from "../reading/reader.ts";
import type { RecentPoints } from "../recent-points.ts";
import { HttpError } from "../reply.ts";
import type { RuntimeParts } from "../runtime-parts.ts";

/** What routes answer from. */
export interface Desk {
  readonly session: ObservedSession;
  readonly reader: Reader;
  readonly markets: MarketDesk;
  readonly recent: RecentPoints;
  readonly hub: PushHub;
  readonly runtime: RuntimeParts;
  /** Aborts when the server closes. */
  readonly signal: AbortSignal;
}

/** A request as a route sees it. */
export interface Ask {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** Parts of the path that the pattern leaves open, decoded. */
  readonly parts: readonly string[];
}

/** What a path of the API answers. */
export interface Route {
  readonly method: "GET" | "POST";
  /** Of the path, after `/api/`; what is in parentheses are the parts. */
  readonly pattern: RegExp;
  readonly traffic: Traffic;
  /** The value is sent as JSON; undefined when the route has answered by itself. */
  readonly answer: (ask: Ask, desk: Desk) => unknown;
}

/** A whole number of a query. @throws {HttpError} 400 when it is none or out of range. */
export function wholeOf(query: URLSearchParams, name: string, min: number, max: number): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min || value > max)
    throw new HttpError(400, `${name} must be a whole number from ${min} to ${max}`);
  return value;
}

/** A text of a query; undefined when it is empty. @throws {HttpError} 400 when it is too long. */
export function textOf(query: URLSearchParams, name: string, most: number): string | undefined {
  const text = query.get(name) ?? "";
  if (text.length > most) throw new HttpError(400, `${name} must have ${most} characters at most`);
  return text === "" ? undefined : text;
}
