import { createPaper, type PaperOptions } from "@pitlane/paper";
import { onTestFinished } from "vitest";
import { type AxiomOptions, createAxiom, localUrls } from "../../../src/venues/axiom/index.ts";

type PaperAxiomOptions = Exclude<NonNullable<PaperOptions["axiom"]>, boolean>;

/** A lively paper venue, in a region or several. Everything ends with the test. */
export async function setUpVenue(venueOptions: PaperAxiomOptions = {}, paperOptions: PaperOptions = {}) {
  const market = { pairs: 8, tradesPerSecond: 40, pairsPerMinute: 120, historyS: 60 };
  const paper = await createPaper({ seed: 1, market: false, axiom: { market, ...venueOptions }, ...paperOptions });
  onTestFinished(() => paper.close());
  if (paper.axiom === undefined) throw new Error("the paper exchange has no Axiom venue");
  const { venue, regions } = paper.axiom;
  const urls = regions.map((region) => localUrls(region.urls.rest, new URL(region.urls.cluster).origin));
  return { paper, venue, faults: paper.faults, urls: urls[0]!, regions: urls };
}

/** The same, and a client with a session of the venue's first user. */
export async function setUp(
  venueOptions: PaperAxiomOptions = {},
  clientOptions: Partial<AxiomOptions> = {},
  paperOptions: PaperOptions = {},
) {
  const parts = await setUpVenue(venueOptions, paperOptions);
  const { accessToken, refreshToken } = parts.venue.openSession();
  const axiom = createAxiom({ urls: parts.urls, session: { accessToken, refreshToken }, ...clientOptions });
  onTestFinished(() => axiom.close());
  return { ...parts, axiom };
}
