import type { Peer } from "../peer.ts";
import type { Reader } from "../protocol.ts";
import { parseMessage } from "./messages.ts";
import { recordOf } from "./route.ts";
import type { User } from "./users.ts";

/** Where a user said to be, on one connection. */
export interface AxiomPresence {
  readonly userId: string;
  readonly page: string;
  /** The pair, as the client has it. */
  readonly subpage: Readonly<Record<string, unknown>>;
  readonly chain: string;
}

const DOT = ".";

/**
 * One connection to the socket of presence: a frame `.` is said back, `{"type":"ping"}` is answered by `{"type":"pong"}`, and
 * `{"type":"pageUpdate","page","subpage","chain"}` says where the user is. What makes no sense is passed over.
 *
 * Nobody is told of it: what the venue says to friends was never seen.
 */
export class FriendsSocket implements Reader {
  readonly #peer: Peer;
  readonly #user: User;
  readonly #onClose: (socket: FriendsSocket) => void;
  #presence: AxiomPresence | undefined;

  constructor(peer: Peer, user: User, onClose: (socket: FriendsSocket) => void) {
    this.#peer = peer;
    this.#user = user;
    this.#onClose = onClose;
  }

  /** What was said last; undefined when nothing was. */
  get presence(): AxiomPresence | undefined {
    return this.#presence;
  }

  onMessage(data: Buffer): void {
    if (data.length === 1 && data.toString("latin1") === DOT) return this.#peer.send(DOT, "pong");
    const { type, page, subpage, chain } = parseMessage(data);
    if (type === "ping") this.#peer.send('{"type":"pong"}', "pong");
    if (type !== "pageUpdate" || typeof page !== "string" || typeof chain !== "string") return;
    this.#presence = { userId: this.#user.id, page, subpage: recordOf(subpage), chain };
  }

  onClose(): void {
    this.#onClose(this);
  }
}
