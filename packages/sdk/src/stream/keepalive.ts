import { integerInRange } from "@pitlane/perf";
import { check, checkFunction, checkObject } from "../checks.ts";
import type { SocketLink } from "./link.ts";

/** A message of the venue's own that shows whether it still listens, where pings of the protocol do not. */
export interface KeepaliveOptions {
  /** In milliseconds, 10 to 3,600,000. */
  readonly everyMs: number;
  readonly text: string;
  /**
   * Whether a frame is the answer; it is then not delivered. Asked only while an answer is due: none within `withinMs` of the
   * ping options ends the socket. Left out: no answer is expected.
   */
  readonly isAnswer?: (data: Buffer, isBinary: boolean) => boolean;
}

/** Keeps one socket alive. */
export interface LinkKeeper {
  opened(nowNs: number): void;
  /** Sends what is due, or gives the socket up when there was no answer for `withinMs`. */
  tick(nowNs: number, withinMs: number): void;
  /** Whether a frame was the answer that is due. */
  tryTake(data: Buffer, isBinary: boolean): boolean;
}

/** What keeps the sockets of a connection alive. `keepalive` makes it: whoever needs none has no code of it. */
export type Keepalive = (link: SocketLink) => LinkKeeper;

/**
 * Keeps sockets alive by messages of the venue's own.
 *
 * @throws {InvalidInputError} Naming the option and its rule.
 * @example
 * new Connection({ keepalive: keepalive({ everyMs: 30_000, text: '{"method":"ping"}' }), ping: false, ...rest });
 */
export function keepalive(options: KeepaliveOptions): Keepalive {
  checkObject("options", options);
  const { everyMs, text, isAnswer } = options;
  integerInRange("keepalive.everyMs", everyMs, 10, 3_600_000);
  check(typeof text === "string", "keepalive.text", "text", text);
  if (isAnswer !== undefined) checkFunction("keepalive.isAnswer", isAnswer);
  return (link) => {
    let sentNs = 0;
    let isDue = false; // its answer
    return {
      opened(nowNs) {
        sentNs = nowNs;
      },
      tick(nowNs, withinMs) {
        if (isDue) {
          if (nowNs - sentNs >= withinMs * 1e6) link.blame(`a keepalive got no answer in ${withinMs} ms`);
        } else if (nowNs - sentNs >= everyMs * 1e6) {
          sentNs = nowNs;
          isDue = isAnswer !== undefined;
          link.trySend(text);
        }
      },
      tryTake(data, isBinary) {
        if (!isDue || isAnswer?.(data, isBinary) !== true) return false;
        isDue = false;
        return true;
      },
    };
  };
}
