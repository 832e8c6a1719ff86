import type { Clock } from "@pitlane/perf";

const MOST_PER_SECOND = 5;
const SECOND_NS = 1e9;

/**
 * Admits 5 messages in any rolling second: the venue's limit on what a client may send on a market stream.
 * Source: web-socket-streams.md, "Websocket Limits".
 */
export class MessageLimit {
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #atNs = new Float64Array(MOST_PER_SECOND).fill(Number.NEGATIVE_INFINITY);
  #next = 0;

  constructor(clock: Pick<Clock, "monotonicNs">) {
    this.#clock = clock;
  }

  /** Counts a message; false when it is one too many. */
  tryTake(): boolean {
    const nowNs = this.#clock.monotonicNs();
    if (nowNs - this.#atNs[this.#next]! < SECOND_NS) return false; // the slot holds the fifth message back
    this.#atNs[this.#next] = nowNs;
    this.#next = (this.#next + 1) % MOST_PER_SECOND;
    return true;
  }
}
