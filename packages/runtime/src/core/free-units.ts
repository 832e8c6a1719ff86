import type { Execution } from "../engines/execution.ts";
import { feePartsOf } from "../engines/reservations.ts";
import type { RiskDesk } from "../engines/risk-desk.ts";
import { type FreeUnits, wishedUnits } from "../engines/router-funds.ts";
import type { Intent } from "../orders/order.ts";

/** What the balance vote would let an order spend; undefined where it asks nobody. */
export function createFreeUnits(risk: RiskDesk, execution: Execution): FreeUnits {
  const { config, exposure } = risk;
  return (venue, asset) => {
    const units = config.checkBalances ? risk.balance(asset, venue) : undefined;
    if (units === undefined) return undefined;
    const mostPaid = (intent: Intent) => risk.mostPaidTicks(intent);
    const wished = wishedUnits(execution.wishes(), venue, asset, feePartsOf(config.feeBps), mostPaid);
    return units - exposure.reservations.of(venue, asset) - wished;
  };
}
