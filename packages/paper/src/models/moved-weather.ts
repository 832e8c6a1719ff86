import type { Climate, Weather } from "./climate.ts";

interface Move {
  /** Logarithm of the whole of it. */
  readonly shift: number;
  /** How long the whole way takes. */
  readonly overSeconds: number;
  /** How much of it has been made, 0 to 1. */
  made: number;
  isOver: boolean;
}

/**
 * An instrument's weather with moves of its fair price from outside: each goes its way in a straight line of the price's logarithm, stays
 * there, and goes back as fast when it is over. Several add up. Without one it is the weather alone.
 *
 * A move begins where the model is when it is next asked: the model's own time, which stands still in a stall.
 */
export class MovedWeather implements Weather {
  readonly reversionSeconds: number;
  readonly volatility: number;
  readonly #weather: Weather;
  readonly #moves = new Set<Move>();
  #seconds = 0; // when it was last asked

  constructor(weather: Weather) {
    this.#weather = weather;
    this.reversionSeconds = weather.reversionSeconds;
    this.volatility = weather.volatility;
  }

  /** Begins a move by the factor's logarithm `shift`; the function that is returned ends it, and may be called again. */
  move(shift: number, overSeconds: number): () => void {
    const move: Move = { shift, overSeconds, made: 0, isOver: false };
    this.#moves.add(move);
    return () => {
      move.isOver = true;
    };
  }

  at(seconds: number): Climate {
    const climate = this.#weather.at(seconds);
    const elapsed = seconds - this.#seconds;
    this.#seconds = seconds;
    if (this.#moves.size === 0) return climate;
    let { shift } = climate;
    for (const move of this.#moves) {
      const step = move.overSeconds > 0 ? elapsed / move.overSeconds : 1;
      move.made = move.isOver ? Math.max(0, move.made - step) : Math.min(1, move.made + step);
      if (move.isOver && move.made === 0) this.#moves.delete(move);
      shift += move.shift * move.made;
    }
    return { ...climate, shift };
  }
}
