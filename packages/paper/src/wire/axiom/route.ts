import { refuse } from "./refusal.ts";
import type { User } from "./users.ts";

/** A request on its way to a route. */
export interface Call {
  /** Of the path; the first value of a name counts. */
  readonly query: URLSearchParams;
  /** Of the JSON body; empty without one. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The value of a cookie. */
  cookie(name: string): string | undefined;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** What this region's clock is ahead, milliseconds. */
  readonly skewMs: number;
  /** Whether a login needs a Turnstile token. */
  readonly demandsTurnstile: boolean;
}

export interface UserCall extends Call {
  readonly user: User;
}

/** A handler's result when it is more than JSON with status 200. */
export class Reply {
  readonly body: unknown;
  readonly cookies: readonly string[];
  /** True sends `body`, a text, as it is. */
  readonly isPlain: boolean;

  constructor(body: unknown, { cookies = [], isPlain = false }: { cookies?: readonly string[]; isPlain?: boolean }) {
    this.body = body;
    this.cookies = cookies;
    this.isPlain = isPlain;
  }
}

/**
 * One thing the venue can be asked. A handler returns what becomes JSON, a `Reply`, or a promise of either.
 * `of` is verb and path, `GET /token-info`.
 */
export type Route =
  | { readonly of: string; readonly needsSession: false; readonly handle: (call: Call) => unknown }
  | { readonly of: string; readonly needsSession: true; readonly handle: (call: UserCall) => unknown };

export function open(of: string, handle: (call: Call) => unknown): Route {
  return { of, needsSession: false, handle };
}

export function closed(of: string, handle: (call: UserCall) => unknown): Route {
  return { of, needsSession: true, handle };
}

/** A query parameter that must be there. @throws {AxiomRefusal} 400 otherwise. */
export function parameter({ query }: Call, name: string): string {
  const value = query.get(name);
  if (value === null || value === "") throw refuse.malformed(`${name} is required`);
  return value;
}

/** A text of the body that must be there. @throws {AxiomRefusal} 400 otherwise. */
export function text({ body }: Call, name: string): string {
  const value = body[name];
  if (typeof value !== "string" || value === "") throw refuse.malformed(`${name} is required`);
  return value;
}

/** A list of texts of the body that must be there; it may be empty. @throws {AxiomRefusal} 400 otherwise. */
export function texts({ body }: Call, name: string): readonly string[] {
  const value = body[name];
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw refuse.malformed(`${name} must be a list of texts`);
}

/** `value` as an object; empty for anything else. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
