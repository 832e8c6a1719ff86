import { useMemo, useState } from "preact/hooks";
import type {
  HistogramInfo,
  LatencyFigures,
  SlowestInfo,
  SlowOrder,
  Stage,
  UpdateTestResult,
} from "../../src/protocol.ts";
import { useApp } from "../lib/context.ts";
import { useFetched } from "../lib/fetched.ts";
import { count, duration, NONE, perSecond, words } from "../lib/format.ts";
import { routeTo } from "../lib/route.ts";
import { useScene } from "../lib/scene.ts";
import { useStore } from "../lib/store.ts";
import { Badge, Card, Empty, Segmented, Stat, Stats, Table, Time } from "../widgets/basic.tsx";
import { Histogram } from "../widgets/histogram.tsx";
import { Icon } from "../widgets/icon.tsx";
import { LineChart } from "../widgets/line-chart.tsx";
import { useSpan } from "../widgets/span.tsx";
import { ORDER_STAGES, STAGE_WORDS, StageBar } from "../widgets/stage-bar.tsx";

/** What each stage measures. */
const STAGES: readonly (readonly [Stage, string])[] = [
  ["tickToOrder", "frame received until the order's bytes are handed to the socket"],
  ["processing", "the strategy wants the order until its bytes are handed to the socket"],
  ["execution", "the strategy wants the order until the venue's answer"],
  ["decode", "frame received until its event is ready"],
  ["dispatch", "event published until its first hook runs"],
  ["strategy", "one hook of a strategy"],
  ["risk", "all votes on one intent"],
  ["journal", "commit of the intents of one hook"],
  ["queue", "risk and journal done until its turn, of orders that waited"],
  ["send", "from its turn until its bytes are handed to the socket"],
  ["ack", "bytes handed to the socket until the venue's answer"],
];

/** Why is it slow: latency by stage over time, as a spread, and of the slowest orders. */
export function Latency() {
  const { isPast, points, xs, sample } = useScene();
  const { live } = useApp();
  const session = useStore(live.session);
  const { seconds, picker } = useSpan();
  const [stage, setStage] = useState<Stage>("tickToOrder");
  const [over, setOver] = useState<"now" | "minute" | "total">("minute");
  const histogram = useFetched<HistogramInfo>(isPast ? undefined : `histogram?stage=${stage}`, 5000);
  const series = useMemo(
    () => [
      {
        label: "p50",
        values: points.map((point) => us(point.latency[stage]?.[0])),
        color: "sky",
        stroke: "solid",
      } as const,
      {
        label: "p95",
        values: points.map((point) => us(point.latency[stage]?.[1])),
        color: "orange",
        stroke: "dashed",
      } as const,
      {
        label: "p99",
        values: points.map((point) => us(point.latency[stage]?.[2])),
        color: "purple",
        stroke: "dotted",
      } as const,
    ],
    [points, stage],
  );
  const target = session?.targets.find((one) => one.stage === stage && one.figure === "p99");
  const about = STAGES.find(([name]) => name === stage)?.[1];
  return (
    <>
      <Card title="Latency over time" note={about} tools={picker}>
        <label class="inline-field">
          <span>Stage</span>
          <select value={stage} onChange={(event) => setStage(event.currentTarget.value as Stage)}>
            {STAGES.map(([name]) => (
              <option key={name} value={name}>
                {words(name)}
              </option>
            ))}
          </select>
          {target !== undefined && <span class="note">target: p99 below {duration(target.limitUs)}</span>}
        </label>
        <LineChart
          label={`p50, p95 and p99 of ${words(stage)} over time`}
          axis="latency, log"
          xs={xs}
          series={series}
          format={duration}
          seconds={seconds}
          scale="log"
          height={240}
        />
      </Card>
      <Card
        title="Stages"
        span={7}
        tools={
          <Segmented
            label="Over which time"
            value={over}
            options={[
              ["now", "last second"],
              ["minute", "last minute"],
              ["total", "since start"],
            ]}
            onPick={setOver}
          />
        }
      >
        {sample === undefined ? (
          <Empty>{isPast ? "Percentiles of the past are in the chart above." : "No data yet."}</Empty>
        ) : (
          <Table
            label="Latency of each stage"
            rows={STAGES.map(([name, title]) => ({ name, title, figures: sample.latency[name][over] }))}
            rowKey={({ name }) => name}
            empty="No data yet."
            columns={[
              { head: "stage", cell: ({ name, title }) => <span title={title}>{words(name)}</span> },
              { head: "p50", cell: (row) => figure(row.figures, "p50"), isFigure: true },
              { head: "p95", cell: (row) => figure(row.figures, "p95"), isFigure: true },
              { head: "p99", cell: (row) => figure(row.figures, "p99"), isFigure: true },
              { head: "p99.9", cell: (row) => figure(row.figures, "p999"), isFigure: true },
              { head: "max", cell: (row) => figure(row.figures, "max"), isFigure: true },
              { head: "mean", cell: (row) => figure(row.figures, "mean"), isFigure: true, isExtra: true },
              { head: "samples", cell: ({ figures }) => count(figures.count), isFigure: true, isExtra: true },
            ]}
          />
        )}
      </Card>
      <Targets />
      <UpdateTest />
      <Card title="Histogram" note={`${words(stage)}, since the start`} span={8}>
        {isPast ? (
          <Empty>The spread is kept while the session runs only.</Empty>
        ) : histogram.data === undefined ? (
          <Empty>{histogram.problem === "" ? "No data yet." : histogram.problem}</Empty>
        ) : (
          <Histogram info={histogram.data} />
        )}
      </Card>
      <Slowest isPast={isPast} />
    </>
  );
}

function us(value: number | undefined): number | null {
  // A log scale has no 0, and a stage took some time when it was passed.
  return value === undefined ? null : Math.max(value, 0.001);
}

function figure(figures: LatencyFigures, name: keyof LatencyFigures): string {
  return figures.count === 0 ? NONE : duration(figures[name]);
}

/** What is aimed at, and whether it is held now. */
function Targets() {
  const { live } = useApp();
  const session = useStore(live.session);
  const { sample } = useScene();
  const rows = (session?.targets ?? []).map((target) => ({
    ...target,
    measured: sample?.latency[target.stage].minute,
  }));
  return (
    <Card title="Targets" note="over the last minute" span={5}>
      <Table
        label="Targets and what was measured"
        rows={rows}
        rowKey={({ title, figure }) => `${title} ${figure}`}
        empty="No target is set."
        columns={[
          { head: "target", cell: ({ title }) => <span class="wrap">{title}</span> },
          { head: "limit", cell: ({ limitUs }) => duration(limitUs), isFigure: true },
          {
            head: "measured",
            cell: ({ measured, figure: name }) => (measured === undefined ? NONE : figure(measured, name)),
            isFigure: true,
          },
          {
            head: "",
            cell: ({ measured, figure: name, limitUs }) =>
              measured === undefined || measured.count === 0 ? (
                <Badge tone="idle">no data</Badge>
              ) : measured[name] <= limitUs ? (
                <Badge tone="good">held</Badge>
              ) : (
                <Badge tone="bad">missed</Badge>
              ),
          },
        ]}
      />
    </Card>
  );
}

/** The slowest orders of the last minutes: which stage it was, and what overlapped it. */
function Slowest({ isPast }: { readonly isPast: boolean }) {
  const { data, problem } = useFetched<SlowestInfo>(isPast ? undefined : "slowest", 5000);
  return (
    <Card title="Slowest orders" note="of the last five minutes, from trigger to the venue's answer">
      {data === undefined || data.length === 0 ? (
        <Empty>
          {isPast
            ? "Known of the running session only."
            : problem === ""
              ? "No order has been answered in the last five minutes."
              : problem}
        </Empty>
      ) : (
        <>
          <ul class="stage-legend">
            {ORDER_STAGES.map((stage) => (
              <li key={stage}>
                <span class={`swatch stage ${stage}`} />
                <strong>{stage}</strong> {STAGE_WORDS[stage]}
              </li>
            ))}
          </ul>
          <ol class="slowest">
            {data.slice(0, 20).map((order) => (
              <SlowRow key={order.clientOrderId} order={order} />
            ))}
          </ol>
        </>
      )}
    </Card>
  );
}

const OVERLAP_WORDS = {
  gc: "garbage collection",
  loopStall: "event loop stall",
  limiterWait: "limiter wait",
  reconnect: "reconnect",
} as const;

function SlowRow({ order }: { readonly order: SlowOrder }) {
  return (
    <li>
      <div class="slow-head">
        <strong class="strong">{duration(order.totalUs)}</strong>
        <a href={routeTo("journal", { order: order.clientOrderId })}>{order.clientOrderId}</a>
        <span class="note">
          {order.instrument}, {order.strategy}, <Time us={order.atUs} ms />
        </span>
        {order.overlaps.length === 0 ? (
          <span class="note">nothing overlapped it</span>
        ) : (
          order.overlaps.map(({ kind, what, us: overlapUs }) => (
            <span class="chip" key={`${kind} ${what} ${overlapUs}`}>
              <Icon name={kind} />
              {OVERLAP_WORDS[kind]} {what !== "" && `(${what})`} {duration(overlapUs)}
            </span>
          ))
        )}
      </div>
      <StageBar order={order} />
    </li>
  );
}

/** The button that runs the performance test, and what it said. */
function UpdateTest() {
  const { live, actions } = useApp();
  const session = useStore(live.session);
  const [result, setResult] = useState<UpdateTestResult>();
  const [isRunning, setRunning] = useState(false);
  const test = session?.updateTest;
  const run = async () => {
    setRunning(true);
    try {
      const next = await actions.updateTest(test!.updates);
      if (next !== undefined) setResult(next);
    } finally {
      setRunning(false);
    }
  };
  return (
    <Card title="Performance test" id="update-test" span={4}>
      {test === undefined ? (
        <Empty>No data yet.</Empty>
      ) : (
        <>
          <p class="note">
            {count(test.updates)} price updates through the engine; passes when p95 is below {duration(test.maxP95Us)}.
          </p>
          <p>
            <button type="button" class="main" disabled={isRunning || !test.isThere} onClick={run}>
              <Icon name="play" />
              {isRunning ? "Running …" : `Run ${count(test.updates)} updates`}
            </button>
          </p>
          {!test.isThere && <p class="note">This version of the runtime has no such test.</p>}
          {result !== undefined && (
            <div class="test-result" role="status">
              <Badge tone={result.passed ? "good" : "bad"}>{result.passed ? "passed" : "failed"}</Badge>
              <Stats>
                <Stat label="p95" value={duration(result.p95Us)} sub={`limit ${duration(result.limitUs)}`} />
                <Stat label="p50" value={duration(result.p50Us)} />
                <Stat label="p99" value={duration(result.p99Us)} />
                <Stat label="max" value={duration(result.maxUs)} />
                <Stat
                  label="rate"
                  value={perSecond(result.perSecond)}
                  sub={`${count(result.updates)} in ${duration(result.elapsedMs * 1000)}`}
                />
              </Stats>
            </div>
          )}
        </>
      )}
    </Card>
  );
}
