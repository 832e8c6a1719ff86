import { useEffect } from "preact/hooks";
import type {
  InstrumentInfo,
  MarketInfo,
  MarketPush,
  MarketView,
  MomentInfo,
  OrderInfo,
  TradeInfo,
} from "../../src/protocol.ts";
import { query } from "../lib/api.ts";
import { useApp } from "../lib/context.ts";
import { useFetched } from "../lib/fetched.ts";
import { decimal, durationMs, NONE } from "../lib/format.ts";
import { routeTo } from "../lib/route.ts";
import { useScene } from "../lib/scene.ts";
import { useStore } from "../lib/store.ts";
import { Badge, Card, Empty, Stat, Stats, Table, Time } from "../widgets/basic.tsx";
import { Ladder } from "../widgets/ladder.tsx";

const LEVELS = 16;

/** One instrument's book, trades and position, and all positions and open orders. */
export function Market() {
  const { live, route } = useApp();
  const session = useStore(live.session);
  const { query: asked } = useStore(route);
  const { isPast, moment } = useScene();
  const instruments = session?.instruments ?? [];
  const chosen = instruments.find(({ id }) => id === asked["instrument"]) ?? instruments[0];
  const id = chosen?.id;
  useEffect(() => {
    live.watch(isPast ? undefined : id);
    return () => live.watch(undefined);
  }, [live, id, isPast]);
  // What there is already, until the stream brings the next change.
  const first = useFetched<MarketInfo>(
    id === undefined || isPast ? undefined : `market${query({ instrument: id, levels: 20 })}`,
  );
  const pushed = useStore(live.market);
  if (chosen === undefined) return <Empty>No data yet.</Empty>;
  const push: MarketPush | undefined = pushed?.market.instrument === id ? pushed : first.data;
  const market = isPast ? moment?.markets.find(({ instrument }) => instrument === id) : push?.market;
  return (
    <>
      <div class="view-tools">
        <label class="inline-field">
          <span>Instrument</span>
          <select
            value={id}
            onChange={(event) => {
              window.location.hash = routeTo("market", { instrument: event.currentTarget.value });
            }}
          >
            {instruments.map(({ id: one }) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
      </div>
      {market === undefined ? <Empty>No data yet of {id}.</Empty> : <Quote market={market} info={chosen} />}
      <Card title="Order book" note={`${LEVELS} best levels a side`} span={5}>
        {market === undefined ? (
          <Empty>No data yet.</Empty>
        ) : (
          <Ladder
            market={market}
            priceDecimals={chosen.priceDecimals}
            sizeDecimals={chosen.sizeDecimals}
            levels={LEVELS}
          />
        )}
      </Card>
      <Card title="Trades" note="public, newest first" span={7}>
        {isPast ? (
          <Empty>Trades of the past are among the journal's rows.</Empty>
        ) : (
          <Trades trades={push?.trades ?? []} info={chosen} />
        )}
      </Card>
      <Positions />
      <OpenOrders isPast={isPast} past={moment?.orders} />
    </>
  );
}

function Quote({ market, info }: { readonly market: MarketView; readonly info: InstrumentInfo }) {
  const { quote, positionSize, entryPrice, isSynced } = market;
  const { priceDecimals, sizeDecimals, base, quote: asset } = info;
  return (
    <Stats>
      <Stat
        label={`Bid, ${asset}`}
        value={quote === null ? NONE : decimal(quote.bid, priceDecimals)}
        sub={quote === null ? "" : `${decimal(quote.bidSize, sizeDecimals)} ${base}`}
      />
      <Stat
        label={`Ask, ${asset}`}
        value={quote === null ? NONE : decimal(quote.ask, priceDecimals)}
        sub={quote === null ? "" : `${decimal(quote.askSize, sizeDecimals)} ${base}`}
      />
      <Stat
        label="Book"
        value={<Badge tone={isSynced ? "good" : "warn"}>{isSynced ? "book in sync" : "resyncing"}</Badge>}
        sub={`step ${info.tickSize}, lot ${info.lotSize} ${base}`}
      />
      <Stat
        label="Position"
        value={`${decimal(positionSize, sizeDecimals)} ${base}`}
        sub={entryPrice === null ? "flat" : `entered at ${decimal(entryPrice, priceDecimals)} ${asset} on average`}
      />
    </Stats>
  );
}

function Trades({ trades, info }: { readonly trades: readonly TradeInfo[]; readonly info: InstrumentInfo }) {
  return (
    <Table
      label="Public trades"
      rows={trades.slice(0, 24)}
      rowKey={({ tradeId, atUs }) => `${tradeId} ${atUs}`}
      empty="No trade since this view was opened."
      columns={[
        { head: "time", cell: ({ atUs }) => <Time us={atUs} ms /> },
        {
          head: "taker",
          cell: ({ aggressor }) => <span class={`side ${aggressor}`}>{aggressor === "buy" ? "▲ buy" : "▼ sell"}</span>,
        },
        { head: `price, ${info.quote}`, cell: ({ price }) => decimal(price, info.priceDecimals), isFigure: true },
        { head: `size, ${info.base}`, cell: ({ size }) => decimal(size, info.sizeDecimals), isFigure: true },
      ]}
    />
  );
}

/** Every instrument with its position and how its market stands. */
function Positions() {
  const { live } = useApp();
  const session = useStore(live.session);
  const { sample, isPast, moment } = useScene();
  return (
    <Card title="Instruments and positions">
      <Table
        label="Instruments and positions"
        rows={session?.instruments ?? []}
        rowKey={({ id }) => id}
        empty="No data yet."
        columns={[
          { head: "instrument", cell: ({ id }) => <a href={routeTo("market", { instrument: id })}>{id}</a> },
          {
            head: "position",
            cell: (info) =>
              isPast ? (
                <Position market={moment?.markets.find(({ instrument }) => instrument === info.id)} info={info} />
              ) : (
                <LivePosition info={info} />
              ),
            isFigure: true,
          },
          {
            head: "market",
            cell: ({ id }) => {
              const isSynced = isPast
                ? moment?.markets.find(({ instrument }) => instrument === id)?.isSynced
                : sample?.instruments.find((one) => one.id === id)?.isSynced;
              if (isSynced === undefined) return NONE;
              return <Badge tone={isSynced ? "good" : "warn"}>{isSynced ? "in sync" : "resyncing"}</Badge>;
            },
          },
          {
            head: "quiet for",
            title: "since the last event of any kind",
            cell: ({ id }) => {
              const quietMs = sample?.instruments.find((one) => one.id === id)?.quietMs ?? null;
              return quietMs === null ? NONE : durationMs(quietMs);
            },
            isFigure: true,
          },
          {
            head: "gaps",
            cell: ({ id }) => sample?.instruments.find((one) => one.id === id)?.gaps ?? NONE,
            isFigure: true,
            isExtra: true,
          },
          {
            head: "resyncs",
            cell: ({ id }) => sample?.instruments.find((one) => one.id === id)?.resyncs ?? NONE,
            isFigure: true,
            isExtra: true,
          },
        ]}
      />
    </Card>
  );
}

function LivePosition({ info }: { readonly info: InstrumentInfo }) {
  const { data } = useFetched<MarketInfo>(`market${query({ instrument: info.id, levels: 1 })}`, 3000);
  return <Position market={data?.market} info={info} />;
}

function Position({ market, info }: { readonly market: MarketView | undefined; readonly info: InstrumentInfo }) {
  return <>{market === undefined ? NONE : `${decimal(market.positionSize, info.sizeDecimals)} ${info.base}`}</>;
}

function OpenOrders({ isPast, past }: { readonly isPast: boolean; readonly past: MomentInfo["orders"] | undefined }) {
  const { live } = useApp();
  const instruments = useStore(live.session)?.instruments ?? [];
  const decimalsOf = (id: string) => instruments.find((one) => one.id === id);
  const { data } = useFetched<readonly OrderInfo[]>(isPast ? undefined : "orders", 1000);
  const orders: readonly (OrderInfo | MomentInfo["orders"][number])[] = (isPast ? past : data) ?? [];
  return (
    <Card title="Open orders" note={`${orders.length} of all strategies`}>
      <Table
        label="Open orders"
        rows={orders.slice(0, 50)}
        rowKey={({ clientOrderId }) => clientOrderId}
        empty="None is open."
        columns={[
          {
            head: "order",
            cell: ({ clientOrderId }) => (
              <a class="clip" title={clientOrderId} href={routeTo("journal", { order: clientOrderId })}>
                {clientOrderId}
              </a>
            ),
          },
          { head: "instrument", cell: ({ instrument }) => instrument, isExtra: true },
          {
            head: "side",
            cell: ({ side }) => <span class={`side ${side}`}>{side === "buy" ? "▲ buy" : "▼ sell"}</span>,
          },
          {
            head: "price",
            cell: (order) => {
              const places = decimalsOf(order.instrument)?.priceDecimals;
              const price = order.price === null ? order.type : decimal(order.price, places);
              const trigger =
                "trigger" in order && order.trigger !== null ? ` at ${decimal(order.trigger, places)}` : "";
              return `${price}${trigger}`;
            },
            isFigure: true,
          },
          {
            head: "filled",
            cell: ({ filled, size, instrument }) => {
              const places = decimalsOf(instrument)?.sizeDecimals;
              return `${decimal(filled, places)} of ${decimal(size, places)}`;
            },
            isFigure: true,
          },
          { head: "state", cell: ({ state }) => state, isExtra: true },
          { head: "strategy", cell: ({ strategy }) => strategy, isExtra: true },
        ]}
      />
    </Card>
  );
}
