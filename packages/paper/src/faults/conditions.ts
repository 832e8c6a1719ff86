import type { Random } from "@pitlane/perf";
import type { Place, Refusal } from "../wire/protocol.ts";
import type { ActiveFault } from "./active-fault.ts";

/** What becomes of one request. */
export interface Treatment {
  readonly requestDelayMs: number;
  readonly answerDelayMs: number;
  /**
   * `answered`; `refused` by `refusal`, after it was performed when `acted`; `unanswered` and `lost` once performed, the latter with its
   * connection; `reset` and `ignored` before.
   */
  readonly end: "answered" | "refused" | "unanswered" | "lost" | "reset" | "ignored";
  readonly refusal: Refusal | undefined;
  readonly acted: boolean;
  /** How long the client's address is banned for it; 0 not at all. */
  readonly banMs: number;
  /** Request weight that others of the address have used before it, at least; 0 where nobody has. */
  readonly usedWeight: number;
}

export interface ConditionsOptions {
  readonly region: string;
  /** What an answer or a frame takes to its client, milliseconds. */
  readonly delayMs: number;
  /** Longest random addition to it. */
  readonly jitterMs: number;
  readonly random: Random;
}

const IGNORED: Treatment = {
  requestDelayMs: 0,
  answerDelayMs: 0,
  end: "ignored",
  refusal: undefined,
  acted: false,
  banMs: 0,
  usedWeight: 0,
};

/** What one port's clients meet at this moment: how far it is, and the faults that are active on it. */
export class Conditions implements Place {
  readonly region: string;
  readonly #delayMs: number;
  readonly #jitterMs: number;
  readonly #random: Random;
  #requestFaults: readonly ActiveFault[] = [];
  #frameFaults: readonly ActiveFault[] = [];
  #skewUs = 0;
  #isSilent = false;
  #isNear: boolean;

  constructor({ region, delayMs, jitterMs, random }: ConditionsOptions) {
    this.region = region;
    this.#delayMs = delayMs;
    this.#jitterMs = jitterMs;
    this.#random = random;
    this.#isNear = delayMs === 0 && jitterMs === 0;
  }

  get skewUs(): number {
    return this.#skewUs;
  }

  /** True while nothing that was sent may arrive. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** True while frames go out at once and as they are: the common case, asked for every frame. */
  get isCalm(): boolean {
    return this.#isNear && this.#frameFaults.length === 0;
  }

  /** The active faults that change frames, oldest first. */
  get frameFaults(): readonly ActiveFault[] {
    return this.#frameFaults;
  }

  /** The faults that are active on this port from now on, oldest first. */
  change(faults: readonly ActiveFault[]): void {
    this.#requestFaults = faults.filter(({ fault }) => REQUEST_KINDS.has(fault.kind));
    this.#frameFaults = faults.filter(
      ({ fault }) => FRAME_KINDS.has(fault.kind) && !(fault.kind === "delay" && fault.on === "request"),
    );
    this.#isSilent = faults.some(({ fault }) => fault.kind === "regionSilent");
    this.#skewUs = faults.reduce(
      (sum, { fault }) => (fault.kind === "clockSkew" ? sum + Math.round(fault.ms * 1000) : sum),
      0,
    );
  }

  /** What the way to the client takes this time. */
  distanceMs(): number {
    if (this.#jitterMs === 0) return this.#delayMs;
    return this.#delayMs + this.#random.next() * this.#jitterMs;
  }

  /** What becomes of a request over HTTP; undefined when it is simply performed and answered at once. */
  treatHttp(name: string, path: string): Treatment | undefined {
    if (this.#isSilent) return IGNORED;
    if (this.#isNear && this.#requestFaults.length === 0) return undefined;
    return this.#treat(name, path, this.distanceMs(), true);
  }

  /** What becomes of a request over a WebSocket; its answer is a frame, and late as frames are. */
  treatMessage(name: string, path: string): Treatment | undefined {
    return this.#requestFaults.length === 0 ? undefined : this.#treat(name, path, 0, false);
  }

  // Delays add up; of several ends the oldest fault's counts, and no other is drawn.
  #treat(name: string, path: string, distanceMs: number, isHttp: boolean): Treatment {
    let requestDelayMs = 0;
    let answerDelayMs = distanceMs;
    let usedWeight = 0;
    let fatal: ActiveFault | undefined;
    for (const active of this.#requestFaults) {
      const { fault } = active;
      if (fault.kind === "delay") {
        const isLate = fault.on === "request";
        if ((!isLate && !isHttp) || !active.matches(name, path) || !active.tryHit()) continue;
        const ms = active.delayMs(fault.ms ?? 0, fault.jitterMs ?? 0);
        if (isLate) requestDelayMs += ms;
        else answerDelayMs += ms;
      } else if (fault.kind === "weightUsed") {
        if (active.matches(name, path) && active.tryHit()) usedWeight = Math.max(usedWeight, fault.weight);
      } else if (fatal === undefined && active.matches(name, path) && active.tryHit()) fatal = active;
    }
    const more = { requestDelayMs, answerDelayMs, usedWeight };
    return fatal === undefined ? { ...ANSWERED, ...more } : { ...endOf(fatal), ...more };
  }
}

const REQUEST_KINDS: ReadonlySet<string> = new Set([
  "delay",
  "error",
  "rateLimit",
  "acceptThenTimeout",
  "responseLost",
  "resetBefore",
  "weightUsed",
]);
const FRAME_KINDS: ReadonlySet<string> = new Set(["delay", "drop", "duplicate", "reorder", "corrupt"]);

type End = Omit<Treatment, "requestDelayMs" | "answerDelayMs" | "usedWeight">;

const ANSWERED: End = { end: "answered", refusal: undefined, acted: true, banMs: 0 };

function endOf({ fault }: ActiveFault): End {
  switch (fault.kind) {
    case "error": {
      const { status, code, msg: text, acted = false } = fault;
      return { end: "refused", refusal: { status, code, text, retryAfterSeconds: undefined }, acted, banMs: 0 };
    }
    case "rateLimit": {
      const { status = 429 } = fault;
      const { retryAfterSeconds = status === 418 ? 120 : 60 } = fault;
      return {
        end: "refused",
        refusal: { status, code: undefined, text: undefined, retryAfterSeconds },
        acted: false,
        banMs: status === 418 ? retryAfterSeconds * 1000 : 0,
      };
    }
    case "acceptThenTimeout":
      return { ...ANSWERED, end: "unanswered" };
    case "responseLost":
      return { ...ANSWERED, end: "lost" };
    default:
      return { ...ANSWERED, end: "reset", acted: false };
  }
}
