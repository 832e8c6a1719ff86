import type { TokenTrade } from "../../models/axiom-token.ts";
import type { Peer } from "../peer.ts";
import type { Reader } from "../protocol.ts";
import { PONG, parseMessage } from "./messages.ts";
import { eucalyptusRow } from "./trade-rows.ts";
import type { User } from "./users.ts";

/** One connection to the socket that pushes trades of the wallets its user tracks, without being asked. */
export class EucalyptusSocket implements Reader {
  readonly #peer: Peer;
  readonly #user: User;
  readonly #onClose: (socket: EucalyptusSocket) => void;

  constructor(peer: Peer, user: User, onClose: (socket: EucalyptusSocket) => void) {
    this.#peer = peer;
    this.#user = user;
    this.#onClose = onClose;
  }

  onTrade(trade: TokenTrade): void {
    if (trade.type === "add" || !this.#user.tracked.has(trade.trader.address)) return;
    this.#peer.send(JSON.stringify(eucalyptusRow(trade)), "trade");
  }

  onMessage(data: Buffer): void {
    if (parseMessage(data)["method"] === "ping") this.#peer.send(PONG, "pong");
  }

  onClose(): void {
    this.#onClose(this);
  }
}
