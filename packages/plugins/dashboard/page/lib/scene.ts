import { useMemo } from "preact/hooks";
import type { MomentInfo, Point, SessionSample } from "../../src/protocol.ts";
import { useApp } from "./context.ts";
import { useStore } from "./store.ts";

/** What a view shows: the session as it is, or as it was at a moment. */
export interface Scene {
  /** A moment that is over: figures that no journal keeps are not there. */
  readonly isPast: boolean;
  /** Up to the moment shown, oldest first. */
  readonly points: readonly Point[];
  /** Times of `points`, seconds since the epoch. */
  readonly xs: readonly number[];
  /** Undefined before the first one, and of the past. */
  readonly sample: SessionSample | undefined;
  /** Of the past, once it is rebuilt. */
  readonly moment: MomentInfo | undefined;
}

export function useScene(): Scene {
  const { live, travel } = useApp();
  const past = useStore(travel.state);
  const now = useStore(live.points);
  const sample = useStore(live.sample);
  const points = useMemo(
    () => (past === undefined ? now : past.points.filter(({ atUs }) => atUs <= past.atUs)),
    [past, now],
  );
  const xs = useMemo(() => points.map(({ atUs }) => atUs / 1e6), [points]);
  return {
    isPast: past !== undefined,
    points,
    xs,
    sample: past === undefined ? sample : undefined,
    moment: past?.moment,
  };
}
