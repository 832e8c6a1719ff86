import { InvalidInputError } from "@pitlane/perf";
import type { Instrument } from "@pitlane/sdk";
import { deny, type Verdict } from "../engines/risk.ts";
import { checkIntent, checkSignal } from "../orders/check-intent.ts";
import type { Intent, OrderView } from "../orders/order.ts";
import { type Signal, shapeSignal } from "../orders/signal.ts";
import { OrderBudget, type OrderCounts } from "./order-budget.ts";
import { compilePermissions, type PermissionReview, type Permissions } from "./permissions.ts";
import type { HostServices } from "./services.ts";

export interface IntentGateOptions {
  /** By owner, as the rest. */
  readonly names: readonly string[];
  readonly permissions: readonly (readonly (Permissions | undefined)[])[];
  readonly ordersPerMinute: readonly number[];
  /** Plugins that place no orders where the book has a gap. */
  readonly stopsOnGap: readonly boolean[];
  readonly services: HostServices;
  /** An operator has paused the plugin: all it wants is refused. Default: nobody is paused. */
  readonly isPaused?: (owner: number) => boolean;
  /** A plugin wanted one order too many. */
  readonly onFlood: (owner: number) => void;
}

/**
 * What every intent of a plugin passes before risk is asked: that it is one, that the plugin is not paused, its permissions, its policy for
 * gaps, and its orders of this minute.
 */
export class IntentGate {
  readonly #options: IntentGateOptions;
  readonly #reviews: PermissionReview[];
  readonly #budget: OrderBudget;
  readonly #stopsOnGap: boolean[];
  readonly #instruments: ReadonlySet<Instrument>;

  /** @throws {InvalidInputError} When a permission cannot be. */
  constructor(options: IntentGateOptions) {
    const { names, permissions, ordersPerMinute, stopsOnGap, services } = options;
    this.#options = options;
    this.#reviews = permissions.map((sets, owner) => compilePermissions(names[owner]!, sets, services.instruments));
    this.#budget = new OrderBudget(ordersPerMinute);
    this.#stopsOnGap = [...stopsOnGap];
    this.#instruments = new Set(services.instruments);
  }

  /**
   * An order, on its way or denied.
   *
   * @throws {InvalidInputError} When it is no intent, naming the field; when the host cannot make an order of a refusal, or `submit` throws it.
   */
  submit(owner: number, wanted: Intent): OrderView {
    return this.#submit(owner, checkIntent(this.#options.names[owner]!, wanted, this.#instruments));
  }

  /**
   * An order of a signal: shaped by the settings and the quote, then as `submit`; one that is not sure enough is denied, by voter `signal`.
   *
   * @throws {InvalidInputError} When it is no signal, naming the field; when the host has no settings for signals.
   */
  signal(owner: number, wanted: Signal): OrderView {
    const { services, names } = this.#options;
    const { signals } = services;
    const signal = checkSignal(names[owner]!, wanted, this.#instruments);
    if (services.submitSignal !== undefined) return services.submitSignal(owner, signal);
    if (signals === undefined) throw new InvalidInputError(`${names[owner]}: ctx.submitSignal is not known here`);
    const { intent, refusal } = shapeSignal(signal, services.quote(signal.instrument), signals);
    return refusal === undefined ? this.#submit(owner, intent) : this.#refuse(owner, intent, refusal, "signal");
  }

  /** What the permissions of a plugin say of an intent: for one that was changed since `submit`. */
  permits(owner: number, intent: Intent): Verdict {
    const isPriced = intent.priceTicks !== undefined || intent.triggerTicks !== undefined;
    return this.#reviews[owner]!(intent, isPriced ? undefined : touch(this.#options.services, intent));
  }

  /** Other permissions and another policy for a plugin whose code was replaced. Throws as the constructor. */
  permit(owner: number, sets: readonly (Permissions | undefined)[], stopsOnGap: boolean): void {
    const { names, services } = this.#options;
    this.#reviews[owner] = compilePermissions(names[owner]!, sets, services.instruments);
    this.#stopsOnGap[owner] = stopsOnGap;
  }

  record(): OrderCounts {
    return this.#budget.record(this.#options.names);
  }

  restore(counts: OrderCounts): void {
    this.#budget.restore(this.#options.names, counts);
  }

  #submit(owner: number, intent: Intent): OrderView {
    const { services, names, isPaused, onFlood } = this.#options;
    if (isPaused?.(owner))
      return this.#refuse(owner, intent, deny("PAUSED", `${names[owner]} is paused by an operator`));
    const verdict = this.permits(owner, intent);
    if (!verdict.allowed) return this.#refuse(owner, intent, verdict);
    if (this.#stopsOnGap[owner] && services.isInGap?.(intent.instrument)) {
      const reason = `the book of ${intent.instrument.id} has a gap, and ${names[owner]} places no orders until it is whole`;
      return this.#refuse(owner, intent, deny("MARKET_GAP", reason));
    }
    const nowUs = services.nowUs();
    if (this.#budget.hasRoom(owner, nowUs)) {
      const order = services.submit(owner, intent); // what it throws at was none, and counts as none: no input led to it
      this.#budget.take(owner, nowUs);
      return order;
    }
    onFlood(owner);
    const reason = `${names[owner]} has used up its ${this.#budget.most(owner)} orders of this minute`;
    return this.#refuse(owner, intent, deny("ORDER_BUDGET", reason));
  }

  #refuse(owner: number, intent: Intent, verdict: Verdict, voter?: string): OrderView {
    if (verdict.allowed) throw new Error("only a refusal is refused");
    const { services } = this.#options;
    if (services.refuse === undefined) throw new InvalidInputError(`${verdict.code}: ${verdict.reason}`);
    return services.refuse(owner, intent, verdict, voter);
  }
}

function touch(services: HostServices, { instrument, side }: Intent): number | undefined {
  if (!services.instruments.includes(instrument)) return undefined;
  const quote = services.quote(instrument);
  return side === "buy" ? quote?.askTicks : quote?.bidTicks;
}
