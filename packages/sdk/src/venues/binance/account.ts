import type { AccountCalls, CallControl } from "../../calls.ts";
import type { Balance } from "../../model/order.ts";
import { type Api, signedRead } from "./api.ts";
import { parseAccount } from "./wire.ts";

/** The calls about what the account holds. */
export class Account implements Pick<AccountCalls, "getBalances"> {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  async getBalances(control?: CallControl): Promise<ReadonlyMap<string, Balance>> {
    const call = signedRead("/account", "account.status", { omitZeroBalances: true }, 20, control);
    return parseAccount(await this.#api.call(call));
  }
}
