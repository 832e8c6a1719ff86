import { LineProblem } from "./errors.ts";
import { isObject } from "./recorded-line.ts";

interface Change {
  readonly line: number;
  /** What is subscribed from this line on. */
  readonly streams: ReadonlySet<string>;
}

const NOTHING: ReadonlySet<string> = new Set();

/**
 * Knows which streams a recorded connection was subscribed to at a line of its file: those in the address
 * (`/ws/<a>/<b>`, `/stream?streams=<a>/<b>`), then what SUBSCRIBE and UNSUBSCRIBE changed.
 *
 * Needed for raw sockets alone, whose events do not name their stream. Filled once, in the order of the lines, and asked
 * for any line afterwards, so that a second reading may begin in the middle of the file.
 */
export class SubscriptionLog {
  readonly #changes = new Map<string, Change[]>();

  /** Notes a connection's opening. @throws {LineProblem} When `address` is not a URL. */
  connect(connection: string, address: string, line: number): void {
    if (!URL.canParse(address)) throw new LineProblem('the connect record\'s "addr" is not a URL');
    const url = new URL(address);
    const path = /\/ws\/(.+)$/.exec(url.pathname)?.[1] ?? "";
    // Decoded as a query, where a stray percent sign is no error; "+" would be a space there.
    const decoded = new URLSearchParams(`path=${path.replaceAll("+", "%2B")}`).get("path") ?? "";
    const names = `${decoded}/${url.searchParams.get("streams") ?? ""}`.split("/");
    // A client may number its sockets in the path: /ws/0 is no stream.
    this.#note(connection, line, new Set(names.filter((name) => /[@!]/.test(name))));
  }

  /** Notes a frame the client sent. Anything but SUBSCRIBE and UNSUBSCRIBE changes nothing. */
  send(connection: string, text: string, line: number): void {
    const params = /"(UN)?SUBSCRIBE"/.test(text) ? paramsOf(text) : undefined;
    if (params === undefined) return;
    const streams = new Set(this.at(connection, line));
    for (const name of params.names) {
      if (params.adds) streams.add(name);
      else streams.delete(name);
    }
    this.#note(connection, line, streams);
  }

  /** What was subscribed when `line` was received. */
  at(connection: string, line: number): ReadonlySet<string> {
    const changes = this.#changes.get(connection);
    if (changes === undefined) return NOTHING;
    for (let i = changes.length - 1; i >= 0; i--) {
      const change = changes[i]!;
      if (change.line < line) return change.streams;
    }
    return NOTHING;
  }

  #note(connection: string, line: number, streams: ReadonlySet<string>): void {
    const changes = this.#changes.get(connection);
    if (changes === undefined) this.#changes.set(connection, [{ line, streams }]);
    else changes.push({ line, streams });
  }
}

function paramsOf(text: string): { readonly adds: boolean; readonly names: readonly string[] } | undefined {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    // What a client sent is not the venue's word: a malformed frame of it subscribed nothing.
    return undefined;
  }
  if (!isObject(request, "params") || !Array.isArray(request["params"])) return undefined;
  const names = request["params"].filter((name): name is string => typeof name === "string");
  if (request["method"] === "SUBSCRIBE") return { adds: true, names };
  return request["method"] === "UNSUBSCRIBE" ? { adds: false, names } : undefined;
}
