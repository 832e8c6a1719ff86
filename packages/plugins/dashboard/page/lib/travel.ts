import type { MomentInfo, Point, RunInfo } from "../../src/protocol.ts";
import type { Api } from "./api.ts";
import { createStore, type Store } from "./store.ts";

/** A moment that is looked at in place of now. */
export interface TravelState {
  readonly run: RunInfo;
  /** Microseconds since the epoch. */
  readonly atUs: number;
  /** Of the whole run, oldest first. */
  readonly points: readonly Point[];
  /** Undefined while it is being rebuilt; what it was before is shown no more. */
  readonly moment: MomentInfo | undefined;
  readonly isLoading: boolean;
  /** Why it could not be rebuilt; "" when it could. */
  readonly problem: string;
}

/** Looks at a finished run, or at an earlier moment of this one. */
export interface Travel {
  /** Undefined while the page shows what is. */
  readonly state: Store<TravelState | undefined>;
  /** The bar is shown. */
  readonly isOpen: Store<boolean>;
  go(run: RunInfo, atUs?: number): Promise<void>;
  /** Another moment of the same run. */
  seek(atUs: number): Promise<void>;
  /** Back to what is, without the bar. */
  leave(): void;
}

export function createTravel(api: Api): Travel {
  const state = createStore<TravelState | undefined>(undefined);
  let request: AbortController | undefined;

  /** Only the last moment asked for is waited for: a slider asks for many. */
  const load = async (run: RunInfo, atUs: number, points: readonly Point[]) => {
    request?.abort();
    const mine = new AbortController();
    request = mine;
    const before = state.get();
    state.set({
      run,
      atUs,
      points,
      moment: before?.run.id === run.id ? before.moment : undefined,
      isLoading: true,
      problem: "",
    });
    try {
      const path = `runs/${encodeURIComponent(run.id)}/moment?atUs=${Math.round(atUs)}`;
      const moment = await api.get<MomentInfo>(path, mine.signal);
      if (request === mine) state.set({ run, atUs, points, moment, isLoading: false, problem: "" });
    } catch (error) {
      if (request !== mine) return;
      state.set({ run, atUs, points, moment: undefined, isLoading: false, problem: (error as Error).message });
    }
  };

  const isOpen = createStore(false);
  return {
    state,
    isOpen,
    async go(run, atUs = run.lastAtUs) {
      let points: readonly Point[] = [];
      if (run.hasSamples) points = await api.get<readonly Point[]>(`runs/${encodeURIComponent(run.id)}/samples`);
      await load(run, atUs, points);
    },
    async seek(atUs) {
      const now = state.get();
      if (now !== undefined) await load(now.run, atUs, now.points);
    },
    leave() {
      request?.abort();
      request = undefined;
      state.set(undefined);
      isOpen.set(false);
    },
  };
}
