import { InvalidInputError } from "@pitlane/perf";
import { formatUnits, type Instrument, notionalUnits, parseUnits } from "@pitlane/sdk";
import { deny, type Verdict } from "../engines/risk.ts";
import { countedTicks } from "../orders/counted-price.ts";
import { INTENT_KINDS } from "../orders/kinds.ts";
import type { Intent } from "../orders/order.ts";

/** What a plugin may do. A field left out does not restrict, but for `network`. */
export interface Permissions {
  /** Venues it may trade on. */
  readonly venues?: readonly string[];
  /** Instruments it may trade: `AAA/BBB` on any venue, `venue:AAA/BBB` on one. */
  readonly instruments?: readonly string[];
  /** Kinds of order it may submit; none with an empty list. */
  readonly orderKinds?: readonly Intent["type"][];
  /** Largest price x size of one order: decimal text, in the instrument's quote asset. */
  readonly maxNotional?: string;
  /** Whether it may set timers. */
  readonly timers?: boolean;
  /**
   * Whether it may open connections; no unless told. In the session's own thread this is a declaration and nothing more: JavaScript has
   * no wall inside a thread. In a worker, sockets and child processes are refused: a guard against mistakes, not against malice.
   */
  readonly network?: boolean;
}

/** Verdict on an intent. @param referenceTicks Price to value an order at that names none; undefined when none is known. */
export type PermissionReview = (intent: Intent, referenceTicks: number | undefined) => Verdict;

const KINDS: readonly string[] = INTENT_KINDS;
const ALLOWED: Verdict = { allowed: true };

/**
 * Compiles permissions into one check, done before risk is asked: what is not permitted never becomes an order. All of several sets
 * must permit: a plugin's own and what the config narrows them to.
 *
 * @throws {InvalidInputError} When a set names what cannot be: an order kind, a notional or an instrument that is none.
 */
export function compilePermissions(
  plugin: string,
  sets: readonly (Permissions | undefined)[],
  instruments: readonly Instrument[],
): PermissionReview {
  const given = sets.filter((set) => set !== undefined);
  for (const set of given) check(plugin, set);
  const limits = given.flatMap(({ maxNotional }) => (maxNotional === undefined ? [] : [parseUnits(maxNotional)]));
  const maxUnits = limits.sort((a, b) => (a < b ? -1 : 1))[0];
  const kinds = new Set(KINDS.filter((kind) => given.every((set) => set.orderKinds?.includes(kind as never) ?? true)));
  const known = new Set(instruments);
  const open = new Set(instruments.filter((instrument) => given.every((set) => mayTrade(set, instrument))));
  return (intent, referenceTicks) => {
    const { instrument, type } = intent;
    if (!open.has(instrument) && known.has(instrument))
      // one that is not of the session is a mistake for the host to throw
      return deny("PERMISSION_INSTRUMENT", `${plugin} has no permission to trade ${instrument.id}`);
    if (!kinds.has(type)) return deny("PERMISSION_ORDER_KIND", kindRefusal(plugin, type));
    return maxUnits === undefined ? ALLOWED : reviewNotional(plugin, intent, maxUnits, referenceTicks);
  };
}

function kindRefusal(plugin: string, type: string): string {
  if (KINDS.includes(type)) return `${plugin} has no permission for ${type} orders`;
  return `there are no orders of type ${JSON.stringify(type)}: use one of ${KINDS.join(", ")}`;
}

function reviewNotional(plugin: string, intent: Intent, maxUnits: bigint, referenceTicks: number | undefined): Verdict {
  const { instrument, sizeLots } = intent;
  const ticks = countedTicks(intent, referenceTicks);
  if (ticks === undefined)
    return deny("PERMISSION_NOTIONAL", `no price of ${instrument.id} is known to value the order at`);
  // What is no size or price at all is for risk to name; here it must only not slip through.
  if (!Number.isSafeInteger(ticks) || !Number.isSafeInteger(sizeLots)) return ALLOWED;
  const units = notionalUnits(instrument, ticks, sizeLots);
  if (units <= maxUnits) return ALLOWED;
  return deny(
    "PERMISSION_NOTIONAL",
    `order worth ${formatUnits(units)} ${instrument.quote} is above the ${formatUnits(maxUnits)} that ${plugin} has permission for`,
  );
}

function mayTrade({ venues, instruments }: Permissions, { id, venue, symbol }: Instrument): boolean {
  if (venues !== undefined && !venues.includes(venue)) return false;
  return instruments === undefined || instruments.includes(id) || instruments.includes(symbol);
}

function check(plugin: string, { maxNotional, orderKinds, instruments }: Permissions): void {
  const unknown = orderKinds?.find((kind) => !KINDS.includes(kind));
  if (unknown !== undefined)
    throw new InvalidInputError(
      `${plugin}: permissions.orderKinds names ${String(unknown)}; the kinds are ${KINDS.join(", ")}`,
    );
  const bad = instruments?.find((instrument) => !/^([^:/]+:)?[^:/]+\/[^:/]+$/.test(instrument));
  if (bad !== undefined)
    throw new InvalidInputError(
      `${plugin}: permissions.instruments has ${JSON.stringify(bad)}: write AAA/BBB or venue:AAA/BBB`,
    );
  if (maxNotional === undefined) return;
  try {
    parseUnits(maxNotional);
  } catch (error) {
    throw new InvalidInputError(`${plugin}: permissions.maxNotional: ${(error as Error).message}`, { cause: error });
  }
}
