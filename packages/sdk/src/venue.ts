import { InvalidInputError } from "@pitlane/perf";
import type { AccountCalls, MarketCalls, OrderCalls, StreamCalls } from "./calls.ts";
import { check, checkFunction, checkList, checkObject, checkVenueName } from "./checks.ts";
import type { ClientEmitter } from "./client-events.ts";
import type { OrderKind } from "./model/order.ts";

/**
 * What a venue can do: for each group the names of the calls it has, and the kinds of order it takes. What is not named is
 * not on the client's type, so calling it does not compile.
 */
export interface Capabilities {
  readonly market: readonly (keyof MarketCalls)[];
  readonly orders?: readonly (keyof OrderCalls)[];
  /** Needed with `orders`. */
  readonly orderKinds?: readonly OrderKind[];
  readonly account?: readonly (keyof AccountCalls)[];
  readonly stream?: readonly (keyof StreamCalls)[];
}

type NamesOf<C, G extends string> = C extends { readonly [K in G]: readonly (infer N)[] } ? N : never;

/** The client of a venue with capabilities `C`: exactly the calls they name. */
export type ClientOf<C extends Capabilities> = {
  /** The venue's name, as in its instruments' ids. */
  readonly venue: string;
  readonly market: Pick<MarketCalls, NamesOf<C, "market"> & keyof MarketCalls>;
  /** What happens besides the answers to calls: regions, sessions, retries. */
  readonly events: Pick<ClientEmitter, "on" | "once" | "off">;
  /** Closes streams and sockets; calls under way fail, and those that come later are refused, unsent, with a `CallAbortedError`. */
  close(): Promise<void>;
} & Group<C, "orders", OrderCalls<NamesOf<C, "orderKinds"> & OrderKind>> &
  Group<C, "account", AccountCalls> &
  Group<C, "stream", StreamCalls>;

type Group<C, G extends string, Calls> = [NamesOf<C, G>] extends [never]
  ? unknown
  : { readonly [K in G]: Pick<Calls, NamesOf<C, G> & keyof Calls> };

/** A venue: its name, what it can do, and how a client of it is made. */
export interface VenueDefinition<C extends Capabilities, O, Client extends ClientOf<C>> {
  /** Lower-case letters, digits and `-`; the first part of its instruments' ids. */
  readonly name: string;
  readonly capabilities: C;
  /** Checks the options and makes a client that has connected to nothing yet. @throws {InvalidInputError} Before any I/O. */
  readonly create: (options: O) => Client;
}

/**
 * Declares a venue. This is the whole interface that one needs: a folder that exports what this returns is a venue like those
 * that come with the package, and passes the same conformance suite (`@pitlane/sdk/testing`).
 *
 * The client must have every call that the capabilities name; it may have more, of the venue's own. The compiler checks the
 * types, and `create` that they are there.
 *
 * @throws {InvalidInputError} When the name breaks its rule, the rest is of the wrong kind, or `orders` comes without `orderKinds`; and
 * from `create`, when the client lacks a call that was declared.
 * @example
 * export const example = defineVenue({
 *   name: "example",
 *   capabilities: { market: ["listInstruments", "getServerTimeUs"] },
 *   create: (options: ExampleOptions) => createExample(options),
 * });
 * const client = example.create({ url: "https://api.example.com" });
 * await client.market.listInstruments();
 */
export function defineVenue<const C extends Capabilities, O, Client extends ClientOf<C>>(
  definition: VenueDefinition<C, O, Client>,
): VenueDefinition<C, O, Client> {
  checkObject("definition", definition);
  const { name, capabilities, create } = definition;
  checkVenueName("a venue's name", name);
  checkCapabilities(capabilities);
  checkFunction("create", create);
  if (capabilities.orders !== undefined && (capabilities.orderKinds ?? []).length === 0) {
    throw new InvalidInputError(`venue ${name}: capabilities with orders need orderKinds, the kinds of order it takes`);
  }
  return {
    name,
    capabilities,
    create: (options) => {
      const client = create(options);
      checkObject(`the client of venue ${name}`, client);
      for (const group of GROUPS) {
        for (const call of capabilities[group] ?? []) checkCall(name, client, group, call);
      }
      return client;
    },
  };
}

const GROUPS = ["market", "orders", "account", "stream"] as const;

/** Lists of names, of which only that of `market` is needed. */
function checkCapabilities(capabilities: Capabilities): void {
  checkObject("capabilities", capabilities);
  for (const group of [...GROUPS, "orderKinds"] as const) {
    const names = group === "market" ? capabilities.market : (capabilities[group] ?? []);
    checkList(`capabilities.${group}`, names);
    for (const name of names) check(typeof name === "string", `capabilities.${group}`, "a list of names", name);
  }
}

function checkCall(venue: string, client: object, group: string, call: string): void {
  const calls = (client as Readonly<Record<string, unknown>>)[group];
  const isThere =
    typeof calls === "object" &&
    calls !== null &&
    typeof (calls as Readonly<Record<string, unknown>>)[call] === "function";
  if (!isThere) throw new InvalidInputError(`venue ${venue} declares ${group}.${call}, which its client does not have`);
}
