import type { MomentInfo, SessionSample } from "../../src/protocol.ts";
import { useApp } from "../lib/context.ts";
import { count, decimal, duration, money, percent, perSecond, short, span, words } from "../lib/format.ts";
import { checksOf } from "../lib/health.ts";
import { useScene } from "../lib/scene.ts";
import { useStore } from "../lib/store.ts";
import { AlertList } from "../widgets/alerts.tsx";
import { Badge, Card, Empty, Stat, Stats, Time } from "../widgets/basic.tsx";
import { LineChart, type Series } from "../widgets/line-chart.tsx";
import { useSpan } from "../widgets/span.tsx";

/** Is the session healthy, and what has it earned. */
export function Overview() {
  const { isPast, points, xs, sample, moment } = useScene();
  const { seconds, picker } = useSpan();
  const assets = [...new Set(points.flatMap(({ profit }) => Object.keys(profit)))];
  const colors = ["sky", "orange", "green", "purple"] as const;
  const strokes = ["solid", "dashed", "dotted"] as const;
  // A chart's height above the axis is no account: only here a float stands for money.
  const profit: readonly Series[] = assets.map((asset, index) => ({
    label: asset,
    values: points.map((point) => (point.profit[asset] === undefined ? null : Number(point.profit[asset]))),
    color: colors[index % colors.length]!,
    stroke: strokes[index % strokes.length]!,
  }));
  return (
    <>
      {isPast ? <PastFigures moment={moment} /> : <Figures sample={sample} />}
      <Card title="Profit" note="realized and open, fees paid" span={8} tools={picker}>
        <LineChart
          label={`Profit over time in ${assets.join(", ")}`}
          axis={`profit, ${assets.join(" / ")}`}
          xs={xs}
          series={profit}
          format={(value) => decimal(value.toFixed(4), Math.abs(value) < 1 ? 4 : 2)}
          seconds={seconds}
          isFromZero={false}
          height={220}
        />
      </Card>
      <Card title="Health" span={4} isTall>
        {sample === undefined ? (
          <Empty>{isPast ? "Health is judged live only; charts show what was measured." : "No data yet."}</Empty>
        ) : (
          <ul class="checks">
            {checksOf(sample).map(({ name, tone, word, text }) => (
              <li key={name}>
                <span class="check-name">{name}</span>
                <Badge tone={tone}>{word}</Badge>
                <span class="check-text">{text}</span>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Card title="Throughput" span={4} note="orders and fills a second">
        <LineChart
          label="Orders and fills a second over time"
          axis="per second"
          xs={xs}
          series={[
            { label: "orders", values: points.map((point) => point.ordersPerSecond), color: "orange" },
            { label: "fills", values: points.map((point) => point.fillsPerSecond), color: "green", stroke: "dashed" },
          ]}
          format={short}
          seconds={seconds}
          height={150}
        />
      </Card>
      <Card title="Events" span={4} note="through the bus, a second">
        <LineChart
          label="Events a second over time"
          axis="per second"
          xs={xs}
          series={[{ label: "events", values: points.map((point) => point.eventsPerSecond), color: "sky" }]}
          format={short}
          seconds={seconds}
          height={150}
        />
      </Card>
      {sample !== undefined && <Flow sample={sample} />}
      {!isPast && <AlertList span={6} />}
      {isPast ? <PastRows moment={moment} /> : <LogTail />}
    </>
  );
}

function Figures({ sample }: { readonly sample: SessionSample | undefined }) {
  if (sample === undefined)
    return <Empty>No data yet: the first sample comes a second after the session's start.</Empty>;
  const { profit, orders, fills, events, flow, latency, uptimeMs } = sample;
  return (
    <Stats>
      {profit.map(({ asset, profit: sum, realized, fees, drawdown, drawdownUsed }) => (
        <Stat
          key={asset}
          label="Profit"
          value={money(sum, asset)}
          sub={`realized ${decimal(realized, 2)}, fees ${decimal(fees, 2)}, drawdown ${decimal(drawdown, 2)}${drawdownUsed === null ? "" : ` (${percent(drawdownUsed)} of limit)`}`}
        />
      ))}
      <Stat
        label="Orders"
        value={perSecond(orders.nowPerSecond)}
        sub={`${count(orders.count)} in all, average ${short(orders.averagePerSecond)}, peak ${short(orders.peakPerSecond)} /s`}
      />
      <Stat
        label="Fills"
        value={count(fills.count)}
        sub={`${percent(flow.fillRatio)} of ended orders filled, peak ${short(fills.peakPerSecond)} /s`}
      />
      <Stat
        label="Tick to order, p99"
        value={latency.tickToOrder.minute.count === 0 ? "–" : duration(latency.tickToOrder.minute.p99)}
        sub={`last minute; p50 ${latency.tickToOrder.minute.count === 0 ? "–" : duration(latency.tickToOrder.minute.p50)}`}
      />
      <Stat
        label="Order execution, p99"
        value={latency.execution.minute.count === 0 ? "–" : duration(latency.execution.minute.p99)}
        sub={`last minute; mean ${latency.execution.minute.count === 0 ? "–" : duration(latency.execution.minute.mean)}`}
      />
      <Stat
        label="Events"
        value={perSecond(events.nowPerSecond)}
        sub={`average ${short(events.averagePerSecond)}, peak ${short(events.peakPerSecond)} /s`}
      />
      <Stat
        label="Errors"
        value={percent(flow.errorRatio)}
        sub={`of the last minute's requests; up ${span(uptimeMs)}`}
      />
    </Stats>
  );
}

function PastFigures({ moment }: { readonly moment: MomentInfo | undefined }) {
  if (moment === undefined) return <Empty>The moment is being rebuilt from the journal.</Empty>;
  const { profit, realized, fees, balances, orders, trading, plugins, notes, seq, fills, counters } = moment;
  return (
    <>
      <Stats>
        {Object.entries(profit).map(([asset, sum]) => (
          <Stat
            key={asset}
            label="Profit"
            value={money(sum, asset)}
            sub={`realized ${decimal(realized[asset] ?? "0", 2)}, fees ${decimal(fees[asset] ?? "0", 2)}`}
          />
        ))}
        <Stat label="Open orders" value={count(orders.length)} sub={`journal row ${count(seq)}`} />
        <Stat
          label="Fills"
          value={count(fills)}
          sub={Object.entries(counters)
            .map(([name, value]) => `${count(value)} ${words(name)}`)
            .join(", ")}
        />
        <Stat label="Trading" value={trading.state} sub={trading.reason === "" ? "no reason given" : trading.reason} />
        <Stat
          label="Plugins"
          value={count(plugins.length)}
          sub={plugins.map(({ name, standing }) => `${name} ${standing}`).join(", ")}
        />
        {Object.entries(balances).map(([asset, amount]) => (
          <Stat key={asset} label={`Balance, ${asset}`} value={decimal(amount, 8).replace(/\.?0+$/, "")} />
        ))}
      </Stats>
      {notes.length > 0 && (
        <ul class="notes">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function Flow({ sample: { flow } }: { readonly sample: SessionSample }) {
  const steps: readonly (readonly [string, number, string])[] = [
    ["intents", flow.intents, "what strategies wanted"],
    ["denied", flow.denied, "by risk"],
    ["submitted", flow.submitted, "sent to the venue"],
    ["accepted", flow.accepted, "by the venue"],
    ["filled", flow.filled, "wholly"],
    ["cancelled", flow.cancelled, "before they were filled"],
    ["expired", flow.expired, "unfilled"],
    ["rejected", flow.rejected, "by the venue"],
  ];
  const most = Math.max(1, ...steps.map(([, value]) => value));
  return (
    <Card
      title="Order flow"
      span={6}
      note={`${count(flow.open)} open, ${count(flow.queued)} queued, ${count(flow.inFlight)} under way, ${count(flow.unknown)} unknown`}
    >
      <table class="flow">
        <caption class="visually-hidden">Orders since the start, by what became of them</caption>
        <tbody>
          {steps.map(([name, value, title]) => (
            <tr key={name} title={title}>
              <th scope="row">{name}</th>
              <td class="bar-cell">
                <div class="bar" style={{ width: `${(value / most) * 100}%` }} />
              </td>
              <td class="figure">{count(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function PastRows({ moment }: { readonly moment: MomentInfo | undefined }) {
  return (
    <Card title="Journal rows before this moment" note="newest first">
      {moment === undefined ? (
        <Empty>The moment is being rebuilt from the journal.</Empty>
      ) : (
        <ol class="log">
          {moment.rows
            .slice(-12)
            .toReversed()
            .map(({ seq, atUs, kind, text }) => (
              <li key={seq}>
                <Time us={atUs} ms /> <span class="source">{kind}</span> <span>{text}</span>
              </li>
            ))}
        </ol>
      )}
    </Card>
  );
}

function LogTail() {
  const { live } = useApp();
  const lines = useStore(live.log).slice(-12).toReversed();
  return (
    <Card title="Log" note="newest first">
      {lines.length === 0 ? (
        <Empty>No line yet.</Empty>
      ) : (
        <ol class="log">
          {lines.map(({ atUs, source, message }) => (
            <li key={`${atUs} ${source} ${message}`}>
              <Time us={atUs} ms /> <span class="source">{source}</span> <span>{message}</span>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}
