import type { EndpointChoice } from "../../region/endpoints.ts";
import type { FeedOptions } from "./event-feed.ts";
import { PushConnection, type PushEvent, type PushStream, parseFrame } from "./push-stream.ts";
import { isPong, PING, type SocketParts } from "./socket.ts";
import type { MoreColumns } from "./wire/read.ts";
import { type EucalyptusTrade, parseEucalyptus } from "./wire/tracked.ts";

/** Chains whose tracked wallets have a socket. */
export const TRACKED_CHAINS = ["sol", "bnb"] as const;
export type TrackedChain = (typeof TRACKED_CHAINS)[number];

type EucalyptusContent =
  | { readonly kind: "trade"; readonly trade: EucalyptusTrade & MoreColumns }
  /** A message that is no row, untouched. On `bnb` every one: the form of its rows is not known. */
  | { readonly kind: "unknown"; readonly message: unknown };

/** What the socket said, or the word that some of it is missing for good: it numbers nothing and repeats nothing. */
export type EucalyptusEvent = PushEvent<EucalyptusContent>;

export interface EucalyptusStreamOptions extends FeedOptions<EucalyptusEvent> {
  /** Whose wallets; default `sol`. Of `bnb` no more is known than that its socket is there. */
  readonly chain?: TrackedChain;
}

/** Trades of the wallets that the user tracks. */
export type EucalyptusStream = PushStream<EucalyptusContent>;

const PING_EVERY_NS = 30e9;

/**
 * Opens the socket that pushes trades of tracked wallets without being asked. Its columns are best effort: see `EucalyptusTrade`.
 *
 * Known from two programs of others that work; no capture of it was seen.
 *
 * @throws {InvalidInputError} When an option breaks its rule; nothing was opened then.
 */
export function openEucalyptusStream(
  options: EucalyptusStreamOptions,
  endpoints: EndpointChoice,
  parts: SocketParts,
): EucalyptusStream {
  const { clock } = parts;
  const hasRows = options.chain !== "bnb";
  let pingedNs = 0;
  const stream: PushConnection<EucalyptusContent> = new PushConnection<EucalyptusContent>(
    options,
    {
      name: "eucalyptus",
      read(data, isBinary) {
        return isPong(data, isBinary) ? [] : readEucalyptus(data, hasRows);
      },
      onOpen() {
        pingedNs = clock.monotonicNs();
      },
      // As the site does; whether this socket answers is not known, so that the pings of the protocol judge it.
      onTick(nowNs) {
        if (nowNs - pingedNs < PING_EVERY_NS) return;
        pingedNs = nowNs;
        stream.trySend(PING);
      },
    },
    endpoints,
    parts,
  );
  return stream;
}

/** Reads a message. @param hasRows False where no form of rows is known. @throws {ProtocolError} When it is no JSON, or a row has another form. */
export function readEucalyptus(data: Buffer, hasRows: boolean): readonly EucalyptusContent[] {
  const message = parseFrame("eucalyptus", data);
  const rows = hasRows ? toRows(message) : undefined;
  if (rows === undefined) return [{ kind: "unknown", message }];
  return rows.map((row) => ({ kind: "trade", trade: parseEucalyptus(row) }));
}

/** One row, or a list of rows; undefined for what is neither. */
function toRows(message: unknown): readonly unknown[] | undefined {
  if (!Array.isArray(message)) return undefined;
  return message.length > 0 && message.every(Array.isArray) ? message : [message];
}
