import { createHash } from "node:crypto";
import { validateHeaderName, validateHeaderValue } from "node:http";

/** The answer to a handshake, up to its empty line. */
export interface HandshakeAnswer {
  readonly status: number;
  /** By name in lower case; values of one that came several times are joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
  /** How many bytes it has: frames follow. */
  readonly length: number;
}

const MOST_ANSWER_BYTES = 16_384; // as node:http
const NOT_HTTP = "the handshake was answered with something that is not HTTP";

/** The URL of a WebSocket, checked. @throws {SyntaxError} When it is none. */
export function socketUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^wss?:$/.test(url.protocol) && !url.hash && !url.username && !url.password) return url;
  // Not shown: it may hold a key.
  throw new SyntaxError("a WebSocket's URL must be one of ws or wss, without user and fragment");
}

/**
 * The request that asks a server for a WebSocket: RFC 6455, section 4.1. No extension and no subprotocol is offered.
 *
 * @param given Sent as they are; those of the protocol itself are ours.
 * @param key 16 random bytes, in base64.
 * @throws {TypeError} When a header cannot be sent.
 */
export function upgradeRequest(url: URL, given: Readonly<Record<string, string>>, key: string): string {
  const headers = new Map([["host", `Host: ${url.host}`]]);
  const set = (name: string, value: string) => {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    headers.set(name.toLowerCase(), `${name}: ${value}`);
  };
  for (const [name, value] of Object.entries(given)) set(name, value);
  set("Sec-WebSocket-Version", "13");
  set("Sec-WebSocket-Key", key);
  set("Connection", "Upgrade");
  set("Upgrade", "websocket");
  return `GET ${url.pathname}${url.search} HTTP/1.1\r\n${[...headers.values()].join("\r\n")}\r\n\r\n`;
}

/**
 * The answer to a handshake, once it is whole; interim ones are passed over.
 *
 * @param text What came so far, a character for each byte.
 * @throws {SyntaxError} As soon as it is seen to be no answer of HTTP, or too long.
 */
export function readAnswer(text: string): HandshakeAnswer | undefined {
  for (let from = 0; ; ) {
    const begin = text.slice(from, from + 7);
    if (!"HTTP/1.".startsWith(begin)) throw new SyntaxError(NOT_HTTP);
    const end = text.indexOf("\r\n\r\n", from);
    if ((end < 0 ? text.length : end) - from > MOST_ANSWER_BYTES)
      throw new SyntaxError(`the answer to the handshake has more than ${MOST_ANSWER_BYTES} bytes`);
    if (end < 0) return undefined;
    const [first = "", ...lines] = text.slice(from, end).split("\r\n");
    const status = Number(/^HTTP\/1\.[01] ([1-5]\d\d)(?: |$)/.exec(first)?.[1]);
    const headers = new Map<string, string>();
    for (const line of lines) {
      const [, name, value] = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new SyntaxError(NOT_HTTP);
      const key = name.toLowerCase();
      const before = headers.get(key);
      headers.set(key, before === undefined ? value : `${before}, ${value}`);
    }
    if (Number.isNaN(status)) throw new SyntaxError(NOT_HTTP);
    from = end + 4;
    if (status === 101 || status >= 200) return { status, headers, length: from };
  }
}

/** What is wrong with a `101`, by RFC 6455, section 4.1; undefined when nothing is. */
export function problemOf({ headers }: HandshakeAnswer, key: string): string | undefined {
  const wrong = (name: string) => `the handshake was answered with a wrong ${name}`;
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") return wrong("Upgrade");
  if (!/(?:^|,)\s*upgrade\s*(?:,|$)/i.test(headers.get("connection") ?? "")) return wrong("Connection");
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  if (headers.get("sec-websocket-accept") !== accept) return wrong("Sec-WebSocket-Accept");
  if (headers.has("sec-websocket-extensions")) return "the server uses an extension that was not offered";
  if (headers.has("sec-websocket-protocol")) return "the server speaks a subprotocol that was not asked for";
  return undefined;
}
