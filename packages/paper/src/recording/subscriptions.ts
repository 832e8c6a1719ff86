import { LineProblem } from "./errors.ts";
import { isObject } from "./recorded-line.ts";

interface Change {
  readonly line: number;
  /** What is subscribed from this line on. */
  readonly streams: ReadonlySet<string>;
}

interface Connection {
  readonly changes: Change[];
  /** Lines of its connect records: each opened another socket under the same name. */
  readonly openings: number[];
  /** What UNSUBSCRIBE asked to end, by the request's id. */
  readonly ending: Map<unknown, readonly string[]>;
}

const NOTHING: ReadonlySet<string> = new Set();
const MOST_ENDING = 1_000; // unanswered requests of one connection; more than any client sends

/**
 * Knows which streams a recorded connection was subscribed to at a line of its file: those in the address
 * (`/ws/<a>/<b>`, `/stream?streams=<a>/<b>`), then what SUBSCRIBE added and answered UNSUBSCRIBEs ended.
 *
 * Needed for raw sockets alone, whose events do not name their stream. Filled once, in the order of the lines, and asked
 * for any line afterwards, so that a second reading may begin in the middle of the file.
 */
export class SubscriptionLog {
  readonly #path: string;
  readonly #connections = new Map<string, Connection>();

  /** @param path - Of the file, so that sockets of two files differ. */
  constructor(path = "") {
    this.#path = path;
  }

  /** Notes a connection's opening. @throws {LineProblem} When `address` is not a URL. */
  connect(connection: string, address: string, line: number): void {
    if (!URL.canParse(address)) throw new LineProblem('the connect record\'s "addr" is not a URL');
    const url = new URL(address);
    const path = /\/ws\/(.+)$/.exec(url.pathname)?.[1] ?? "";
    // Decoded as a query, where a stray percent sign is no error; "+" would be a space there.
    const decoded = new URLSearchParams(`path=${path.replaceAll("+", "%2B")}`).get("path") ?? "";
    const names = `${decoded}/${url.searchParams.get("streams") ?? ""}`.split("/");
    const known = this.#of(connection);
    known.openings.push(line);
    known.ending.clear();
    // A client may number its sockets in the path: /ws/0 is no stream.
    known.changes.push({ line, streams: new Set(names.filter((name) => /[@!]/.test(name))) });
  }

  /** Notes a frame the client sent. Anything but SUBSCRIBE and UNSUBSCRIBE changes nothing. */
  send(connection: string, text: string, line: number): void {
    const request = /"(UN)?SUBSCRIBE"/.test(text) ? requestOf(text) : undefined;
    if (request === undefined) return;
    const { changes, ending } = this.#of(connection);
    if (request.adds) changes.push({ line, streams: new Set([...this.at(connection, line), ...request.names]) });
    // Until the venue has answered, events may be under way.
    else if (ending.size < MOST_ENDING) ending.set(request.id, request.names);
  }

  /** Notes the venue's answer to a request. */
  answer(connection: string, id: unknown, line: number): void {
    const known = this.#connections.get(connection);
    const ended = known?.ending.get(id);
    if (known === undefined || ended === undefined) return;
    known.ending.delete(id);
    const streams = new Set(this.at(connection, line));
    for (const name of ended) streams.delete(name);
    known.changes.push({ line, streams });
  }

  /** What was subscribed when `line` was received. */
  at(connection: string, line: number): ReadonlySet<string> {
    const changes = this.#connections.get(connection)?.changes ?? [];
    for (let i = changes.length - 1; i >= 0; i--) {
      const change = changes[i]!;
      if (change.line < line) return change.streams;
    }
    return NOTHING;
  }

  /** The socket that brought `line`: a connection that was opened again is another one. */
  socketAt(connection: string, line: number): string {
    const openings = this.#connections.get(connection)?.openings;
    if (openings === undefined) return connection;
    for (let i = openings.length - 1; i >= 0; i--) {
      if (openings[i]! < line) return `${connection} ${this.#path}:${openings[i]!}`;
    }
    return connection;
  }

  #of(connection: string): Connection {
    let known = this.#connections.get(connection);
    if (known === undefined) {
      known = { changes: [], openings: [], ending: new Map() };
      this.#connections.set(connection, known);
    }
    return known;
  }
}

interface Request {
  readonly adds: boolean;
  readonly names: readonly string[];
  readonly id: unknown;
}

function requestOf(text: string): Request | undefined {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    // What a client sent is not the venue's word: a malformed frame of it subscribed nothing.
    return undefined;
  }
  if (!isObject(request, "params") || !Array.isArray(request["params"])) return undefined;
  const names = request["params"].filter((name): name is string => typeof name === "string");
  const { id } = request as { readonly id?: unknown };
  if (request["method"] === "SUBSCRIBE") return { adds: true, names, id };
  return request["method"] === "UNSUBSCRIBE" ? { adds: false, names, id } : undefined;
}
