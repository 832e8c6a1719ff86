import { InvalidInputError, inRange, integerInRange, PitlaneError } from "../errors.ts";
import type { SharedBudget } from "./shared-budget.ts";

export interface RedisBudgetOptions {
  /** Names the budget: all who pass the same key to the same server share it. Not empty. */
  readonly key: string;
  /** Largest burst of all together, in whole tokens; 1 to 1e6. The same for everyone. */
  readonly capacity: number;
  /** Average rate of all together, in tokens per second; 0.001 to 100,000. The same for everyone. */
  readonly tokensPerSecond: number;
  /**
   * Runs a Lua script as Redis' EVAL does, by any client; may send EVALSHA instead. How long an answer is waited for is the
   * client's to bound. With ioredis or iovalkey: `(script, keys, args) => redis.eval(script, keys.length, ...keys, ...args)`.
   */
  readonly evalScript: (script: string, keys: readonly string[], args: readonly string[]) => Promise<unknown>;
}

// One key holds when the bucket is full again, in microseconds of the server's clock, and expires then: a full bucket needs no
// memory. Numbers of Lua are doubles, whole up to 2^53; "%.0f", as tostring would round to 14 digits.
const SCRIPT = `
local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local full = math.max(tonumber(redis.call("GET", KEYS[1]) or "0"), now) + tonumber(ARGV[1])
local short = full - now - tonumber(ARGV[2])
if short > 0 then return math.ceil(short / 1000) end
if ARGV[3] == "take" and full > now then
  redis.call("SET", KEYS[1], string.format("%.0f", full), "PX", math.ceil((full - now) / 1000))
end
return 0
`;

/** The shared budget could not be asked. Nothing was admitted here; that the tokens were taken all the same is possible. */
export class BudgetUnavailableError extends PitlaneError {
  readonly code = "BUDGET_UNAVAILABLE";
  readonly retryable = true;
}

/**
 * A token bucket that processes on several hosts spend together, kept in Redis (or Valkey) by one script.
 *
 * Any `s` seconds of the server's clock admit at most `capacity + tokensPerSecond * s` tokens over everyone; no clock of a
 * client matters. Each call is one round trip. When the server cannot be asked the budget fails closed: calls reject and
 * admit nothing. Who must go on then (with cancels, say) keeps a local bucket of its own share and decides so openly.
 *
 * Tokens cost whole microseconds, rounded up: never over the limit, and under it by at most `tokensPerSecond / 1e6`. A
 * server that loses its data, or whose clock is set forward, can admit one more burst of `capacity`.
 *
 * Source: the generic cell rate algorithm in its virtual scheduling form, ITU-T I.371, annex A.
 *
 * @example
 * const budget = new RedisBudget({
 *   key: "limits:orders", capacity: 50, tokensPerSecond: 5,
 *   evalScript: (script, keys, args) => redis.eval(script, keys.length, ...keys, ...args),
 * });
 * if (await budget.tryTake()) await send(order);
 */
export class RedisBudget implements SharedBudget {
  readonly #key: string;
  readonly #capacity: number;
  readonly #usPerToken: number;
  readonly #evalScript: RedisBudgetOptions["evalScript"];

  /** @throws {InvalidInputError} When an option is out of range. */
  constructor({ key, capacity, tokensPerSecond, evalScript }: RedisBudgetOptions) {
    if (key === "") throw new InvalidInputError("key must not be empty");
    this.#key = key;
    this.#capacity = integerInRange("capacity", capacity, 1, 1e6);
    this.#usPerToken = Math.ceil(1e6 / inRange("tokensPerSecond", tokensPerSecond, 0.001, 100_000));
    this.#evalScript = evalScript;
  }

  /**
   * Takes `cost` tokens, or none and answers false.
   * @throws {InvalidInputError} When `cost` is not in [0, capacity].
   * @throws {BudgetUnavailableError} When the script failed or answered what it never answers.
   */
  async tryTake(cost = 1): Promise<boolean> {
    return (await this.#ask("take", cost)) === 0;
  }

  /** Whole milliseconds until `tryTake(cost)` succeeds, if nobody takes; 0 when it would now. Throws as `tryTake`. */
  waitMs(cost = 1): Promise<number> {
    return this.#ask("look", cost);
  }

  async #ask(verb: "take" | "look", cost: number): Promise<number> {
    const costUs = Math.ceil(inRange("cost", cost, 0, this.#capacity) * this.#usPerToken);
    const capacityUs = this.#capacity * this.#usPerToken;
    let answer: unknown;
    try {
      answer = await this.#evalScript(SCRIPT, [this.#key], [String(costUs), String(capacityUs), verb]);
    } catch (cause) {
      throw new BudgetUnavailableError(`the budget "${this.#key}" could not be asked`, { cause });
    }
    if (Number.isSafeInteger(answer) && (answer as number) >= 0) return answer as number;
    throw new BudgetUnavailableError(`the budget "${this.#key}" answered ${String(answer)} instead of milliseconds`);
  }
}
