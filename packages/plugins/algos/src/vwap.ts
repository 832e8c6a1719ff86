import { definePlugin, InvalidInputError } from "pitlane";
import * as v from "valibot";
import { wholeIn } from "./checks.ts";
import { type Algo, Desk, type DeskRecord } from "./desk.ts";
import { deskConfig } from "./desk-config.ts";
import { deskState } from "./desk-state.ts";
import { Market } from "./market.ts";
import type { Fields } from "./run.ts";
import { SCHEDULED_FIELDS, type ScheduledOptions, scheduledRules } from "./scheduled.ts";
import { type ProfileRecord, VolumeProfile } from "./volume-profile.ts";

export interface VwapOptions extends ScheduledOptions {
  /**
   * Expected volume of each slice, in any unit: whole numbers, one at least above 0; 1 to 10,000 of them. Left out, the volumes by time of
   * day that this session has heard count: an even schedule until there are some.
   */
  readonly profile?: readonly number[];
  /** Slices of equal time where no profile is given; 1 to 10,000, default 10. With a profile: as many as it has numbers, or left out. */
  readonly slices?: number;
}

declare module "pitlane" {
  interface Capabilities {
    readonly "vwap-execution": Algo<VwapOptions>;
  }
}

const FIELDS: Fields<VwapOptions> = { ...SCHEDULED_FIELDS, profile: true, slices: true };

const form = v.object({ desk: deskState, profiles: v.record(v.string(), v.array(v.tuple([v.number(), v.number()]))) });
const vwapState = v.custom<VwapRecord>((value) => v.is(form, value), "is not what it keeps");

interface VwapRecord {
  readonly desk: DeskRecord;
  readonly profiles: Readonly<Record<string, ProfileRecord>>;
}

/**
 * Volume-weighted average price: a parent in slices of equal time, each in proportion to the volume that the market is expected to trade in it,
 * taken at the touch or left to rest for its time (`style`).
 *
 * The capability is called `vwap-execution`: `vwap` is what indicators are called.
 * Source: S. Berkowitz, D. Logue, E. Noser, "The total cost of transactions on the NYSE" (1988), for the benchmark; A. Madhavan, "VWAP strategies"
 * (2002), for the schedule by historical volume.
 *
 * @example
 * ctx.use("vwap-execution").start({ instrument, side: "sell", sizeLots: 1000, durationMs: 3_600_000, profile: [5, 3, 2, 2, 3, 5] });
 */
export const vwap = definePlugin({
  name: "vwap-execution",
  version: "0.1.0",
  provides: ["vwap-execution"],
  config: deskConfig,
  state: vwapState,
  setup(ctx) {
    const profiles = new Map(ctx.instruments.map((instrument) => [instrument, new VolumeProfile()]));
    void new Market(ctx, {
      onVolume: (instrument, sizeLots, venueAtUs) => profiles.get(instrument)?.add(venueAtUs, sizeLots),
    });
    const desk = new Desk(
      ctx,
      scheduledRules<VwapOptions>(ctx, FIELDS, ({ instrument, profile, slices, durationMs }) => {
        if (profile !== undefined) return checkProfile(profile, slices);
        const count = slices === undefined ? 10 : wholeIn("slices", slices, 1, 10_000);
        const learned = profiles.get(instrument) as VolumeProfile;
        return learned.weights(ctx.nowUs(), durationMs * 1000, count);
      }),
    );
    ctx.provide("vwap-execution", desk);
    return {
      snapshot: () => ({
        desk: desk.snapshot(),
        profiles: Object.fromEntries(Array.from(profiles, ([{ id }, profile]) => [id, profile.record()])),
      }),
      hydrate: (old) => {
        for (const [{ id }, profile] of profiles) profile.restore(old.profiles[id] ?? []);
        desk.hydrate(old.desk);
      },
      reconcile: desk.reconcile,
    };
  },
});

function checkProfile(profile: readonly number[], slices: number | undefined): readonly number[] {
  if (!Array.isArray(profile))
    throw new InvalidInputError(
      `profile must be a list of whole numbers, such as [5, 3, 2, 2, 3, 5], got ${String(profile)}`,
    );
  if (slices !== undefined && profile.length !== slices)
    throw new InvalidInputError(
      `profile has ${profile.length} numbers and slices is ${String(slices)}: leave slices out`,
    );
  return profile;
}
