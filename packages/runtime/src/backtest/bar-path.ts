import type { SimTrigger } from "./sim-trigger.ts";

/**
 * The way of the price through a bar, which bars do not tell: from the open to the nearer extreme, to the other one and to the close, to the
 * low first where both are as far. As TradingView's broker emulator has it, and the algorithms of `@pitlane/plugin-algos`.
 *
 * @example
 * path.set(100, 104, 98, 103); // 100, 98, 104, 103
 * if (path.tryActivate(trigger)) path.activeTicks; // where on that way
 */
export class BarPath {
  readonly #points: number[] = [0, 0, 0, 0];
  /** Of the last `tryActivate` that was true: the price at which it was, and what the rest of the bar still reaches, all in ticks. */
  activeTicks: number = Number.NaN;
  highAfterTicks: number = Number.NaN;
  lowAfterTicks: number = Number.NaN;
  /** True where it was at the open. */
  isAtOpen = false;

  set(openTicks: number, highTicks: number, lowTicks: number, closeTicks: number): void {
    const isHighFirst = highTicks - openTicks < openTicks - lowTicks;
    const points = this.#points;
    points[0] = openTicks;
    points[1] = isHighFirst ? highTicks : lowTicks;
    points[2] = isHighFirst ? lowTicks : highTicks;
    points[3] = closeTicks;
  }

  /** Tells a trigger of the whole bar. False when nothing in it activates the order. */
  tryActivate(trigger: SimTrigger): boolean {
    const points = this.#points;
    for (let leg = 0; leg < points.length; leg++) {
      const ticks = points[leg]!;
      // The open is where it is: what lies between it and the last close was never traded.
      const activeTicks = leg > 0 ? trigger.onMove(ticks) : trigger.onPrice(ticks) ? ticks : Number.NaN;
      if (Number.isNaN(activeTicks)) continue;
      const rest = points.slice(leg);
      this.activeTicks = activeTicks;
      this.highAfterTicks = Math.max(activeTicks, ...rest);
      this.lowAfterTicks = Math.min(activeTicks, ...rest);
      this.isAtOpen = leg === 0;
      return true;
    }
    return false;
  }
}
