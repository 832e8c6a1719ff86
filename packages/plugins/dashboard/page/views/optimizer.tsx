import type { KnobInfo, KnobsInfo, TrialInfo } from "../../src/protocol.ts";
import { useFetched } from "../lib/fetched.ts";
import { count, NONE, percent, short } from "../lib/format.ts";
import { Badge, Card, Empty, Meter, Table, Time, type Tone } from "../widgets/basic.tsx";

const STATES: Readonly<Record<TrialInfo["state"], Tone>> = { running: "info", kept: "good", rejected: "idle" };

/** Numbers that may be changed while the session runs, and what an optimizer has tried with them. */
export function Optimizer() {
  const { data, problem } = useFetched<KnobsInfo>("knobs", 3000);
  const optimizer = data?.optimizer ?? null;
  const none = problem === "" ? "No data yet." : problem;
  return (
    <>
      {data !== undefined && optimizer === null && (
        <p class="banner info">
          <Badge tone="info">no optimizer</Badge> None runs in this session: knobs stay as they were set. One that does
          leaves its audit in the run's folder, and its trials appear here.
        </p>
      )}
      <Card title="Knobs" note="of the runtime and of its plugins, with the values in force">
        <Table
          label="Knobs"
          rows={data?.knobs ?? []}
          rowKey={({ name }) => name}
          empty={data === undefined ? none : "Neither the runtime nor a plugin offers a knob."}
          columns={[
            { head: "knob", cell: ({ name }) => <strong>{name}</strong> },
            { head: "value", cell: ({ value }) => short(value), isFigure: true },
            {
              head: "place between its bounds",
              cell: (knob) => (
                <Meter share={placeOf(knob)} isPlace label={`Place of ${knob.name}`}>
                  {short(knob.min)} to {short(knob.max)}
                </Meter>
              ),
            },
            { head: "scale", cell: ({ scale }) => scale, isExtra: true },
            { head: "step", cell: ({ step }) => (step === null ? "any" : short(step)), isFigure: true, isExtra: true },
          ]}
        />
      </Card>
      {optimizer !== null && (
        <>
          <Card title="Trials" note="newest first">
            <Table
              label="Trials"
              rows={optimizer.trials}
              rowKey={({ trial, startedAtUs }) => `${trial} ${startedAtUs}`}
              empty="No trial yet."
              columns={[
                { head: "trial", cell: ({ trial }) => trial, isFigure: true },
                { head: "at", cell: ({ startedAtUs }) => <Time us={startedAtUs} /> },
                { head: "knob", cell: ({ knob }) => knob },
                { head: "change", cell: ({ from, to }) => `${short(from)} → ${short(to)}`, isFigure: true },
                { head: "outcome", cell: ({ state }) => <Badge tone={STATES[state]}>{state}</Badge> },
                { head: "gain", cell: ({ gain }) => (gain === null ? NONE : percent(gain)), isFigure: true },
                {
                  head: "p",
                  title: "probability of such a gain by chance",
                  cell: ({ p }) => (p === null ? NONE : p.toPrecision(2)),
                  isFigure: true,
                },
                { head: "pairs", cell: ({ pairs }) => count(pairs), isFigure: true, isExtra: true },
                { head: "reason", cell: ({ reason }) => <span class="wrap">{reason}</span>, isExtra: true },
              ]}
            />
          </Card>
          <Card title="Audit" note="every step, as it was written before it was taken">
            {optimizer.audit.length === 0 ? (
              <Empty>No entry yet.</Empty>
            ) : (
              <ol class="rows">
                {optimizer.audit.slice(0, 200).map(({ atUs, event, text }) => (
                  <li key={`${atUs} ${event} ${text}`}>
                    <Time us={atUs} ms /> <span class="chip">{event}</span> <span class="summary">{text}</span>
                  </li>
                ))}
              </ol>
            )}
          </Card>
        </>
      )}
    </>
  );
}

/** Where a value lies between its bounds, on its own scale, 0 to 1. */
function placeOf({ min, max, scale, value }: KnobInfo): number {
  return scale === "log" ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
}
