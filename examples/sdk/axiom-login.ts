// Logs in with a password and the code from the mail, and keeps the session alive when the venue forgets it.
import { createPaper, DEMO_AXIOM_EMAIL, DEMO_AXIOM_PASSWORD } from "@pitlane/paper";
import { createAxiom, localUrls, TurnstileRequiredError } from "@pitlane/sdk/axiom";

const paper = await createPaper({ seed: 7, market: false, axiom: true });
if (paper.axiom === undefined) throw new Error("asked for above");
const { venue, urls } = paper.axiom;

const credentials = {
  email: DEMO_AXIOM_EMAIL,
  password: DEMO_AXIOM_PASSWORD,
  // A prompt, a chat, or `imapOtp` of @pitlane/sdk/imap. Here the mails stay in the process.
  onOtp: async ({ sentTo }: { readonly sentTo: string }) => venue.mails.findLast(({ to }) => to === sentTo)?.code ?? "",
};
const axiom = createAxiom({ urls: localUrls(urls.rest, new URL(urls.cluster).origin), credentials });
axiom.events.on("sessionRefreshed", () => console.log("the session was renewed"));

const { status, expiresAtUs = 0 } = await axiom.session.ensure(); // calls do that by themselves
console.log(`${status} for ${Math.round((expiresAtUs / 1000 - Date.now()) / 1000)} s`);
console.log("trending:", (await axiom.market.listTrending("1h")).length, "tokens");

paper.faults.add({ kind: "tokensExpired" }); // every access token is worthless from now on
const pages = await Promise.all([
  axiom.market.listTrending("5m"),
  axiom.market.listTrending("6h"),
  axiom.market.listTrending("24h"),
]);
console.log(`${pages.length} calls went through, on one renewal`);

// Since March 2026 the real venue asks for a browser's proof here. A program then needs a browser's session: `session: { cookies }`.
venue.turnstile = true;
await axiom.session
  .login()
  .catch((error: Error) => console.log(error instanceof TurnstileRequiredError, error.message));

await axiom.close();
await paper.close();
