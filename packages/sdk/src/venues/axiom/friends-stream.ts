import { InvalidInputError } from "@pitlane/perf";
import { checkObject } from "../../checks.ts";
import type { EndpointChoice } from "../../region/endpoints.ts";
import { keepalive } from "../../stream/keepalive.ts";
import { checkText } from "./checks.ts";
import type { FeedOptions } from "./event-feed.ts";
import { PushConnection, type PushEvent, type PushStream } from "./push-stream.ts";
import { jsonOrText } from "./rest.ts";
import type { SocketParts } from "./socket.ts";
import type { OpenRecord } from "./wire/read.ts";

/** Where in the site the user is said to be. */
export interface FriendsPage {
  /** `meme` is the page of a pair, and the only one ever seen; default that. */
  readonly page?: string;
  /** The pair, as the venue has it: what `market.getPairRecord` gives. */
  readonly subpage: OpenRecord;
  /** Default `sol`, the only one ever seen. */
  readonly chain?: string;
}

/** A message of the socket, untouched: no source shows what it tells. */
interface FriendsContent {
  readonly kind: "unknown";
  /** JSON where it was that, else its text; of a binary frame the bytes. */
  readonly message: unknown;
}

/** What the socket said, or the word that some of it is missing for good. */
export type FriendsEvent = PushEvent<FriendsContent>;

export interface FriendsStreamOptions extends FeedOptions<FriendsEvent> {
  /** Said on every open. Default nothing: friends are not told where the user is. */
  readonly page?: FriendsPage;
}

/** The presence of friends, and the user's own. */
export interface FriendsStream extends PushStream<FriendsContent> {
  /** Tells friends where the user is: now, and with every reconnect. @throws {InvalidInputError} When it is no page. */
  setPage(page: FriendsPage): void;
}

// Once a second, as those programs send it; the server says the same back.
const DOT = keepalive({ everyMs: 1_000, text: ".", isAnswer: isDot });
const PONG = '{"type":"pong"}';

/**
 * Opens the socket of presence: the user's page goes out, what comes is handed over untouched.
 *
 * A text frame `.` goes out each second and is echoed; no echo in 10 s ends the socket. `{"type":"ping"}` is answered by
 * `{"type":"pong"}`, and neither of them is an event: who of the two asks is not said anywhere.
 * Known from programs of others that work (2026-06); no capture of it was seen.
 *
 * @throws {InvalidInputError} When an option breaks its rule; nothing was opened then.
 */
export function openFriendsStream(
  options: FriendsStreamOptions,
  endpoints: EndpointChoice,
  parts: SocketParts,
): FriendsStream {
  let update = options.page === undefined ? undefined : toUpdate(options.page);
  const stream: PushConnection<FriendsContent> = new PushConnection<FriendsContent>(
    options,
    {
      name: "friends",
      keepalive: DOT,
      read(data, isBinary) {
        if (isDot(data, isBinary)) return []; // an echo that came late
        const message = isBinary ? new Uint8Array(data) : jsonOrText(data.toString("utf8"));
        const type = typeOf(message);
        if (type === "ping") stream.trySend(PONG);
        return type === "ping" || type === "pong" ? [] : [{ kind: "unknown", message }];
      },
      onOpen(link) {
        if (update !== undefined) link.trySend(update);
      },
    },
    endpoints,
    parts,
  );
  return {
    ready: stream.ready,
    setPage(page) {
      update = toUpdate(page);
      stream.trySend(update);
    },
    [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
    close: () => stream.close(),
  };
}

function toUpdate(given: FriendsPage): string {
  checkObject("page", given);
  const { page = "meme", subpage, chain = "sol" } = given;
  checkText("page.page", page, 100);
  checkText("page.chain", chain, 20);
  if (typeof subpage !== "object" || subpage === null || Array.isArray(subpage)) {
    throw new InvalidInputError("page.subpage must be an object: what market.getPairRecord gives");
  }
  return JSON.stringify({ type: "pageUpdate", page, subpage, chain });
}

function isDot(data: Buffer, isBinary: boolean): boolean {
  return !isBinary && data.length === 1 && data[0] === 0x2e;
}

function typeOf(message: unknown): unknown {
  return typeof message === "object" && message !== null && "type" in message ? message.type : undefined;
}
