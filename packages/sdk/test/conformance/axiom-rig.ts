import { createPaper, type Fault } from "@pitlane/paper";
import { base58 } from "@scure/base";
import { unwrap } from "../../src/batch/outcome.ts";
import type { Misbehaviour, Rig } from "../../src/conformance/rig.ts";
import { type AxiomClient, axiomRooms, createAxiom, localUrls } from "../../src/venues/axiom/index.ts";
import { createTransaction, createWallet } from "../venues/axiom/wallets.ts";
import { countRequests } from "./server-requests.ts";

const FAULTS: Readonly<Record<Misbehaviour, readonly Fault[]>> = {
  down: [{ kind: "regionDown" }],
  lost: [{ kind: "responseLost" }],
  reset: [{ kind: "resetBefore" }],
  refused: [{ kind: "error", status: 400, msg: "no" }],
  throttled: [{ kind: "rateLimit", retryAfterSeconds: 30 }],
  failing: [{ kind: "error", status: 503 }],
  garbage: [],
};

/** An Axiom client with a session, on a paper exchange, for the conformance suite. */
export async function openAxiomRig(): Promise<Rig<AxiomClient>> {
  const market = { pairs: 6, tradesPerSecond: 20, pairsPerMinute: 120, historyS: 10 };
  const paper = await createPaper({ seed: 1, market: false, axiom: { market } });
  if (paper.axiom === undefined) throw new Error("the paper exchange has no Axiom venue");
  const { venue, urls } = paper.axiom;
  const requests = countRequests([new URL(urls.rest).port].map(Number));
  const clients: AxiomClient[] = [];
  const session = venue.openSession();
  const transactions = new Map<string, Uint8Array>();

  return {
    createClient() {
      const client = createAxiom({
        urls: localUrls(urls.rest, new URL(urls.cluster).origin),
        session: { accessToken: session.accessToken, refreshToken: session.refreshToken },
        limit: { requests: 10_000 },
        callTimeoutMs: 5_000,
      });
      clients.push(client);
      return client;
    },
    requests: () => requests.count(),
    openSockets: () => requests.openSockets(),
    secrets: [session.accessToken, session.refreshToken],
    async misbehave(how) {
      const handles = FAULTS[how].map((fault) => paper.faults.add(fault));
      if (handles.length === 0) return undefined;
      return async () => {
        for (const handle of handles) handle.remove();
      };
    },
    read: (client, control) => client.market.getServerTimeUs(control),
    badCalls: (client) => [
      () => client.account.balanceOf("not a wallet"),
      () => client.account.balancesOf([]),
      () => client.transactions.submitMany([{ transaction: "AAAA" }]),
      () => client.transactions.submitMany([]),
      () => client.stream.rooms({ rooms: [""], onEvent: () => {}, onError: () => {} }),
      () => client.market.getServerTimeUs({ timeoutMs: 0 }),
    ],
    write: {
      newId() {
        const bytes = createTransaction([createWallet()], "conformance");
        const signature = base58.encode(bytes.subarray(1, 65)); // behind the number of signatures
        transactions.set(signature, bytes);
        return signature;
      },
      async run(client, id, control) {
        const transaction = transactions.get(id) as Uint8Array;
        const [outcome] = await client.transactions.submitMany([{ transaction }], control);
        if (outcome === undefined) throw new Error("there is no outcome");
        return unwrap(outcome);
      },
      accepted: () => venue.acceptedTransactions.map(({ signature }) => signature),
    },
    openStream: (client, listener) =>
      client.stream.rooms({
        rooms: [axiomRooms.serverTime, axiomRooms.newPairs],
        onEvent: (event) => {
          if (event.kind === "gap") listener.onGap();
          else if (event.kind !== "resync") listener.onData();
        },
        onError: (error) => listener.onError(error),
      }),
    async cutSockets() {
      paper.faults.add({ kind: "close", code: 1001 });
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await paper.close();
      requests.stop();
    },
  };
}
