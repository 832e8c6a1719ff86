import { integerInRange, type Random } from "@pitlane/perf";
import { placeOf } from "./host.ts";
import { createPort, type Port, type PortParts } from "./port.ts";
import type { CheckedRegion } from "./regions.ts";
import { type AxiomControls, AxiomVenue, type AxiomVenueOptions, createAxiomProtocol } from "./wire/axiom/index.ts";
import type { Place } from "./wire/protocol.ts";

/** How the Axiom venue of a paper exchange is set up; everything has a default. */
export interface AxiomOptions extends Omit<AxiomVenueOptions, "clock" | "random" | "onError"> {
  /** Port of the first region, 0 to 65535; further regions take the ones after it. 0 takes free ones. Default 0. */
  readonly port?: number;
}

/** Where one region of the Axiom venue is. */
export interface AxiomRegion {
  readonly name: string;
  readonly port: number;
  readonly urls: {
    /** `http://127.0.0.1:PORT`: the REST API of all its hosts. */
    readonly rest: string;
    /** `ws://127.0.0.1:PORT/`: rooms. */
    readonly cluster: string;
    /** `ws://127.0.0.1:PORT/ws` */
    readonly pulse: string;
    /** `ws://127.0.0.1:PORT/eucalyptus/ws` */
    readonly eucalyptus: string;
    /** `ws://127.0.0.1:PORT/eucalyptus-bnb/ws` */
    readonly eucalyptusBnb: string;
    /** `ws://127.0.0.1:PORT/friends/ws` */
    readonly friends: string;
  };
}

/** The Axiom venue of a running paper exchange: ports of its own, in the same regions. */
export interface PaperAxiom {
  /** Of the first region. */
  readonly urls: AxiomRegion["urls"];
  readonly regions: readonly AxiomRegion[];
  /** Its mails, sessions and ledger. */
  readonly venue: AxiomControls;
}

/** The Axiom venue and its ports, as the exchange holds them. */
export interface AxiomSide {
  readonly venue: AxiomVenue;
  readonly ports: readonly Port[];
}

/** Puts together what was asked for; undefined when nothing was. @throws {InvalidInputError} Naming the option and its rule. */
export function createAxiomSide(
  asked: boolean | AxiomOptions,
  regions: readonly CheckedRegion[],
  random: Random,
  parts: PortParts,
): AxiomSide | undefined {
  if (asked === false) return undefined;
  const { port: first = 0, ...options } = asked === true ? {} : asked;
  integerInRange("axiom.port", first, 0, 65_535);
  const { clock, onError } = parts;
  const venue = new AxiomVenue({ ...options, clock, random, onError });
  const ports = regions.map((region, i) => {
    const port = integerInRange("axiom.port", first === 0 ? 0 : first + i, 0, 65_535);
    const protocol = (place: Place) => createAxiomProtocol(venue, place);
    return createPort({ ...parts, venue: "axiom", region: { ...region, port }, protocol });
  });
  return { venue, ports };
}

/** What the exchange's owner sees of it, once its ports listen. */
export function toPaperAxiom({ venue, ports }: AxiomSide, host: string): PaperAxiom {
  const regions = ports.map(({ server: { port }, site: { region } }) => {
    const place = placeOf(host, port);
    const urls = {
      rest: `http://${place}`,
      cluster: `ws://${place}/`,
      pulse: `ws://${place}/ws`,
      eucalyptus: `ws://${place}/eucalyptus/ws`,
      eucalyptusBnb: `ws://${place}/eucalyptus-bnb/ws`,
      friends: `ws://${place}/friends/ws`,
    };
    return { name: region, port, urls };
  });
  return { urls: regions[0]!.urls, regions, venue };
}
