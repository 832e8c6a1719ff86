import { InvalidInputError } from "@pitlane/sdk";
import { deny, type RiskEngine, type RiskVote, type Verdict } from "../engines/risk.ts";
import { orderHooks } from "../hooks/order.ts";
import type { PluginHost } from "../plugins/host.ts";

/** Adds the voters of plugins to those of the session, in the order that they ask for. @param onFault Told of each that fails. */
export function addPluginVoters(
  engine: RiskEngine,
  host: PluginHost,
  onFault: (owner: number, error: unknown) => void,
): void {
  const { registrations, names } = host;
  const votes = orderHooks(
    registrations.votes.map((vote) => ({ ...vote, kind: "intent" })),
    names,
  );
  for (const { plugin, owner, vote } of votes) engine.addVoter(plugin, guarded(host, owner, vote, onFault), owner);
}

/** A plugin that was taken out does not stop to protect: what it would have checked is denied. */
function guarded(
  host: PluginHost,
  owner: number,
  vote: RiskVote,
  onFault: (owner: number, error: unknown) => void,
): RiskVote {
  return (intent) => {
    if (host.standing(owner) === "quarantined")
      return deny("VOTER_QUARANTINED", `${host.names[owner]} is quarantined and cannot check it`);
    try {
      const verdict = vote(intent) as Verdict | undefined;
      if (typeof verdict?.allowed === "boolean") return verdict;
      throw new InvalidInputError("it returned no verdict: return allow() or deny(code, reason), and no promise");
    } catch (error) {
      onFault(owner, error);
      throw error; // the order is denied by it
    }
  };
}
