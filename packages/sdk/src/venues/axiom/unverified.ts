import { InvalidInputError } from "@pitlane/perf";
import type { CallControl } from "../../calls.ts";
import { checkObject } from "../../checks.ts";
import { checkPortfolio, type PortfolioRequest } from "./account.ts";
import { checkAddress, checkAll } from "./checks.ts";
import type { Query, Rest } from "./rest.ts";
import { parseRecord } from "./wire/account.ts";
import type { OpenRecord } from "./wire/read.ts";

export interface UnverifiedPortfolioRequest extends PortfolioRequest {
  /** Local time less UTC, in minutes; default 0. */
  readonly timeOffset?: number;
}

/**
 * Calls that one library claims and nothing confirms, and a way to those of which only the name is known. They may not exist, may
 * have another form, and what they answer is handed over as it comes. All of them read.
 */
export function unverifiedCalls(rest: Rest) {
  return {
    /** Unverified: `/portfolio-v5`. Its positions and figures were typed by one library, as guesses: read them with care. */
    async getPortfolio(request: UnverifiedPortfolioRequest, control?: CallControl): Promise<OpenRecord> {
      checkPortfolio(request);
      const {
        walletAddresses,
        isOtherWallet = false,
        tokenAddressToAmountMap,
        userSolBalance,
        timeOffset = 0,
      } = request;
      const wallets = checkAll("walletAddresses", walletAddresses, 100, checkAddress);
      const walletAddressRaw = [...wallets].sort().join(",");
      const sums = { totalSolBalance: userSolBalance, tokenAddressToAmountMap };
      const body = { walletAddressRaw, isOtherWallet, ...sums, timeOffset };
      return rest.read({ path: "/portfolio-v5", body, parse: parseRecord("portfolio-v5") }, control);
    },
    /** Unverified: any other path of the REST hosts that reads, `/kol-transactions-v2` say, with the session's cookies. */
    async get(path: string, query: Query = {}, control?: CallControl): Promise<unknown> {
      if (typeof path !== "string" || !/^\/[A-Za-z0-9/_-]{1,200}$/.test(path)) {
        throw new InvalidInputError("path must begin with / and be letters, digits, / _ and -, without a query");
      }
      checkObject("query", query);
      return rest.read({ path, query, parse: (value: unknown) => value }, control);
    },
  };
}

export type AxiomUnverifiedCalls = ReturnType<typeof unverifiedCalls>;
