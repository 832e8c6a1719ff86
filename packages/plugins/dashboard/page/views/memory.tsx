import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { ProfileHeap, ProfileInfo, ProfileTree } from "../../src/protocol.ts";
import { useApp } from "../lib/context.ts";
import { useFetched } from "../lib/fetched.ts";
import { bytes, count, duration, NONE, percent } from "../lib/format.ts";
import { routeTo } from "../lib/route.ts";
import { useScene } from "../lib/scene.ts";
import { useStore } from "../lib/store.ts";
import { Card, Empty, Stat, Stats, Table, Time } from "../widgets/basic.tsx";
import { Flame } from "../widgets/flame.tsx";
import { Heap } from "../widgets/heap.tsx";
import { Icon } from "../widgets/icon.tsx";
import { LineChart } from "../widgets/line-chart.tsx";
import { useSpan } from "../widgets/span.tsx";

const MIB = 1024 ** 2;

/** Memory, the collector, the event loop and CPU; caches and pools; profiles. */
export function Memory() {
  const { points, xs, sample, isPast } = useScene();
  const { seconds, picker } = useSpan();
  const process = sample?.process;
  const pauses = process === undefined ? [] : Object.values(process.gc);
  return (
    <>
      {process !== undefined && (
        <Stats>
          <Stat
            label="Memory (RSS)"
            value={bytes(process.memory.rssBytes)}
            sub={`${percent(process.memory.rssPercent / 100)} of ${bytes(process.memory.rssLimitBytes)}`}
          />
          <Stat
            label="Heap used"
            value={bytes(process.memory.heapUsedBytes)}
            sub={`of ${bytes(process.memory.heapLimitBytes)}; ${bytes(process.memory.externalBytes)} outside`}
          />
          <Stat
            label="GC pauses"
            value={duration(pauses.reduce((sum, { totalUs }) => sum + totalUs, 0))}
            sub={`${count(pauses.reduce((sum, one) => sum + one.count, 0))} in the last second, longest ${duration(Math.max(0, ...pauses.map(({ maxUs }) => maxUs)))}`}
          />
          <Stat
            label="Loop delay, p99"
            value={duration(process.loopDelay.p99Us)}
            sub={`max ${duration(process.loopDelay.maxUs)}, ${percent(process.loopPercent / 100)} busy`}
          />
          <Stat label="CPU" value={percent((points.at(-1)?.cpuPercent ?? 0) / 100)} sub="of one core" />
        </Stats>
      )}
      <Card title="Memory" span={6} tools={picker}>
        <LineChart
          label="Resident memory and used heap over time"
          axis="memory"
          xs={xs}
          series={[
            { label: "RSS", values: points.map(({ rssBytes }) => rssBytes / MIB), color: "sky" },
            {
              label: "heap used",
              values: points.map(({ heapBytes }) => heapBytes / MIB),
              color: "orange",
              stroke: "dashed",
            },
          ]}
          // In MiB, so that the axis has round ones.
          format={(mib) => bytes(mib * MIB)}
          seconds={seconds}
        />
      </Card>
      <Card title="Garbage collection" span={6} note="pauses of each second">
        <LineChart
          label="Pauses of the garbage collector over time"
          axis="pauses"
          xs={xs}
          series={[
            { label: "in all", values: points.map(({ gcTotalUs }) => gcTotalUs), color: "purple" },
            { label: "longest", values: points.map(({ gcMaxUs }) => gcMaxUs), color: "orange", stroke: "dashed" },
          ]}
          format={duration}
          seconds={seconds}
        />
      </Card>
      <Card title="Event loop delay" span={6} note="how late timers were">
        <LineChart
          label="Event loop delay over time"
          axis="delay"
          xs={xs}
          series={[
            { label: "p99", values: points.map(({ loopDelayP99Us }) => loopDelayP99Us), color: "green" },
            {
              label: "max",
              values: points.map(({ loopDelayMaxUs }) => loopDelayMaxUs),
              color: "vermillion",
              stroke: "dashed",
            },
          ]}
          format={duration}
          seconds={seconds}
        />
      </Card>
      <Card title="CPU" span={6} note="of one core">
        <LineChart
          label="CPU use over time"
          axis="share"
          xs={xs}
          series={[
            { label: "CPU", values: points.map(({ cpuPercent }) => cpuPercent / 100), color: "sky" },
            {
              label: "event loop busy",
              values: points.map(({ loopPercent }) => (loopPercent === null ? null : loopPercent / 100)),
              color: "green",
              stroke: "dashed",
            },
          ]}
          format={percent}
          seconds={seconds}
        />
      </Card>
      <Card title="Caches" span={6} note="of plugins, each tier by itself">
        <Table
          label="Caches"
          rows={sample?.caches ?? []}
          rowKey={({ name, tier }) => `${name} ${tier}`}
          empty={isPast ? "Known of the running session only." : "No plugin has a cache."}
          columns={[
            { head: "cache", cell: ({ name }) => name },
            { head: "tier", cell: ({ tier }) => tier },
            {
              head: "hit ratio",
              cell: ({ hits, misses }) => (hits + misses === 0 ? NONE : percent(hits / (hits + misses))),
              isFigure: true,
            },
            { head: "hits", cell: ({ hits }) => count(hits), isFigure: true },
            { head: "misses", cell: ({ misses }) => count(misses), isFigure: true },
            { head: "entries", cell: ({ entries }) => (entries === null ? NONE : count(entries)), isFigure: true },
          ]}
        />
      </Card>
      <Card title="Pools" span={6} note="objects that are used again">
        <Table
          label="Pools"
          rows={sample?.pools ?? []}
          rowKey={({ name }) => name}
          empty={isPast ? "Known of the running session only." : "No plugin has a pool."}
          columns={[
            { head: "pool", cell: ({ name }) => name },
            { head: "in use", cell: ({ inUse }) => count(inUse), isFigure: true },
            { head: "free", cell: ({ free }) => count(free), isFigure: true },
            { head: "made", cell: ({ created }) => count(created), isFigure: true },
          ]}
        />
      </Card>
      <Profiles />
    </>
  );
}

const KINDS: Readonly<Record<ProfileInfo["kind"], string>> = {
  cpu: "CPU",
  allocations: "allocations",
  heap: "heap snapshot",
};

/** Profiles of the run, and one of them as a flame graph or as what is on the heap. */
function Profiles() {
  const { actions, route } = useApp();
  const { query: asked } = useStore(route);
  const list = useFetched<readonly ProfileInfo[]>("profiles", 10_000);
  const [busy, setBusy] = useState<ProfileInfo["kind"] | undefined>();
  const shown = asked["profile"];
  const take = async (kind: ProfileInfo["kind"]) => {
    setBusy(kind);
    try {
      const name = await actions.profile(kind);
      if (name === undefined) return;
      list.again();
      window.location.hash = routeTo("memory", { profile: name });
    } finally {
      setBusy(undefined);
    }
  };
  return (
    <>
      <Card
        title="Profiles"
        id="profiles"
        tools={
          <>
            <button type="button" class="main" disabled={busy !== undefined} onClick={() => take("cpu")}>
              <Icon name="profile" /> {busy === "cpu" ? "Profiling …" : "Take a CPU profile"}
            </button>
            <button type="button" disabled={busy !== undefined} onClick={() => take("allocations")}>
              {busy === "allocations" ? "Profiling …" : "Allocations"}
            </button>
            <button type="button" disabled={busy !== undefined} onClick={() => take("heap")}>
              {busy === "heap" ? "Writing …" : "Heap snapshot"}
            </button>
          </>
        }
      >
        <Table
          label="Profiles"
          rows={list.data ?? []}
          rowKey={({ name }) => name}
          empty={list.problem === "" ? "None was taken in this run." : list.problem}
          columns={[
            {
              head: "profile",
              cell: ({ name }) => <a href={routeTo("memory", { profile: name })}>{name}</a>,
            },
            { head: "kind", cell: ({ kind }) => KINDS[kind] },
            { head: "written", cell: ({ writtenAtUs }) => <Time us={writtenAtUs} /> },
            { head: "size", cell: ({ bytes: size }) => bytes(size), isFigure: true },
            {
              head: "",
              cell: ({ name }) => (
                <a href={`/api/profiles/${encodeURIComponent(name)}`} download={name}>
                  download
                </a>
              ),
            },
          ]}
        />
      </Card>
      {shown !== undefined &&
        (shown.endsWith(".heapsnapshot") ? <HeapCard name={shown} /> : <FlameCard name={shown} />)}
    </>
  );
}

function FlameCard({ name }: { readonly name: string }) {
  const { data, problem } = useFetched<ProfileTree>(`profiles/${encodeURIComponent(name)}/tree`);
  return (
    <ProfileCard title={`Flame graph of ${name}`} problem={problem}>
      {data !== undefined && <Flame tree={data} />}
    </ProfileCard>
  );
}

function HeapCard({ name }: { readonly name: string }) {
  const { data, problem } = useFetched<ProfileHeap>(`profiles/${encodeURIComponent(name)}/heap`);
  return (
    <ProfileCard title={`Heap of ${name}`} problem={problem}>
      {data !== undefined && <Heap heap={data} />}
    </ProfileCard>
  );
}

/** The profile that is looked at; until it is there, that it is being read, or why it cannot be. */
function ProfileCard(props: {
  readonly title: string;
  readonly problem: string;
  readonly children: ComponentChildren;
}) {
  const { title, problem, children } = props;
  return (
    <Card
      title={title}
      id="profile"
      tools={
        <a class="button" href={routeTo("memory")}>
          Close
        </a>
      }
    >
      {children || <Empty>{problem === "" ? "The profile is being read." : problem}</Empty>}
    </Card>
  );
}
