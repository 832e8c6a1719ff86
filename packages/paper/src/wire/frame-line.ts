import type { Clock } from "@pitlane/perf";
import type { ActiveFault } from "../faults/active-fault.ts";
import type { Conditions } from "../faults/conditions.ts";
import { flipBits, truncate } from "../faults/frames.ts";
import type { Entry, Timeline } from "../timeline.ts";

/** Something to put on a WebSocket. Bytes go out as a binary message, unless they are damaged text. */
export type Frame =
  | { readonly kind: "message"; readonly data: string | Uint8Array; readonly isBinary: boolean }
  | { readonly kind: "ping" | "pong"; readonly data: string | Uint8Array }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

type Message = Extract<Frame, { kind: "message" }>;

export interface FrameLineOptions {
  readonly conditions: Conditions;
  readonly clock: Pick<Clock, "monotonicNs">;
  readonly timeline: Timeline;
  /** Path of the connection, which faults may be aimed at. */
  readonly path: string;
  /** Puts a frame on the wire. */
  readonly write: (frame: Frame) => void;
}

/**
 * The way of one connection's frames to its client: as long as the region is far, and through its faults.
 *
 * Frames leave in the order they came, but for a `reorder` fault. While nothing is wrong and the way has no length they go straight to
 * `write`; nothing is kept then. What is kept is counted in `waitingBytes`, for the owner to bound.
 */
export class FrameLine {
  readonly #options: FrameLineOptions;
  #waiting: { readonly frame: Frame; readonly dueNs: number }[] = [];
  #first = 0; // of those waiting that have not left
  #waitingBytes = 0;
  #entry: Entry | undefined;
  #halts = 0;
  readonly #held: { readonly message: Message; left: number }[] = [];
  readonly #mutes = new Set<ActiveFault>();

  constructor(options: FrameLineOptions) {
    this.#options = options;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** True while a message may go straight to the wire, and need not be made a frame. */
  get isClear(): boolean {
    return (
      this.#first === this.#waiting.length &&
      this.#halts === 0 &&
      this.#mutes.size === 0 &&
      this.#held.length === 0 &&
      this.#options.conditions.isCalm
    );
  }

  /** True while pings neither leave nor are answered. */
  get isDead(): boolean {
    if (this.#halts > 0) return true;
    for (const mute of this.#mutes) if (isDeaf(mute) && mute.matches("", this.#options.path)) return true;
    return false;
  }

  /** Sends a message through the faults of the moment. @param name What faults may be aimed at: its stream, method or event. */
  send(message: Message, name: string): void {
    const { conditions, path } = this.#options;
    for (const mute of this.#mutes) if (mute.matches(name, path)) return;
    let sent = message;
    let copies = 1;
    let extraMs = 0;
    let overtakenBy = 0;
    for (const active of conditions.frameFaults) {
      if (!active.matches(name, path) || !active.tryHit()) continue;
      const { fault } = active;
      if (fault.kind === "drop") return;
      if (fault.kind === "duplicate") copies++;
      else if (fault.kind === "reorder") overtakenBy = Math.max(overtakenBy, fault.by ?? 1);
      else if (fault.kind === "corrupt") sent = damaged(sent, active);
      else if (fault.kind === "delay") extraMs += active.delayMs(fault.ms ?? 0, fault.jitterMs ?? 0);
    }
    if (overtakenBy > 0) {
      for (let i = 0; i < copies; i++) this.#held.push({ message: sent, left: overtakenBy });
      return;
    }
    for (let i = 0; i < copies; i++) this.#depart(sent, extraMs);
    if (this.#held.length > 0) this.#letOvertaken();
  }

  /** Sends a ping, a pong or the end, after everything before it. */
  sendControl(frame: Exclude<Frame, Message>): void {
    if (frame.kind === "close") this.releaseHeld();
    this.#depart(frame, 0);
  }

  /** Lets nothing out until as many `resume`. */
  halt(): void {
    this.#halts++;
  }

  resume(): void {
    this.#halts--;
    if (this.#halts === 0) this.#drain();
  }

  /** Loses what `fault`, of kind silent, matches until `unmute`. */
  mute(fault: ActiveFault): void {
    this.#mutes.add(fault);
  }

  unmute(fault: ActiveFault): void {
    this.#mutes.delete(fault);
  }

  /** Lets out what waits to be overtaken. */
  releaseHeld(): void {
    for (const { message } of this.#held.splice(0)) this.#depart(message, 0);
  }

  /** Drops everything. */
  clear(): void {
    this.#waiting = [];
    this.#first = 0;
    this.#waitingBytes = 0;
    this.#held.length = 0;
    if (this.#entry !== undefined) this.#options.timeline.cancel(this.#entry);
    this.#entry = undefined;
  }

  #letOvertaken(): void {
    for (const held of this.#held) held.left--;
    for (let i = 0; i < this.#held.length; ) {
      if (this.#held[i]!.left > 0) i++;
      else for (const { message } of this.#held.splice(i, 1)) this.#depart(message, 0);
    }
  }

  #depart(frame: Frame, extraMs: number): void {
    const { conditions, clock, write } = this.#options;
    const nowNs = clock.monotonicNs();
    const delayMs = conditions.distanceMs() + extraMs;
    const dueNs = nowNs + delayMs * 1e6; // one that waits before it goes first all the same
    if (dueNs <= nowNs && this.#first === this.#waiting.length && this.#halts === 0) {
      write(frame);
      return;
    }
    this.#waiting.push({ frame, dueNs });
    this.#waitingBytes += bytesOf(frame);
    if (this.#halts === 0) this.#arm();
  }

  #arm(): void {
    const next = this.#waiting[this.#first];
    if (next === undefined || this.#entry !== undefined) return;
    this.#entry = this.#options.timeline.at(next.dueNs, () => {
      this.#entry = undefined;
      this.#drain();
    });
  }

  #drain(): void {
    const nowNs = this.#options.clock.monotonicNs();
    while (this.#halts === 0) {
      const next = this.#waiting[this.#first];
      if (next === undefined || next.dueNs > nowNs) break;
      this.#first++;
      this.#waitingBytes -= bytesOf(next.frame);
      this.#options.write(next.frame);
    }
    if (this.#first === this.#waiting.length) {
      this.#waiting = [];
      this.#first = 0;
    } else if (this.#halts === 0) this.#arm();
  }
}

function isDeaf({ fault }: ActiveFault): boolean {
  return fault.kind === "silent" && fault.pings !== true;
}

function damaged(message: Message, { fault, random }: ActiveFault): Message {
  if (fault.kind !== "corrupt") return message;
  const bytes = typeof message.data === "string" ? Buffer.from(message.data) : message.data;
  const data = fault.mode === "truncate" ? truncate(bytes, random) : flipBits(bytes, fault.bytes ?? 1, random);
  return { kind: "message", data, isBinary: message.isBinary };
}

// Text is counted by its characters: what the protocols send is ASCII but for names.
function bytesOf(frame: Frame): number {
  return frame.kind === "close" ? 0 : frame.data.length;
}
