import { useEffect, useState } from "preact/hooks";
import { useApp } from "./context.ts";
import { useStore } from "./store.ts";

/** What was asked for: `data` stays while it is asked for again. */
export interface Fetched<T> {
  readonly data: T | undefined;
  /** Why it is not there; "" when it is, or is on its way. */
  readonly problem: string;
  /** Asks again now. */
  readonly again: () => void;
}

/**
 * Asks the server when the component is first drawn, when `path` changes and when the connection is there again; and every `everyMs` if told
 * so, unless figures are held. Nothing is asked for an undefined path.
 */
export function useFetched<T>(path: string | undefined, everyMs = 0): Fetched<T> {
  const { api, live } = useApp();
  const [state, setState] = useState<{ path?: string | undefined; data?: T; problem: string }>({ problem: "" });
  const [turn, setTurn] = useState(0);
  const isLive = useStore(live.link) === "live";
  const isHeld = useStore(live.heldSinceMs) !== undefined;

  // Another turn or a new connection asks again as well.
  useEffect(() => {
    if (path === undefined) return;
    const mine = new AbortController();
    api.get<T>(path, mine.signal).then(
      (data) => setState({ path, data, problem: "" }),
      (error: Error) => {
        if (!mine.signal.aborted) setState((before) => ({ ...before, path, problem: error.message }));
      },
    );
    return () => mine.abort();
  }, [api, path, turn, isLive]);

  useEffect(() => {
    if (everyMs === 0 || isHeld) return;
    const timer = window.setInterval(() => setTurn((before) => before + 1), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs, isHeld]);

  const isOurs = state.path === path; // what belongs to another path is not shown under this one
  return {
    data: isOurs ? state.data : undefined,
    problem: isOurs ? state.problem : "",
    again: () => setTurn((before) => before + 1),
  };
}
