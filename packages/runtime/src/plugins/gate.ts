import { InvalidInputError } from "@pitlane/perf";
import { deny, type Verdict } from "../engines/risk.ts";
import type { Intent, OrderView } from "../orders/order.ts";
import { OrderBudget, type OrderCounts } from "./order-budget.ts";
import { compilePermissions, type PermissionReview, type Permissions } from "./permissions.ts";
import type { HostServices } from "./services.ts";

export interface IntentGateOptions {
  /** By owner, as the rest. */
  readonly names: readonly string[];
  readonly permissions: readonly (readonly (Permissions | undefined)[])[];
  readonly ordersPerMinute: readonly number[];
  readonly services: HostServices;
  /** A plugin wanted one order too many. */
  readonly onFlood: (owner: number) => void;
}

/** What every intent of a plugin passes before risk is asked: its permissions, and its orders of this minute. */
export class IntentGate {
  readonly #options: IntentGateOptions;
  readonly #reviews: PermissionReview[];
  readonly #budget: OrderBudget;

  /** @throws {InvalidInputError} When a permission cannot be. */
  constructor(options: IntentGateOptions) {
    const { names, permissions, ordersPerMinute, services } = options;
    this.#options = options;
    this.#reviews = permissions.map((sets, owner) => compilePermissions(names[owner]!, sets, services.instruments));
    this.#budget = new OrderBudget(ordersPerMinute);
  }

  /** An order, on its way or denied. @throws {InvalidInputError} When the host cannot make an order of a refusal, or `submit` throws it. */
  submit(owner: number, intent: Intent): OrderView {
    const { services, names, onFlood } = this.#options;
    const verdict = this.#reviews[owner]!(intent, intent.priceTicks ?? touch(services, intent));
    if (!verdict.allowed) return this.#refuse(owner, intent, verdict);
    if (this.#budget.tryTake(owner, services.nowUs())) return services.submit(owner, intent);
    onFlood(owner);
    const reason = `${names[owner]} has used up its ${this.#budget.most(owner)} orders of this minute`;
    return this.#refuse(owner, intent, deny("ORDER_BUDGET", reason));
  }

  /** Other permissions for a plugin whose code was replaced. Throws as the constructor. */
  permit(owner: number, sets: readonly (Permissions | undefined)[]): void {
    const { names, services } = this.#options;
    this.#reviews[owner] = compilePermissions(names[owner]!, sets, services.instruments);
  }

  record(): OrderCounts {
    return this.#budget.record(this.#options.names);
  }

  restore(counts: OrderCounts): void {
    this.#budget.restore(this.#options.names, counts);
  }

  #refuse(owner: number, intent: Intent, verdict: Verdict): OrderView {
    if (verdict.allowed) throw new Error("only a refusal is refused");
    const { services } = this.#options;
    if (services.refuse === undefined) throw new InvalidInputError(`${verdict.code}: ${verdict.reason}`);
    return services.refuse(owner, intent, verdict);
  }
}

function touch(services: HostServices, { instrument, side }: Intent): number | undefined {
  if (!services.instruments.includes(instrument)) return undefined;
  const quote = services.quote(instrument);
  return side === "buy" ? quote?.askTicks : quote?.bidTicks;
}
