import type { Peer } from "../peer.ts";
import type { Reader } from "../protocol.ts";
import { PONG, parseMessage } from "./messages.ts";

/** One connection to the eucalyptus socket of the BNB chain: it answers pings. What it pushes was never seen, so it pushes nothing. */
export class BnbSocket implements Reader {
  readonly #peer: Peer;
  readonly #onClose: () => void;

  constructor(peer: Peer, onClose: () => void) {
    this.#peer = peer;
    this.#onClose = onClose;
  }

  onMessage(data: Buffer): void {
    if (parseMessage(data)["method"] === "ping") this.#peer.send(PONG, "pong");
  }

  onClose(): void {
    this.#onClose();
  }
}
