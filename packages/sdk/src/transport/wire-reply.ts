import type { HttpReply } from "./transport.ts";

/**
 * A reply as it came from the wire. Headers are made text when somebody asks for them, which is seldom: most of the cost of an answer,
 * after the system's, would be names and dates that nobody reads.
 */
export class WireReply implements HttpReply {
  readonly status: number;
  readonly body: Buffer;
  readonly #raw: readonly Buffer[]; // name, value, name, value ...
  #headers: HttpReply["headers"] | undefined = undefined;

  constructor(status: number, raw: readonly Buffer[], body: Buffer) {
    this.status = status;
    this.body = body;
    this.#raw = raw;
  }

  get headers(): HttpReply["headers"] {
    this.#headers ??= parse(this.#raw);
    return this.#headers;
  }

  /** As `headerOf`. */
  header(name: string): string | undefined {
    const raw = this.#raw;
    for (let i = 0; i < raw.length; i += 2) {
      if (isCalled(raw[i] as Buffer, name)) return (raw[i + 1] as Buffer).toString("latin1");
    }
    return undefined;
  }
}

/** The first value of one header, without making text of the others. @param name In lower case. */
export function headerOf(reply: HttpReply, name: string): string | undefined {
  if (reply instanceof WireReply) return reply.header(name);
  const value = reply.headers[name];
  return typeof value === "object" ? value[0] : value;
}

function parse(raw: readonly Buffer[]): HttpReply["headers"] {
  const headers: Record<string, string | string[]> = Object.create(null); // a venue may call a header "__proto__"
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as Buffer).toString("latin1").toLowerCase();
    const value = (raw[i + 1] as Buffer).toString("latin1");
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (typeof before === "string") headers[name] = [before, value];
    else before.push(value);
  }
  return headers;
}

function isCalled(raw: Buffer, name: string): boolean {
  if (raw.length !== name.length) return false;
  for (let i = 0; i < raw.length; i++) {
    const byte = raw[i] as number;
    const wanted = name.charCodeAt(i);
    if (byte !== wanted && (byte | 0x20) !== wanted) return false; // a capital is its small letter without this bit
  }
  return true;
}
