import { InvalidInputError } from "@pitlane/perf";
import { check, checkObject } from "../../checks.ts";
import type { EndpointSet } from "../../region/endpoint-set.ts";
import type { Endpoint } from "../../region/endpoints.ts";

/** Where the cluster sockets are. */
export const AXIOM_REGIONS = [
  "us-west",
  "us-central",
  "us-east",
  "eu-west",
  "eu-central",
  "eu-east",
  "asia",
  "australia",
  "global",
] as const;

export type AxiomRegion = (typeof AXIOM_REGIONS)[number];

/**
 * Where a client finds the venue. Origins, `https://...`, for calls; for sockets `wss://...` with the socket's path.
 *
 * All calls of one name go to any of its hosts. A local server usually stands in for all of them at once.
 */
export interface AxiomUrls {
  /** The hosts `apiN`, any of which takes any call that is not named below. */
  readonly rest: readonly string[];
  /** Balances, token accounts, coin prices. */
  readonly account: readonly string[];
  /** Submission of signed transactions. */
  readonly transactions: readonly string[];
  /** Friends and what they do. */
  readonly friends: readonly string[];
  /** The BNB chain. */
  readonly bnb: readonly string[];
  /** Who keeps the keys of the wallets that Axiom holds. Not a host of Axiom: no cookie goes there. */
  readonly turnkey: readonly string[];
  /** Cluster sockets of each region. */
  readonly cluster: Readonly<Partial<Record<AxiomRegion, readonly string[]>>>;
  /** The Pulse sockets: a user belongs to one of them by a hash of the user id. */
  readonly pulse: readonly string[];
  /** Trades of tracked wallets. */
  readonly eucalyptus: readonly string[];
  /** The same of the BNB chain. */
  readonly eucalyptusBnb: readonly string[];
  /** Presence. */
  readonly friendsSocket: readonly string[];
}

const host = (name: string): string => `${name}.axiom.trade`;
const https = (...names: readonly string[]): readonly string[] => names.map((name) => `https://${host(name)}`);
const wss = (...names: readonly string[]): readonly string[] => names.map((name) => `wss://${host(name)}`);

/**
 * The hosts of the real service, as others have found them: the venue publishes no list.
 *
 * Which `apiN` is in which region is not known. `tx-custom` is said to take what `tx-pro` takes; how they differ is not known. More hosts
 * were seen and are not here, as nobody recorded what is special about them: `api1`, `api4`, `api5`, `api11`, and the clusters
 * `cluster-global2`, `cluster-global1-heavy`, `cluster-asia2`, `cluster-gcp-asia1`, `cluster-gcp-aus1`.
 * Source: hosts seen in working third-party clients and browser captures, 2025-08 to 2026-09.
 */
export const AXIOM_URLS: AxiomUrls = {
  rest: https("api2", "api3", "api6", "api7", "api8", "api9", "api10"),
  account: https("api"),
  transactions: https("tx-pro", "tx-custom"),
  friends: https("friends"),
  bnb: https("api2-bnb", "api1-bnb"),
  turnkey: ["https://api.turnkey.com"],
  cluster: {
    "us-west": wss("socket8", "cluster-usw2"),
    "us-central": wss("cluster3", "cluster-usc2"),
    "us-east": wss("cluster5", "cluster-use2"),
    "eu-west": wss("cluster6", "cluster-euw2"),
    "eu-central": wss("cluster2", "cluster-euc2"),
    "eu-east": wss("cluster8"),
    asia: wss("cluster4"),
    australia: wss("cluster7"),
    global: wss("cluster9"),
  },
  pulse: wss("pulse", "pulse2").map((url) => `${url}/ws`),
  eucalyptus: wss("eucalyptus").map((url) => `${url}/ws`),
  eucalyptusBnb: wss("eucalyptus-bnb").map((url) => `${url}/ws`),
  friendsSocket: wss("friends").map((url) => `${url}/ws`),
};

/** Where a local server has the sockets that the venue has on hosts of their own. */
export interface LocalPaths {
  /** Default `/ws`. */
  readonly pulse?: string;
  /** Default `/eucalyptus/ws`. */
  readonly eucalyptus?: string;
  /** Default `/eucalyptus-bnb/ws`. */
  readonly eucalyptusBnb?: string;
  /** Default `/friends/ws`. */
  readonly friendsSocket?: string;
}

/**
 * One server in place of all hosts: what a local exchange needs.
 *
 * @param socket Origin of its sockets.
 * @throws {InvalidInputError} When one is no text; whether they are URLs, the client looks at.
 */
export function localUrls(rest: string, socket: string, paths: LocalPaths = {}): AxiomUrls {
  checkObject("paths", paths);
  for (const [name, text = ""] of Object.entries({ rest, socket, ...paths })) {
    check(typeof text === "string", name, "text", text);
  }
  const all = [rest];
  return {
    ...{ rest: all, account: all, transactions: all, friends: all, bnb: all, turnkey: all },
    cluster: { global: [socket] },
    pulse: [socket + (paths.pulse ?? "/ws")],
    eucalyptus: [socket + (paths.eucalyptus ?? "/eucalyptus/ws")],
    eucalyptusBnb: [socket + (paths.eucalyptusBnb ?? "/eucalyptus-bnb/ws")],
    friendsSocket: [socket + (paths.friendsSocket ?? "/friends/ws")],
  };
}

/**
 * Which of `count` Pulse sockets a user belongs to. Pure.
 *
 * Source: the site's own Pulse worker: `h = (h << 5) - h + code` over the user id as a 32-bit integer, then `|h| mod 2`.
 */
export function pulseIndex(userId: string, count: number): number {
  let hash = 0;
  for (let i = 0; i < userId.length; i++) hash = ((hash << 5) - hash + userId.charCodeAt(i)) | 0;
  return Math.abs(hash) % count;
}

const HTTP = ["http:", "https:"];
const WS = ["ws:", "wss:"];

/** The URLs with their form checked and no slash at their end. @throws {InvalidInputError} Naming the one that is wrong. */
export function checkUrls(urls: AxiomUrls): AxiomUrls {
  checkObject("urls", urls);
  checkObject("urls.cluster", urls.cluster);
  const cluster = Object.entries(urls.cluster).map(([region, list]) => {
    if (!AXIOM_REGIONS.includes(region as AxiomRegion)) {
      throw new InvalidInputError(`urls.cluster: ${JSON.stringify(region)} is none of ${AXIOM_REGIONS.join(", ")}`);
    }
    return [region, checkList(`urls.cluster.${region}`, list, WS)] as const;
  });
  if (cluster.length === 0) throw new InvalidInputError("urls.cluster must have a region");
  return {
    rest: checkList("urls.rest", urls.rest, HTTP),
    account: checkList("urls.account", urls.account, HTTP),
    transactions: checkList("urls.transactions", urls.transactions, HTTP),
    friends: checkList("urls.friends", urls.friends, HTTP),
    bnb: checkList("urls.bnb", urls.bnb, HTTP),
    turnkey: checkList("urls.turnkey", urls.turnkey, HTTP),
    cluster: Object.fromEntries(cluster),
    pulse: checkList("urls.pulse", urls.pulse, WS),
    eucalyptus: checkList("urls.eucalyptus", urls.eucalyptus, WS),
    eucalyptusBnb: checkList("urls.eucalyptusBnb", urls.eucalyptusBnb, WS),
    friendsSocket: checkList("urls.friendsSocket", urls.friendsSocket, WS),
  };
}

/**
 * Every endpoint by service. Hosts that are not bound to a place are regions of their own, named by their host; cluster sockets of
 * `region` come first, the rest serves when that is down.
 *
 * @throws {InvalidInputError} When there is no such region.
 */
export function endpointsOf(urls: AxiomUrls, region: AxiomRegion): EndpointSet {
  const { cluster, pulse: _byUser, ...services } = urls;
  const regions = Object.keys(cluster) as AxiomRegion[];
  check(regions.includes(region), "region", `one of ${regions.join(", ")}`, region);
  const nearFirst = [region, ...regions.filter((name) => name !== region)];
  return new Map<string, readonly Endpoint[]>([
    ...Object.entries(services).map(([service, list]) => [service, toEndpoints(list)] as const),
    ["cluster", nearFirst.flatMap((name) => (cluster[name] ?? []).map((url) => ({ region: name, url })))],
  ]);
}

/** The Pulse sockets, that of the user first. */
export function pulseEndpoints(urls: readonly string[], userId: string | undefined): readonly Endpoint[] {
  const first = userId === undefined ? 0 : pulseIndex(userId, urls.length);
  return toEndpoints([...urls.slice(first), ...urls.slice(0, first)]);
}

function toEndpoints(urls: readonly string[]): readonly Endpoint[] {
  return urls.map((url) => ({ region: new URL(url).host, url }));
}

function checkList(name: string, list: readonly string[] | undefined, protocols: readonly string[]): readonly string[] {
  if (!Array.isArray(list) || list.length === 0)
    throw new InvalidInputError(`${name} must be a list of at least one URL`);
  return list.map((text, index) => {
    const url = typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined;
    // Never shown: a URL may carry a password.
    const rule = `${name}[${index}] must be a URL of ${protocols.join(" or ")} without query, fragment or password`;
    if (url === undefined || !protocols.includes(url.protocol)) throw new InvalidInputError(rule);
    if (url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
      throw new InvalidInputError(rule);
    }
    const path = url.pathname.replace(/\/+$/, "");
    if (path !== "" && protocols === HTTP)
      throw new InvalidInputError(`${name}[${index}] must be an origin, without a path`);
    return url.origin + path;
  });
}
