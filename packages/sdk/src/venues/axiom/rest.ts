import type { Clock } from "@pitlane/perf";
import type { CallControl, WriteControl } from "../../calls.ts";
import { checkControl, checkWriteControl } from "../../checks.ts";
import { ProtocolError } from "../../errors.ts";
import { HttpCall, type Send } from "../../transport/transport.ts";

/** Which hosts a call goes to. */
export type AxiomService = "rest" | "account" | "transactions" | "friends" | "bnb" | "turnkey";

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Ask<T> {
  /** Default `rest`. */
  readonly service?: AxiomService;
  readonly path: string;
  readonly query?: Query;
  /** Makes it a POST. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** A body that goes out as it is; makes it a POST. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default true. */
  readonly isPrivate?: boolean;
  readonly parse: (value: unknown) => T;
  /** In place of `JSON.parse`. */
  readonly parseText?: (text: string) => unknown;
}

export interface RestOptions {
  readonly sends: Readonly<Record<AxiomService, Send>>;
  readonly clock: Pick<Clock, "nowUs">;
}

/** The venue's calls as JSON in and out. Of a reply that cannot be read no word is shown: it may hold a secret. */
export class Rest {
  readonly #sends: RestOptions["sends"];
  readonly #clock: RestOptions["clock"];

  constructor({ sends, clock }: RestOptions) {
    this.#sends = sends;
    this.#clock = clock;
  }

  /** A read: repeated where that helps. A caller's abort rejects with his own reason. */
  async read<T>(ask: Ask<T>, control: CallControl = {}): Promise<T> {
    checkControl(control);
    const { signal } = control;
    signal?.throwIfAborted();
    try {
      return await this.#send(ask, control, true);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }

  /** A write: goes out once, unless no byte of it can have left. Its error says in `outcome` whether it may have been acted on. */
  async write<T>(ask: Ask<T>, control: WriteControl = {}): Promise<T> {
    checkWriteControl(control);
    return this.#send(ask, control, false);
  }

  async #send<T>(
    ask: Ask<T>,
    { signal, timeoutMs, retries, hedgeAfterMs, onSent }: WriteControl,
    isRead: boolean,
  ): Promise<T> {
    const { service = "rest", path, query = {}, body, text, headers, isPrivate = true, parse, parseText } = ask;
    const nowMs = Math.floor(this.#clock.nowUs() / 1000);
    const v = service === "friends" ? nowMs % 10 : nowMs; // the site's own way round caches
    const sent = text ?? (body === undefined ? undefined : JSON.stringify({ ...body, v }));
    const call = new HttpCall({
      method: sent === undefined ? "GET" : "POST",
      path,
      query: encode(sent === undefined ? { ...query, v } : query),
      headers: headers ?? (sent === undefined ? {} : JSON_TYPE),
      ...(sent === undefined ? {} : { body: sent }),
      isRead,
      isPrivate,
      priority: isRead ? "read" : "new",
      timeoutMs,
      retries,
      hedgeAfterMs,
      signal,
      onSent,
    });
    const reply = await this.#sends[service](call);
    const answer = reply.body.toString("utf8");
    return parse(parseText === undefined ? parseJson(call.what, answer) : parseText(answer));
  }
}

/** For what has no known form: JSON where it is that, else the text itself. */
export function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const JSON_TYPE = { "content-type": "application/json" };

function parseJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const kind = text.trimStart().startsWith("<") ? "a page" : "no JSON";
    throw new ProtocolError(`${what}: the reply is ${kind}, ${text.length} characters`);
  }
}

function encode(query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.append(name, String(value));
  return params.toString();
}
