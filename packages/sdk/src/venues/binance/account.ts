import type { Balance } from "../../model/order.ts";
import type { BinanceClient } from "./client.ts";
import type { Rest } from "./rest.ts";
import { parseAccount } from "./wire.ts";

/** The account calls. @param checkAccess Throws when the client may not ask: another product, no credentials. */
export function accountCalls(rest: Rest, checkAccess: () => void): BinanceClient["account"] {
  return {
    async getBalances(signal): Promise<ReadonlyMap<string, Balance>> {
      checkAccess();
      return parseAccount(await rest.getSigned("/account", { omitZeroBalances: true }, signal));
    },
  };
}
