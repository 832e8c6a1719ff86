import { createHash, timingSafeEqual } from "node:crypto";
import { isLoopback } from "./settings.ts";

/** What a request says of itself, as Node's `IncomingMessage` has it. */
export interface Asked {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: {
    readonly host?: string | undefined;
    readonly authorization?: string | undefined;
  };
}

/** A request that gets no metrics: its status, the reason for people, and the headers that go with it. */
export interface Refusal {
  readonly status: 401 | 404 | 405 | 421;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface AccessRules {
  readonly path: string;
  readonly token?: string | undefined;
}

/**
 * Why a request gets no metrics; undefined when it gets them. Pure.
 *
 * Without a token the server listens on loopback alone, and what reaches it under another name is a web page whose name was made to lead here
 * (DNS rebinding): such a Host is refused. Any port is taken, since a tunnel has one of its own.
 */
export function refuse({ method, url = "/", headers }: Asked, { path, token }: AccessRules): Refusal | undefined {
  if (token === undefined && !isLoopback(hostName(headers.host)))
    return { status: 421, reason: "this server answers to localhost alone", headers: {} };
  if (token !== undefined && !isEqual(headers.authorization ?? "", `Bearer ${token}`))
    return { status: 401, reason: "the bearer token is missing or wrong", headers: { "www-authenticate": "Bearer" } };
  if (url.split("?", 1)[0] !== path) return { status: 404, reason: `metrics are at ${path}`, headers: {} };
  if (method !== "GET" && method !== "HEAD")
    return { status: 405, reason: "GET and HEAD alone", headers: { allow: "GET, HEAD" } };
  return undefined;
}

/** Whether an `Accept-Encoding` header takes gzip: named, or by `*`, and with no quality of 0. Pure. Source: RFC 9110, section 12.5.3. */
export function takesGzip(acceptEncoding: string | undefined): boolean {
  const qualities = new Map<string, number>();
  for (const part of (acceptEncoding ?? "").split(",")) {
    const [coding = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const quality = parameters.find((text) => text.startsWith("q="))?.slice(2);
    qualities.set(coding, quality === undefined ? 1 : Number(quality));
  }
  return (qualities.get("gzip") ?? qualities.get("x-gzip") ?? qualities.get("*") ?? 0) > 0;
}

/** `[::1]:9464` -> `::1`. */
function hostName(host = ""): string {
  return /^\[(.*)\](?::\d+)?$/.exec(host)?.[1] ?? host.replace(/:\d+$/, "");
}

/** In a time that tells nothing of where they differ: their digests are compared. */
function isEqual(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
