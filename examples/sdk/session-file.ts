// A login that outlives its process: the session is kept in a file, encrypted and readable by its owner alone.
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper, DEMO_AXIOM_EMAIL, DEMO_AXIOM_PASSWORD } from "@pitlane/paper";
import { createFileStore, WrongPassphraseError } from "@pitlane/sdk";
import { type AxiomSession, createAxiom, localUrls } from "@pitlane/sdk/axiom";

const paper = await createPaper({ seed: 7, market: false, axiom: true });
if (paper.axiom === undefined) throw new Error("asked for above");
const { venue, urls } = paper.axiom;
const folder = await mkdtemp(join(tmpdir(), "pitlane-"));
const path = join(folder, "axiom.session");

function open(passphrase: string) {
  return createAxiom({
    urls: localUrls(urls.rest, new URL(urls.cluster).origin),
    // Quick, for an example. Leave `scryptLogN` out: its default makes each guess of a passphrase cost 128 MiB and some 0.3 s.
    sessionStore: createFileStore<AxiomSession>({ path, passphrase, scryptLogN: 13 }),
    credentials: {
      email: DEMO_AXIOM_EMAIL,
      password: DEMO_AXIOM_PASSWORD,
      onOtp: async ({ sentTo }) => venue.mails.findLast(({ to }) => to === sentTo)?.code ?? "",
    },
  });
}

const passphrase = "from your environment, never from the code";
const first = open(passphrase);
await first.session.ensure();
await first.close();
console.log("first start:", venue.mails.length, "mail; mode", ((await stat(path)).mode & 0o777).toString(8));

const second = open(passphrase); // another process, an hour later
await second.session.ensure();
await second.close();
console.log("second start:", venue.mails.length, "mail, no second login");

const third = open("not the passphrase");
await third.session.ensure().catch((error: Error) => {
  console.log("third start:", error instanceof WrongPassphraseError ? "WRONG_PASSPHRASE, nothing was sent" : error);
});
await third.close();

await rm(folder, { recursive: true });
await paper.close();
