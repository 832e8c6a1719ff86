import type { BarInterval } from "../../model/bar.ts";
import type { FeedOutput } from "./feed-output.ts";
import type { BarFrame } from "./frames.ts";
import type { Track } from "./track.ts";

/** Gives out the bars of a feed: as they come, but none that is older than the last of its interval. */
export class BarKeeper {
  readonly #output: FeedOutput;
  readonly #intervals: ReadonlySet<BarInterval> | undefined;

  /** @param intervals Those that are delivered; frames of others count as ignored. Default all. */
  constructor(output: FeedOutput, intervals?: ReadonlySet<BarInterval>) {
    this.#output = output;
    this.#intervals = intervals;
  }

  /** Takes a bar: true when it is news. */
  take(track: Track, frame: BarFrame, isShared: boolean): boolean {
    const { counters, barAtUs, instrument } = track;
    const { interval, venueAtUs } = frame;
    const output = this.#output;
    if (this.#intervals?.has(interval) === false) {
      counters.ignored++;
      return false;
    }
    track.heard.bar.heardNs = output.receivedNs;
    if (isShared && venueAtUs <= (barAtUs.get(interval) ?? 0)) {
      counters.duplicates++;
      return false;
    }
    barAtUs.set(interval, venueAtUs);
    counters.bars++;
    if (track.gaps.bar) output.resync(track, "bar");
    // Field by field: V8 takes ten times as long to copy an object by spreading it.
    output.emit({
      kind: "bar",
      instrument,
      interval,
      startUs: frame.startUs,
      openTicks: frame.openTicks,
      highTicks: frame.highTicks,
      lowTicks: frame.lowTicks,
      closeTicks: frame.closeTicks,
      volumeLots: frame.volumeLots,
      quoteVolume: frame.quoteVolume,
      trades: frame.trades,
      isClosed: frame.isClosed,
      venueAtUs,
      receivedAtUs: output.receivedAtUs,
      receivedNs: output.receivedNs,
    });
    return true;
  }
}
