import { describe, test } from "vitest";
import { conformance } from "../../src/testing.ts";
import { axiomVenue } from "../../src/venues/axiom/index.ts";
import { openAxiomRig } from "./axiom-rig.ts";

describe("Axiom", () => {
  const checks = conformance({ venue: axiomVenue, openRig: openAxiomRig, also: ["write", "stream"] });
  for (const { name, run } of checks) test(name, run, 60_000);
});
