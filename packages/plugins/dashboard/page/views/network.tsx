import { count, durationMs, NONE, percent, span } from "../lib/format.ts";
import { useScene } from "../lib/scene.ts";
import { Badge, Card, Meter, Stat, Stats, Table, type Tone } from "../widgets/basic.tsx";
import { LineChart } from "../widgets/line-chart.tsx";
import { useSpan } from "../widgets/span.tsx";

const STATES: Readonly<Record<string, Tone>> = { open: "good", connecting: "warn", waiting: "warn", closed: "bad" };

/** Regions, breakers, limits and sockets. */
export function Network() {
  const { points, xs, sample, isPast } = useScene();
  const { seconds, picker } = useSpan();
  const network = sample?.network;
  const none = isPast ? "Known of the running session only." : "No data yet.";
  return (
    <>
      {network !== undefined && (
        <Stats>
          <Stat
            label="Round trip"
            value={ms(points.at(-1)?.roundTripMs ?? null)}
            sub="smoothed, of the fastest endpoint that is up"
          />
          <Stat label="Failures" value={`${count(network.failuresPerMinute)} /min`} sub="connections lost or refused" />
          <Stat
            label="Sockets"
            value={`${network.connections.filter(({ state }) => state === "open").length} of ${network.connections.length}`}
            sub={`open; ${count(network.connections.reduce((sum, { reconnects }) => sum + reconnects, 0))} reconnects`}
          />
          <Stat
            label="Clock offset"
            value={network.clockOffsetMs === null ? NONE : durationMs(network.clockOffsetMs)}
            sub={network.clockOffsetMs === null ? "not measured yet" : "venue's clock ahead of ours"}
          />
        </Stats>
      )}
      <Card title="Round trip" note="smoothed, of the fastest endpoint" span={6} tools={picker}>
        <LineChart
          label="Round trip to the venue over time"
          axis="round trip"
          xs={xs}
          series={[{ label: "round trip", values: points.map(({ roundTripMs }) => roundTripMs), color: "sky" }]}
          format={durationMs}
          seconds={seconds}
        />
      </Card>
      <Card title="Limits used" note="the fullest of all request budgets" span={6}>
        <LineChart
          label="Share of the fullest limit that is used, over time"
          axis="share used"
          xs={xs}
          series={[{ label: "fullest limit", values: points.map(({ limiterUsed }) => limiterUsed), color: "orange" }]}
          format={percent}
          seconds={seconds}
        />
      </Card>
      <Card title="Regions and endpoints">
        <Table
          label="Regions and endpoints"
          rows={network?.endpoints ?? []}
          rowKey={({ venue, service, region, url }) => `${venue} ${service} ${region} ${url}`}
          empty={none}
          columns={[
            { head: "venue", cell: ({ venue }) => venue },
            { head: "service", cell: ({ service }) => service },
            { head: "region", cell: ({ region }) => region },
            {
              head: "breaker",
              cell: ({ isDown, isPresent }) =>
                isDown ? (
                  <Badge tone="bad">open: left alone</Badge>
                ) : (
                  <Badge tone="good">{isPresent ? "closed, in use" : "closed, spare"}</Badge>
                ),
            },
            { head: "round trip", cell: ({ roundTripMs }) => ms(roundTripMs), isFigure: true },
            { head: "errors", title: "smoothed share", cell: ({ errorRatio }) => percent(errorRatio), isFigure: true },
            { head: "address", cell: ({ url }) => <code>{url}</code>, isExtra: true },
          ]}
        />
      </Card>
      <Card title="Request limits" span={6}>
        <Table
          label="Request limits"
          rows={network?.limits ?? []}
          rowKey={({ venue, name }) => `${venue} ${name}`}
          empty={isPast ? none : "No budget has been used yet."}
          columns={[
            { head: "venue", cell: ({ venue }) => venue, isExtra: true },
            { head: "budget", cell: ({ name }) => name },
            {
              head: "used",
              cell: ({ name, used, limit }) => (
                <Meter share={limit === 0 ? 0 : used / limit} label={`Used of ${name}`}>
                  {count(used)} of {count(limit)}
                </Meter>
              ),
            },
            { head: "left", cell: ({ used, limit }) => count(Math.max(0, limit - used)), isFigure: true },
            { head: "window", cell: ({ windowMs }) => durationMs(windowMs), isFigure: true },
            {
              head: "waiting",
              title: "calls that wait for it now",
              cell: ({ waiting }) => count(waiting),
              isFigure: true,
            },
          ]}
        />
      </Card>
      <Card title="Sockets" span={6}>
        <Table
          label="Sockets"
          rows={network?.connections ?? []}
          rowKey={({ venue, name }) => `${venue} ${name}`}
          empty={none}
          columns={[
            { head: "socket", cell: ({ name, venue }) => <span title={venue}>{name}</span> },
            { head: "state", cell: ({ state }) => <Badge tone={STATES[state] ?? "info"}>{state}</Badge> },
            {
              head: "for",
              title: "time in this state",
              cell: ({ sinceUs }) => (
                <span title={`since ${new Date(sinceUs / 1000).toISOString()}`}>
                  {sample === undefined || sinceUs === 0 ? NONE : span(Math.max(0, (sample.atUs - sinceUs) / 1000))}
                </span>
              ),
              isFigure: true,
            },
            { head: "reconnects", cell: ({ reconnects }) => count(reconnects), isFigure: true },
            { head: "region", cell: ({ region }) => region, isExtra: true },
          ]}
        />
      </Card>
    </>
  );
}

function ms(value: number | null): string {
  return value === null ? NONE : durationMs(value);
}
