import type { SampleFeed } from "pitlane";
import { toPoint } from "./point.ts";
import { jsonText } from "./reply.ts";

const MOST_POINTS = 900;

/**
 * The last 900 samples as points, each written out when it is taken: a page that is opened then costs the trading thread a joining of texts, and
 * not half a megabyte of JSON at once.
 */
export class RecentPoints {
  readonly #texts: string[] = [];
  /** Ends it. */
  readonly stop: () => void;

  constructor(samples: Pick<SampleFeed, "recent" | "onSample">) {
    for (const sample of samples.recent) this.#texts.push(jsonText(toPoint(sample)));
    this.stop = samples.onSample((sample) => {
      if (this.#texts.length === MOST_POINTS) this.#texts.shift();
      this.#texts.push(jsonText(toPoint(sample)));
    });
  }

  /** All of them as JSON, oldest first. */
  json(): string {
    return `[${this.#texts.join(",")}]`;
  }
}
