import { InvalidInputError } from "@pitlane/perf";

/**
 * Where in a queue sizes are cancelled, which level data does not tell.
 *
 * - `tradesOnly`: always behind us. The most cautious: only trades move us on, and a level that shrinks below what was ahead.
 * - `proportional`: anywhere alike, so that what is ahead shrinks as the level does.
 * - `log`, `{ power }`: the longer a part of the queue, the more of it goes, by log(1 + x) or x^power; power 0.1 to 10.
 */
export type QueueModel = "tradesOnly" | "proportional" | "log" | { readonly power: number };

/** Share of a cancelled size that was behind us, 0 to 1, of the sizes in front of us and behind us. */
export type BehindShare = (frontLots: number, backLots: number) => number;

/** @throws {InvalidInputError} When it is none of the models. */
export function behindShare(model: QueueModel): BehindShare {
  if (model === "tradesOnly") return () => 1;
  if (model === "proportional") return (front, back) => ratio(front, back);
  if (model === "log") return (front, back) => ratio(Math.log1p(front), Math.log1p(back));
  const power = typeof model === "object" ? model?.power : Number.NaN;
  if (!(power >= 0.1 && power <= 10))
    throw new InvalidInputError(
      `fillModel.depth.queue must be "tradesOnly", "proportional", "log" or { power: 0.1 to 10 }; got ${JSON.stringify(model)}`,
    );
  return (front, back) => ratio(front ** power, back ** power);
}

/**
 * What stands before an order after the size shown at its price went from `shownLots` to `nextLots`, in whole lots, never below 0.
 *
 * Trades have moved the order on already, so what traded since the last change is no cancellation. Of the rest a share was behind us;
 * when that is more than there was behind, the excess was in front. A larger level has grown behind us. Parts of a lot stay in front.
 *
 * Source: E. Rigtorp, "Estimating order queue position" (2013), and hftbacktest's `ProbQueueModel`, whose probability f(back) / (f(back) +
 * f(front)) this is.
 *
 * @example
 * aheadAfterChange(behindShare("proportional"), 60, 100, 50, 0); // 30: half of the level went, half of those ahead
 */
export function aheadAfterChange(
  share: BehindShare,
  aheadLots: number,
  shownLots: number,
  nextLots: number,
  tradedLots: number,
): number {
  const cancelled = shownLots - nextLots - tradedLots;
  if (cancelled <= 0) return Math.min(aheadLots, nextLots);
  const back = Math.max(0, shownLots - tradedLots - aheadLots);
  const behind = Math.min(back, share(aheadLots, back) * cancelled);
  return Math.max(0, Math.min(Math.ceil(aheadLots - (cancelled - behind)), nextLots));
}

/** 1 where both are 0: nothing is in front. */
function ratio(front: number, back: number): number {
  const sum = front + back;
  return sum === 0 ? 1 : back / sum;
}
