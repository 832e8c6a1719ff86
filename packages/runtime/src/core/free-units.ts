import type { Instrument } from "@pitlane/sdk";
import type { Execution } from "../engines/execution.ts";
import { feePartsOf } from "../engines/reservations.ts";
import type { RiskDesk } from "../engines/risk-desk.ts";
import { type FreeUnits, wishedUnits } from "../engines/router-funds.ts";

/** What the balance vote would let an order spend; undefined where it asks nobody. */
export function createFreeUnits(risk: RiskDesk, execution: Execution): FreeUnits {
  const { config, exposure } = risk;
  return (venue, asset) => {
    const units = config.checkBalances ? risk.balance(asset, venue) : undefined;
    if (units === undefined) return undefined;
    const priceOf = (instrument: Instrument) => risk.marketBuyTicks(instrument);
    const wished = wishedUnits(execution.wishes(), venue, asset, feePartsOf(config.feeBps), priceOf);
    return units - exposure.reservations.of(venue, asset) - wished;
  };
}
