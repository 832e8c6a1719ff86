import * as v from "valibot";
import type { DeskRecord } from "./desk.ts";

const account = v.object({
  settledLots: v.number(),
  next: v.number(),
  open: v.array(v.tuple([v.number(), v.number()])),
});

const form = v.object({
  nextId: v.number(),
  runs: v.array(
    v.object({
      id: v.string(),
      instrument: v.string(),
      options: v.record(v.string(), v.unknown()),
      own: v.record(v.string(), v.unknown()),
      state: v.picklist(["working", "cancelling"]),
      ending: v.picklist(["working", "done", "expired", "cancelled", "failed"]),
      reason: v.string(),
      wakeAtUs: v.number(),
      pausedUntilUs: v.number(),
      refusals: v.number(),
      accounts: v.record(v.string(), account),
    }),
  ),
});

/** Form of a desk's snapshot. */
export const deskState = v.custom<DeskRecord>((value) => v.is(form, value), "is not what a desk keeps");
