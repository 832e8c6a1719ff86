// Everything that can go wrong, on demand: in the program, over HTTP, and as a plan that can be repeated.
import { createPaper, formatFault, parseFault } from "@pitlane/paper";
import { VenueError } from "@pitlane/sdk";
import { createBinance } from "@pitlane/sdk/binance";

const paper = await createPaper({
  seed: 7,
  regions: [{ name: "eu" }, { name: "us", delayMs: 80, jitterMs: 10 }],
  faults: [parseFault("delay:ms=30,route=/api/v3/ticker")],
});
const binance = createBinance({ urls: paper.urls, retries: 0 });
const ask = () =>
  binance.market.getServerTimeUs({ timeoutMs: 500 }).then(
    () => "answered",
    (error) => `${error.code}${error instanceof VenueError ? ` ${error.status} ${error.venueText}` : ""}`,
  );

const failing = paper.faults.add({ kind: "error", status: 503, route: "GET /api/v3/time", count: 2 });
console.log(await ask());
console.log(await ask(), "-", failing.hits, "hits,", failing.state);
console.log(await ask());

// The same from outside, for a program in another process.
const admin = `${paper.urls.rest}/_paper/faults`;
const added = await fetch(admin, { method: "POST", body: JSON.stringify({ kind: "acceptThenTimeout", count: 1 }) });
console.log("added:", await added.text());
console.log(await ask());
await fetch(admin, { method: "DELETE" });
console.log(await ask());

// A plan of random ones: printed, and the same for the same seed.
const chaotic = await createPaper({ seed: 7, faults: { plan: "chaos", rate: 60, forMs: 5_000 } });
for (const fault of chaotic.faults.schedule) console.log("plan:", formatFault(fault));

await binance.close();
await chaotic.close();
await paper.close();
