// Rooms of the cluster socket in one loop, and the live tables of the Pulse page.
import { createPaper } from "@pitlane/paper";
import { axiomRooms, createAxiom, localUrls } from "@pitlane/sdk/axiom";

const paper = await createPaper({
  seed: 7,
  market: false,
  axiom: { market: { pairsPerMinute: 120, tradesPerSecond: 40 } },
});
if (paper.axiom === undefined) throw new Error("asked for above");
const { venue, urls } = paper.axiom;
const [pairAddress = ""] = venue.pairAddresses;

// The cookies of a browser's session: what a program brings to the real venue.
const axiom = createAxiom({
  urls: localUrls(urls.rest, new URL(urls.cluster).origin),
  session: { cookies: venue.openSession().cookie },
});

const pulse = axiom.stream.pulse({ onEvent: () => {}, onError: (error) => console.log(error.message) });
const stream = axiom.stream.rooms({
  rooms: [axiomRooms.newPairs, axiomRooms.coinPrice("SOL"), axiomRooms.trades(pairAddress), "a-room-nobody-knows"],
  onError: (error) => console.log("told:", error.message),
});

const seen = new Map<string, number>();
for await (const event of stream) {
  seen.set(event.kind, (seen.get(event.kind) ?? 0) + 1);
  if (event.kind === "newPair") console.log("new:", event.pair.tokenTicker);
  if (event.kind === "gap") console.log("lost for good, until the resync:", event.reason); // the venue repeats nothing
  if (event.kind === "resync") console.log("joined again:", event.rooms.length, "rooms");
  if (event.kind === "newPair" && seen.get("newPair") === 2) paper.faults.add({ kind: "close", venue: "axiom" });
  if (seen.has("resync") && (seen.get("newPair") ?? 0) >= 3) break;
}
console.log(Object.fromEntries(seen));

await pulse.ready;
for (const table of ["newPairs", "finalStretch", "migrated"] as const)
  console.log(table, pulse.rows(table).length, "rows");
await axiom.close();
await paper.close();
