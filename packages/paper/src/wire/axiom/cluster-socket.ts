import type { Peer } from "../peer.ts";
import type { Reader } from "../protocol.ts";
import { PONG, parseMessage } from "./messages.ts";
import type { Listener, Rooms } from "./rooms.ts";

const MOST_ROOMS = 5000; // ours: the venue's number is unknown
const LONGEST_ROOM = 200;

/**
 * One connection to the cluster socket: `{"action":"join"|"leave","room"}` and `{"method":"ping"}`. Nothing is acknowledged but a ping, and
 * what makes no sense is passed over. More than 5,000 rooms end the connection with 1008.
 */
export class ClusterSocket implements Reader, Listener {
  readonly #peer: Peer;
  readonly #rooms: Rooms;
  readonly #joined = new Set<string>();
  readonly #onClose: () => void;

  constructor(peer: Peer, rooms: Rooms, onClose: () => void) {
    this.#peer = peer;
    this.#rooms = rooms;
    this.#onClose = onClose;
  }

  send(text: string, room: string): void {
    this.#peer.send(text, room);
  }

  onMessage(data: Buffer): void {
    const { action, room, method } = parseMessage(data);
    if (method === "ping") this.#peer.send(PONG, "pong");
    if (typeof room !== "string" || room === "" || room.length > LONGEST_ROOM) return;
    if (action === "leave") {
      this.#joined.delete(room);
      this.#rooms.leave(this, room);
    } else if (action === "join") this.#join(room);
  }

  onClose(): void {
    for (const room of this.#joined) this.#rooms.leave(this, room);
    this.#onClose();
  }

  #join(room: string): void {
    if (this.#joined.size >= MOST_ROOMS && !this.#joined.has(room)) {
      this.#peer.close(1008, "too many rooms");
      return;
    }
    this.#joined.add(room);
    this.#rooms.join(this, room);
  }
}
