import { type Outcome, settleAll as settleEach } from "../batch/outcome.ts";
import { check, checkFunction, checkList, checkMethods, checkObject, checkVenueName } from "../checks.ts";
import { type HealthMeter, type HealthMeterOptions, createHealthMeter as newHealthMeter } from "../health-meter.ts";
import { type EndpointChoice, fixedEndpoint as theEndpoint } from "../region/endpoints.ts";
import { createRegions as newRegions, type Regions, type RegionsOptions } from "../region/regions.ts";
import { createVenueClock as newVenueClock, type VenueClock, type VenueClockOptions } from "../session/venue-clock.ts";
import { checkClock, checkEndpoints, checkEvents } from "./shapes.ts";

// As in layers.ts: parts that the package's own venues use as they are, behind a look at what an outsider gives them.

/**
 * Outcomes in the order of `work`, however its promises end. Nothing is lost: a rejection becomes its item's error.
 *
 * @throws {InvalidInputError} When it is no list.
 */
export async function settleAll<T>(work: readonly Promise<T>[]): Promise<readonly Outcome<T>[]> {
  checkList("work", work);
  return settleEach(work);
}

/**
 * The choice of a service with one address: always that one.
 *
 * @throws {InvalidInputError} When it is no URL of http, https, ws or wss.
 * @example
 * const choice = fixedEndpoint("http://127.0.0.1:8080");
 */
export function fixedEndpoint(url: string, region = "default"): EndpointChoice {
  const isOne = typeof url === "string" && URL.canParse(url) && /^(https?|wss?):$/.test(new URL(url).protocol);
  check(isOne, "url", "a URL of http, https, ws or wss", typeof url); // not shown: it may hold a password
  check(typeof region === "string", "region", "text", region);
  return theEndpoint(url, region);
}

/**
 * Chooses among a venue's endpoints, each service for itself: sticky, until the present one goes down or another costs less by a
 * margin, several times in a row. Probes begin with the first `pick`.
 *
 * @throws {InvalidInputError} Naming the option and its rule, or when a probe is for a service that the set does not have.
 * @example
 * const regions = createRegions({ endpoints, probes: { rest: httpProbe(pools.send, "/api/v3/ping") }, events, clock });
 * const send = compose(pools.send, failover({ choice: regions.service("rest"), clock }));
 * await regions.close();
 */
export function createRegions(options: RegionsOptions): Regions {
  checkObject("options", options);
  const { endpoints, probes = {}, events, clock } = options;
  check(endpoints instanceof Map, "endpoints", "what endpointSet gives", endpoints);
  for (const [service, its] of endpoints) checkEndpoints(`the endpoints of ${String(service)}`, its);
  checkObject("probes", probes);
  for (const [service, probe] of Object.entries(probes)) {
    check(endpoints.has(service), "a service of probes", `one of ${[...endpoints.keys()].join(", ")}`, service);
    checkFunction(`probes.${service}`, probe);
  }
  checkEvents(events);
  checkClock(clock, "monotonicNs", "sleep");
  return newRegions(options);
}

/**
 * Gathers what a client knows of its network. The parts tell it what happens in their slow paths, and are asked for the rest when
 * somebody reads.
 *
 * @throws {InvalidInputError} Naming the option and its rule.
 * @example
 * const meter = createHealthMeter({ venue: "example", events, clock });
 * const health = () => meter.read(regions, ["rest"]);
 */
export function createHealthMeter(options: HealthMeterOptions): HealthMeter {
  checkObject("options", options);
  const { venue, events, clock } = options;
  checkVenueName("venue", venue);
  checkMethods("events", events, "emit", "on");
  checkClock(clock, "nowUs", "monotonicNs");
  return newHealthMeter(options);
}

/**
 * Tells a venue's time, for requests that are refused when their timestamp is off. Differences are worked in without a jump, but for
 * a refused timestamp beyond what the venue tolerates.
 *
 * @throws {InvalidInputError} Naming the option and its rule.
 * @example
 * const venueClock = createVenueClock({ readServerTimeUs, events, clock });
 * await venueClock.start();
 * const timestamp = venueClock.nowMs();
 */
export function createVenueClock(options: VenueClockOptions): VenueClock {
  checkObject("options", options);
  const { readServerTimeUs, events, tolerates, clock } = options;
  checkFunction("readServerTimeUs", readServerTimeUs);
  checkMethods("events", events, "emit");
  if (tolerates !== undefined) checkObject("tolerates", tolerates);
  checkClock(clock, "nowUs", "monotonicNs", "sleep");
  return newVenueClock(options);
}
