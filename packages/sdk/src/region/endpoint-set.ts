import { InvalidInputError } from "@pitlane/perf";
import { checkList, checkObject } from "../checks.ts";
import type { Endpoint } from "./endpoints.ts";

/** A venue's addresses as one writes them down: by region, then by service; several of one service in the order of preference. */
export type RegionUrls = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** Every endpoint of each service, the preferred region first. */
export type EndpointSet = ReadonlyMap<string, readonly Endpoint[]>;

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/;
const MOST_ENDPOINTS = 64; // of one service
const PROTOCOLS = ["http:", "https:", "ws:", "wss:"];

/**
 * Checks a venue's addresses and sorts them by service.
 *
 * Names of regions and services are 1 to 64 letters, digits, `.`, `_` and `-`. An address is a URL of http, https, ws or wss without
 * user, query or fragment, and one of http has no path, as calls bring theirs. It is kept without a slash at its end. No service
 * has an address twice.
 *
 * @throws {InvalidInputError} Naming the region, the service and the rule.
 * @example
 * const endpoints = endpointSet({
 *   tokyo: { rest: "https://api1.example.com", stream: "wss://stream1.example.com:9443" },
 *   virginia: { rest: ["https://api2.example.com", "https://api3.example.com"], stream: "wss://stream2.example.com:9443" },
 * });
 * endpoints.get("rest")?.length; // 3
 */
export function endpointSet(urls: RegionUrls): EndpointSet {
  checkObject("urls", urls);
  const services = new Map<string, Endpoint[]>();
  for (const [region, its] of Object.entries(urls)) {
    checkName("a region", region);
    checkObject(`region ${region}`, its);
    for (const [service, given] of Object.entries(its)) {
      checkName("a service", service);
      if (typeof given !== "string") checkList(`${service} of region ${region}`, given);
      const endpoints = services.get(service) ?? [];
      services.set(service, endpoints);
      for (const text of typeof given === "string" ? [given] : given) {
        const url = checkUrl(`${service} of region ${region}`, text);
        if (endpoints.some((other) => other.url === url)) {
          throw new InvalidInputError(`service ${service} has the endpoint ${url} twice`);
        }
        endpoints.push(Object.freeze({ region, url }));
      }
    }
  }
  if (services.size === 0) throw new InvalidInputError("a set of endpoints must have at least one");
  for (const [service, endpoints] of services) {
    if (endpoints.length > 0 && endpoints.length <= MOST_ENDPOINTS) continue;
    throw new InvalidInputError(
      `service ${service} must have 1 to ${MOST_ENDPOINTS} endpoints, got ${endpoints.length}`,
    );
  }
  return services;
}

function checkName(what: string, name: string): void {
  if (NAME.test(name)) return;
  throw new InvalidInputError(
    `${what}'s name must be 1 to 64 letters, digits, ".", "_" and "-", got ${JSON.stringify(name)}`,
  );
}

function checkUrl(name: string, text: string): string {
  const url = typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !PROTOCOLS.includes(url.protocol)) {
    throw new InvalidInputError(`${name} must be a URL of http, https, ws or wss`); // not shown: it may hold a password
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new InvalidInputError(`${name} must be a URL without user, query or fragment, got one of ${url.host}`);
  }
  if (url.protocol.startsWith("http") && url.pathname !== "/") {
    throw new InvalidInputError(`${name} must be an origin without a path, got ${url.origin}${url.pathname}`);
  }
  return (url.origin === "null" ? `${url.protocol}//${url.host}` : url.origin) + url.pathname.replace(/\/+$/, "");
}
