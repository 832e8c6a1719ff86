import { useEffect, useState } from "preact/hooks";
import type { RunInfo } from "../../src/protocol.ts";
import { useApp } from "../lib/context.ts";
import { bytes, dayTime, utcTime } from "../lib/format.ts";
import { useStore } from "../lib/store.ts";
import type { TravelState } from "../lib/travel.ts";
import { Icon } from "./icon.tsx";

/** Chooses a run and a moment of it, and leads back to now. */
export function TravelBar() {
  const { api, live, travel, ui } = useApp();
  const session = useStore(live.session);
  const state = useStore(travel.state);
  const isOpen = useStore(travel.isOpen);
  const [runs, setRuns] = useState<readonly RunInfo[]>([]);

  useEffect(() => {
    if (!isOpen) return;
    api.get<readonly RunInfo[]>("runs").then(setRuns, (error: Error) => ui.say("failed", `Runs: ${error.message}`));
  }, [api, ui, isOpen]);

  if (session?.hasTimeTravel !== true) return null;
  if (!isOpen) return null;
  const go = (id: string) => {
    const run = runs.find((one) => one.id === id);
    if (run !== undefined) travel.go(run).catch((error: Error) => ui.say("failed", `Time travel: ${error.message}`));
  };
  return (
    <section class={`travel${state === undefined ? "" : " on"}`} aria-label="Time travel">
      <label class="inline-field">
        <span>
          <Icon name="history" /> Run
        </span>
        <select value={state?.run.id ?? ""} onChange={(event) => go(event.currentTarget.value)}>
          <option value="" disabled>
            choose a run
          </option>
          {runs.map((run) => (
            <option key={run.id} value={run.id} disabled={run.problem !== null}>
              {run.isCurrent ? "this run" : run.id}, {dayTime(run.startedAtUs)}, {bytes(run.bytes)}
              {run.problem === null ? "" : `: ${run.problem}`}
            </option>
          ))}
        </select>
      </label>
      {state !== undefined && <Slider key={state.run.id} state={state} />}
      <button type="button" class={state === undefined ? "plain" : "main"} onClick={() => travel.leave()}>
        <Icon name="back" /> {state === undefined ? "Close" : "Back to live"}
      </button>
    </section>
  );
}

function Slider({ state }: { readonly state: TravelState }) {
  const { travel } = useApp();
  const { run, atUs, isLoading, problem, moment } = state;
  const [drag, setDrag] = useState<number>();
  const shown = drag ?? atUs;
  const move = (us: number) => {
    setDrag(undefined);
    travel.seek(Math.min(run.lastAtUs, Math.max(run.startedAtUs, us)));
  };
  const say = isLoading
    ? "is being rebuilt …"
    : problem !== ""
      ? problem
      : moment === undefined
        ? ""
        : `as of journal row ${moment.seq}`;
  return (
    <>
      <button type="button" aria-label="A second earlier" onClick={() => move(atUs - 1e6)}>
        −1 s
      </button>
      <input
        type="range"
        aria-label="Moment of the run"
        aria-valuetext={dayTime(shown)}
        min={run.startedAtUs}
        max={run.lastAtUs}
        step={1000}
        value={shown}
        onInput={(event) => setDrag(Number(event.currentTarget.value))}
        onChange={(event) => move(Number(event.currentTarget.value))}
      />
      <button type="button" aria-label="A second later" onClick={() => move(atUs + 1e6)}>
        +1 s
      </button>
      <span class={problem === "" ? "as-of" : "as-of bad"} role="status">
        <strong title={utcTime(shown)}>{dayTime(shown)}</strong> {say}
      </span>
    </>
  );
}
