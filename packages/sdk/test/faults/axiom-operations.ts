import { unwrap } from "../../src/batch/outcome.ts";
import { type AxiomClient, axiomRooms } from "../../src/venues/axiom/index.ts";
import { createTransaction, createWallet } from "../venues/axiom/wallets.ts";
import { described, type Operation, type Scene, until } from "./operations.ts";

const SEND = "/batched-send-tx-v2";

/** The operations of the matrix on Axiom. */
export const AXIOM_OPERATIONS: readonly Operation[] = [
  {
    name: "Axiom read",
    kind: "call",
    venue: "axiom",
    route: "/server-time",
    async run(scene) {
      const axiom = axiomOf(scene);
      const read = () => axiom.market.getServerTimeUs();
      await read();
      await scene.strike();
      return described(axiom, read);
    },
  },
  { name: "Axiom batch send", kind: "call", venue: "axiom", route: `POST ${SEND}`, run: send },
  {
    name: "Axiom rooms",
    socket: "/",
    isNumbered: false,
    kind: "stream",
    venue: "axiom",
    route: "connection_monitor",
    run: rooms,
  },
  { name: "Axiom Pulse", socket: "/ws", isNumbered: false, kind: "stream", venue: "axiom", route: "/ws", run: pulse },
];

async function send(scene: Scene): Promise<string> {
  const axiom = axiomOf(scene);
  await axiom.market.getServerTimeUs();
  await scene.strike();
  const transaction = createTransaction([createWallet()], "matrix");
  const before = scene.paper.axiom?.venue.acceptedTransactions.length ?? 0;
  const words = await described(axiom, async () => {
    const [outcome] = await axiom.transactions.submitMany([{ transaction }]);
    if (outcome !== undefined) unwrap(outcome);
  });
  const times = (scene.paper.axiom?.venue.acceptedTransactions.length ?? 0) - before;
  return `${words}; accepted ${times === 1 ? "once" : times === 0 ? "never" : `${times} times`}`;
}

async function rooms(scene: Scene): Promise<string> {
  const heard: string[] = [];
  const stream = axiomOf(scene).stream.rooms({
    rooms: [axiomRooms.serverTime, axiomRooms.newPairs],
    onEvent: (event) => void heard.push(event.kind === "gap" && event.cause === "undecodable" ? "hole" : event.kind),
    onError: () => {},
  });
  return watched(stream, heard, scene);
}

async function pulse(scene: Scene): Promise<string> {
  const heard: string[] = [];
  const stream = axiomOf(scene).stream.pulse({
    onEvent: ({ kind }) => void heard.push(kind === "replaced" ? "resync" : kind),
    onError: () => {},
  });
  return watched(stream, heard, scene);
}

async function watched(
  stream: { readonly ready: Promise<void>; close(): Promise<void> },
  heard: string[],
  scene: Scene,
): Promise<string> {
  try {
    await stream.ready;
    await until("data before the fault", () => heard.length > 2);
    heard.length = 0;
    await scene.strike();
    const from = heard.length;
    await until("data after the fault", () => {
      const last = heard.findLastIndex((kind) => kind === "gap" || kind === "resync");
      const isWhole = last < 0 || heard[last] === "resync";
      return isWhole && heard.length - Math.max(from, last + 1) > 2;
    });
    if (heard.includes("hole")) return "gap";
    return heard.includes("gap") ? "gap, resync" : "no gap";
  } finally {
    await stream.close();
  }
}

function axiomOf({ axiom }: Scene): AxiomClient {
  if (axiom === undefined) throw new Error("the scene has no Axiom");
  return axiom;
}
