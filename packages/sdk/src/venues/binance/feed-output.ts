import { asError } from "../../as-error.ts";
import type { BookChange, Channel, GapCause, MarketEvent, ResyncEvent } from "../../stream/events.ts";
import type { Track } from "./track.ts";

type Recovery = Pick<ResyncEvent, "backfilled" | "missing">;

const WHOLE: Recovery = { backfilled: 0, missing: 0 };

/** Gives out the events of a feed, with the times of the frame that is being worked on. */
export class FeedOutput {
  readonly #onEvent: (event: MarketEvent, change?: BookChange) => void;
  readonly #onError: (error: Error) => void;
  receivedAtUs = 0;
  receivedNs = 0;
  /** The venue's time of it; 0 where it has none. */
  venueAtUs = 0;

  constructor(onEvent: (event: MarketEvent, change?: BookChange) => void, onError: (error: Error) => void) {
    this.#onEvent = onEvent;
    this.#onError = onError;
  }

  /** What follows is of this moment. */
  at(receivedAtUs: number, receivedNs: number): void {
    this.receivedAtUs = receivedAtUs;
    this.receivedNs = receivedNs;
    this.venueAtUs = 0;
  }

  emit(event: MarketEvent, change?: BookChange): void {
    try {
      this.#onEvent(event, change);
    } catch (error) {
      this.error(error);
    }
  }

  error(error: unknown): void {
    this.#onError(asError(error));
  }

  gap(track: Track, channel: Channel, cause: GapCause, reason: string, venueAtUs = this.venueAtUs): void {
    track.counters.gaps++;
    track.gaps[channel] = true;
    this.emit({ kind: "gap", channel, cause, reason, ...this.#stamp(track), venueAtUs });
  }

  resync(track: Track, channel: Channel, { backfilled, missing }: Recovery = WHOLE): void {
    track.counters.resyncs++;
    track.gaps[channel] = false;
    this.emit({ kind: "resync", channel, backfilled, missing, ...this.#stamp(track) });
  }

  /** Whose an event is, and when it came. */
  #stamp({ instrument }: Track): Pick<ResyncEvent, "instrument" | "venueAtUs" | "receivedAtUs" | "receivedNs"> {
    const { venueAtUs, receivedAtUs, receivedNs } = this;
    return { instrument, venueAtUs, receivedAtUs, receivedNs };
  }
}
