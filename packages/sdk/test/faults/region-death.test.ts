import { expect, test } from "vitest";
import { runRegionDeath } from "./region-death.ts";

test.each(["regionDown", "regionSilent"] as const)(
  "%s of the primary region under load loses no order and doubles none; reads and the stream go on elsewhere, and events say so",
  async (fault) => {
    const { readsAfterMs, streamAfterMs, submitted, lost, doubled, events } = await runRegionDeath(fault);
    expect({ lost, doubled }).toEqual({ lost: 0, doubled: 0 });
    expect(submitted).toBeGreaterThan(50);
    expect(readsAfterMs).toBeGreaterThan(0);
    expect(streamAfterMs).toBeGreaterThan(0);
    expect(events).toEqual(expect.arrayContaining(["endpointDown", "regionChanged"]));
  },
  120_000,
);
