import { feePartsOf } from "../engines/reservations.ts";
import { wishedUnits } from "../engines/router-funds.ts";
import type { Intent, OrderView } from "../orders/order.ts";
import type { Fund } from "./worker-protocol.ts";

/**
 * What the session has told a worker that orders may spend, by venue and asset, less what the worker has wanted since.
 *
 * An order that the session has spoken of is in what it told; for the time that a wish is under way it may count twice, so that the worker's
 * router thinks it has less than it has, and never more.
 */
export class WorkerFunds {
  readonly #units = new Map<string, bigint | undefined>();
  readonly #feeParts: bigint;

  /** @param reserveFeeBps See `RouteOptions`. */
  constructor(reserveFeeBps: number) {
    this.#feeParts = feePartsOf(reserveFeeBps);
  }

  /** The session has told of these. */
  take(funds: readonly Fund[]): void {
    for (const [venue, asset, units] of funds) this.#units.set(`${venue} ${asset}`, units);
  }

  /** Undefined where the account sets no bound. @param open Orders of the worker's that may trade. */
  free(venue: string, asset: string, open: readonly OrderView[]): bigint | undefined {
    const units = this.#units.get(`${venue} ${asset}`);
    if (units === undefined) return undefined;
    return (
      units -
      wishedUnits(
        untold(open),
        venue,
        asset,
        this.#feeParts,
        ({ priceTicks, triggerTicks }) => priceTicks ?? triggerTicks,
      )
    );
  }
}

function* untold(open: readonly OrderView[]): Iterable<Intent> {
  for (const { state, intent } of open) if (state === "intended") yield intent;
}
