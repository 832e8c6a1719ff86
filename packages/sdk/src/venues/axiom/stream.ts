import { InvalidInputError } from "@pitlane/perf";
import { checkObject, checkSignal } from "../../checks.ts";
import type { ClientEmitter } from "../../client-events.ts";
import { createRegions, type Regions } from "../../region/regions.ts";
import type { ConnectionWatch } from "../../stream/connection.ts";
import { oneOf } from "./checks.ts";
import { type AxiomUrls, pulseEndpoints } from "./endpoints.ts";
import { type EucalyptusStreamOptions, openEucalyptusStream, TRACKED_CHAINS } from "./eucalyptus-stream.ts";
import { type FriendsStreamOptions, openFriendsStream } from "./friends-stream.ts";
import { openPulseStream, type PulseStreamOptions } from "./pulse-stream.ts";
import { openRoomStream, type RoomStreamOptions } from "./room-stream.ts";
import type { SocketParts } from "./socket.ts";

export interface StreamCallsParts extends Omit<SocketParts, "onClose" | "watch"> {
  readonly urls: AxiomUrls;
  readonly regions: Regions;
  /** Those that are open: whoever closes the client closes them. */
  readonly streams: Set<{ close(): Promise<void> }>;
  readonly isClosed: () => boolean;
  /** Hears what becomes of sockets of one kind. */
  readonly watch: (kind: string) => ConnectionWatch;
  readonly events: Pick<ClientEmitter, "emit">;
}

/** Streams. Each has a socket of its own, which stays: it reconnects under the session of the time, and says what was missed. */
export function streamCalls({ urls, regions, streams, isClosed, watch, events, ...parts }: StreamCallsParts) {
  function open<T extends { close(): Promise<void> }>(
    kind: string,
    options: { readonly signal?: AbortSignal | undefined },
    create: (parts: SocketParts) => T,
  ): T {
    checkObject("options", options);
    checkSignal(options.signal);
    if (isClosed()) throw new InvalidInputError("the client is closed: create another one");
    const stream: T = create({ ...parts, watch: watch(kind), onClose: () => streams.delete(stream) });
    streams.add(stream);
    return stream;
  }

  return {
    /**
     * Joins rooms of the cluster socket.
     *
     * @example
     * const stream = axiom.stream.rooms({ rooms: [axiomRooms.newPairs], onError: console.error });
     * for await (const event of stream) {
     *   if (event.kind === "newPair") console.log(event.pair.tokenTicker);
     *   if (event.kind === "gap") console.log("missed something:", event.reason);
     * }
     */
    rooms: (options: RoomStreamOptions) =>
      open("room stream", options, (given) => openRoomStream(options, regions.service("cluster"), given)),
    /**
     * Keeps the tables of the Pulse page.
     *
     * @example
     * const pulse = axiom.stream.pulse({ onEvent: () => {}, onError: console.error });
     * await pulse.ready;
     * console.log(pulse.rows("finalStretch").map((row) => row.tokenTicker));
     */
    pulse: (options: PulseStreamOptions) =>
      open("pulse stream", options, (given) => {
        const choose = (userId: string | undefined) => {
          const endpoints = new Map([["pulse", pulseEndpoints(urls.pulse, userId)]]);
          return createRegions({ endpoints, events, clock: given.clock }).service("pulse"); // without probes: there is nothing to close
        };
        return openPulseStream(options, choose, given);
      }),
    /** Trades of the wallets that the user tracks, as they happen. */
    trackedTrades: (options: EucalyptusStreamOptions) => {
      checkObject("options", options);
      const isBnb = oneOf("chain", options.chain ?? "sol", TRACKED_CHAINS) === "bnb";
      const endpoints = regions.service(isBnb ? "eucalyptusBnb" : "eucalyptus");
      return open("wallet stream", options, (given) => openEucalyptusStream(options, endpoints, given));
    },
    /**
     * Presence: tells friends where the user is, and hands over what is told of them.
     *
     * @example
     * const subpage = await axiom.market.getPairRecord(pairAddress);
     * const friends = axiom.stream.friends({ page: { subpage }, onEvent: console.log, onError: console.error });
     */
    friends: (options: FriendsStreamOptions) =>
      open("friends stream", options, (given) => openFriendsStream(options, regions.service("friendsSocket"), given)),
  };
}

export type AxiomStreamCalls = ReturnType<typeof streamCalls>;
