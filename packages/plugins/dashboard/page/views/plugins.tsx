import type { BootNode, FaultsInfo, SessionSample } from "../../src/protocol.ts";
import { useApp } from "../lib/context.ts";
import { useFetched } from "../lib/fetched.ts";
import { count, duration, durationMs, NONE, short } from "../lib/format.ts";
import { useScene } from "../lib/scene.ts";
import { useStore } from "../lib/store.ts";
import { Badge, Card, Empty, Meter, Table, Time, type Tone } from "../widgets/basic.tsx";
import { Icon } from "../widgets/icon.tsx";

const TONES: Readonly<Record<string, Tone>> = {
  active: "good",
  running: "good",
  warned: "warn",
  shed: "warn",
  quarantined: "bad",
};

/** What runs beside the core, what it may take and what it takes. */
export function Plugins() {
  const { live } = useApp();
  const session = useStore(live.session);
  const { sample, isPast, moment } = useScene();
  const faults = useFetched<FaultsInfo>("faults", 5000);
  return (
    <>
      <Card title="Plugins" note="budgets are milliseconds of hooks in each second">
        {isPast ? (
          <Table
            label="Plugins as they stood"
            rows={moment?.plugins ?? []}
            rowKey={({ name }) => name}
            empty="Nothing is known of plugins at this moment."
            columns={[
              { head: "plugin", cell: ({ name, version }) => `${name} ${version}` },
              {
                head: "standing",
                cell: ({ standing }) => <Standing standing={standing} isPaused={standing === "paused"} />,
              },
              { head: "reason", cell: ({ reason }) => <span class="wrap">{reason}</span> },
            ]}
          />
        ) : (
          <PluginTable sample={sample} />
        )}
      </Card>
      <Card title="Boot tree" note="in the order of their start" span={5}>
        {session === undefined ? <Empty>No data yet.</Empty> : <BootTree nodes={session.bootTree} />}
      </Card>
      <Card title="Event lanes" span={7} note="bounded queues between market, venue and strategies">
        <Lanes sample={sample} />
      </Card>
      <Card title="Faults" note="one line a message">
        <Table
          label="Faults"
          rows={[...(faults.data ?? [])].reverse()}
          rowKey={({ source, message }) => `${source} ${message}`}
          empty={faults.problem === "" ? "None since the start." : faults.problem}
          columns={[
            { head: "first at", cell: ({ atUs }) => <Time us={atUs} /> },
            { head: "source", cell: ({ source }) => source },
            { head: "message", cell: ({ message }) => <span class="wrap">{message}</span> },
            { head: "times", cell: ({ count: times }) => count(times), isFigure: true },
          ]}
        />
      </Card>
    </>
  );
}

function Standing({ standing, isPaused }: { readonly standing: string; readonly isPaused: boolean }) {
  return isPaused ? <Badge tone="idle">paused</Badge> : <Badge tone={TONES[standing] ?? "info"}>{standing}</Badge>;
}

function PluginTable({ sample }: { readonly sample: SessionSample | undefined }) {
  const { actions } = useApp();
  return (
    <Table
      label="Plugins, their budgets and standing"
      rows={sample?.plugins ?? []}
      rowKey={({ name }) => name}
      empty={sample === undefined ? "No data yet." : "No plugin runs."}
      isStacked
      columns={[
        { head: "plugin", cell: ({ name }) => <strong>{name}</strong> },
        { head: "standing", cell: ({ standing, isPaused }) => <Standing standing={standing} isPaused={isPaused} /> },
        {
          head: "budget used",
          title: "milliseconds of each second that its hooks took, of what it may take",
          cell: ({ name, msPerSecond, budgetMsPerSecond }) => (
            <Meter share={msPerSecond / budgetMsPerSecond} label={`Budget of ${name}`}>
              {short(msPerSecond)} of {short(budgetMsPerSecond)} ms/s
            </Meter>
          ),
        },
        {
          head: "longest hook",
          title: "of the last minute, of what one hook may take",
          cell: ({ name, hooks, budgetHookMs }) => (
            <Meter share={hooks.minute.max / 1000 / budgetHookMs} label={`Longest hook of ${name}`}>
              {hooks.minute.count === 0 ? NONE : duration(hooks.minute.max)} of {durationMs(budgetHookMs)}
            </Meter>
          ),
        },
        {
          head: "hook p50",
          cell: ({ hooks }) => (hooks.minute.count === 0 ? NONE : duration(hooks.minute.p50)),
          isFigure: true,
          isExtra: true,
        },
        {
          head: "hook p99",
          cell: ({ hooks }) => (hooks.minute.count === 0 ? NONE : duration(hooks.minute.p99)),
          isFigure: true,
        },
        {
          head: "hooks",
          title: "since the start",
          cell: ({ hooks }) => count(hooks.total.count),
          isFigure: true,
          isExtra: true,
        },
        { head: "orders", cell: ({ orders }) => count(orders), isFigure: true },
        { head: "open", cell: ({ openOrders }) => count(openOrders), isFigure: true },
        { head: "faults", cell: ({ faults }) => count(faults), isFigure: true },
        {
          head: "",
          cell: ({ name, isPaused }) =>
            isPaused ? (
              <button type="button" onClick={() => actions.resumePlugin(name)} aria-label={`Resume ${name}`}>
                <Icon name="play" /> Resume
              </button>
            ) : (
              <button type="button" onClick={() => actions.pause(name)} aria-label={`Pause ${name}`}>
                <Icon name="pause" /> Pause
              </button>
            ),
        },
      ]}
    />
  );
}

/** Who uses whom; one that several use is written out under the first. */
function BootTree({ nodes }: { readonly nodes: readonly BootNode[] }) {
  if (nodes.length === 0) return <Empty>No plugin was started.</Empty>;
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const used = new Set(nodes.flatMap(({ uses }) => uses));
  const written = new Set<string>();
  const branch = (node: BootNode) => {
    const isAgain = written.has(node.name);
    written.add(node.name);
    return (
      <li key={node.name}>
        <span class="boot-name">{node.name}</span>
        {isAgain ? (
          <span class="note">as above</span>
        ) : (
          <>
            <span class="note">
              {node.version}, {duration(node.elapsedNs / 1000)}
              {node.worker && ", in a worker"}
              {node.provides.length > 0 && `, provides ${node.provides.join(", ")}`}
            </span>
            {node.uses.length > 0 && (
              <ul>
                {node.uses.map((name) => {
                  const child = byName.get(name);
                  return child === undefined ? null : branch(child);
                })}
              </ul>
            )}
          </>
        )}
      </li>
    );
  };
  const all = nodes.reduce((sum, { elapsedNs }) => sum + elapsedNs, 0);
  return (
    <>
      <ul class="boot-tree">{nodes.filter(({ name }) => !used.has(name)).map(branch)}</ul>
      <p class="note">
        {nodes.length} {nodes.length === 1 ? "plugin" : "plugins"} in {duration(all / 1000)}
      </p>
    </>
  );
}

function Lanes({ sample }: { readonly sample: SessionSample | undefined }) {
  const names = ["critical", "high", "normal", "low"] as const;
  return (
    <Table
      label="Event lanes"
      rows={sample === undefined ? [] : names.map((name) => ({ name, ...sample.lanes[name] }))}
      rowKey={({ name }) => name}
      empty="Known of the running session only."
      columns={[
        { head: "lane", cell: ({ name }) => name },
        {
          head: "waiting",
          title: "at most, within the last second",
          cell: ({ depth }) => count(depth),
          isFigure: true,
        },
        { head: "most", title: "that ever waited at once", cell: ({ maxDepth }) => count(maxDepth), isFigure: true },
        { head: "oldest", cell: ({ oldestAgeMs }) => durationMs(oldestAgeMs), isFigure: true },
        { head: "dispatched", cell: ({ dispatched }) => count(dispatched), isFigure: true },
        {
          head: "conflated",
          title: "replaced by a newer one of their instrument",
          cell: ({ conflated }) => count(conflated),
          isFigure: true,
          isExtra: true,
        },
        { head: "dropped", cell: ({ dropped }) => count(dropped), isFigure: true },
        {
          head: "over bound",
          title: "taken by a full lane, which never drops",
          cell: ({ overBound }) => count(overBound),
          isFigure: true,
          isExtra: true,
        },
        {
          head: "late",
          title: "dispatched later than the lane's deadline",
          cell: ({ deadlineMisses }) => count(deadlineMisses),
          isFigure: true,
          isExtra: true,
        },
      ]}
    />
  );
}
