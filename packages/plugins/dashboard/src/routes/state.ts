import { formatScaled, type Instrument, type ObservedSession, type OrderView, STAGES } from "pitlane";
import { toBars } from "../histogram.ts";
import type {
  AlertsInfo,
  FaultsInfo,
  HistogramInfo,
  InstrumentInfo,
  KnobsInfo,
  LogsInfo,
  MarketInfo,
  OrderInfo,
  SessionInfo,
  SlowestInfo,
} from "../protocol.ts";
import { HttpError, send } from "../reply.ts";
import { TARGETS } from "../targets.ts";
import { type Ask, type Desk, type Route, textOf, wholeOf } from "./route.ts";

/** Of the update test: what the product's targets say. */
const UPDATE_TEST = { maxP95Us: 1000, updates: 10_000 };

/** How the session stands now. */
export const stateRoutes: readonly Route[] = [
  { method: "GET", pattern: /^session$/, traffic: "api", answer: (_, desk) => sessionInfo(desk) },
  { method: "GET", pattern: /^recent$/, traffic: "api", answer: recent },
  { method: "GET", pattern: /^sample$/, traffic: "api", answer: (_, { session }) => session.samples.latest ?? null },
  { method: "GET", pattern: /^alerts$/, traffic: "api", answer: (_, { session }) => alerts(session) },
  {
    method: "GET",
    pattern: /^slowest$/,
    traffic: "api",
    answer: (_, { session }): SlowestInfo => session.samples.slowest(),
  },
  { method: "GET", pattern: /^histogram$/, traffic: "api", answer: histogram },
  { method: "GET", pattern: /^market$/, traffic: "api", answer: market },
  {
    method: "GET",
    pattern: /^orders$/,
    traffic: "api",
    answer: (_, { session }) => session.openOrders().map(toOrderInfo),
  },
  { method: "GET", pattern: /^faults$/, traffic: "api", answer: (_, { session }): FaultsInfo => session.faults() },
  { method: "GET", pattern: /^logs$/, traffic: "api", answer: (_, { session }): LogsInfo => session.logLines() },
  { method: "GET", pattern: /^knobs$/, traffic: "heavy", answer: (_, desk) => knobs(desk) },
];

function sessionInfo({ session, runtime }: Desk): SessionInfo {
  const { run, config, instruments, bootTree, alerts, clock } = session;
  return {
    run,
    version: run.version,
    instruments: instruments.map(toInstrumentInfo),
    bootTree,
    targets: TARGETS,
    alertRules: alerts.rules,
    // The session's config is without secrets; what a plugin's settings may hold beside them goes through the redactor as well.
    config: JSON.parse(session.redact(JSON.stringify(config))) as Record<string, unknown>,
    startedAtUs: run.startedAtUs,
    serverTimeUs: clock.nowUs(),
    updateTest: { ...UPDATE_TEST, isThere: runtime.updateTest !== undefined },
    hasTimeTravel: runtime.momentOf !== undefined,
  };
}

function recent({ response }: Ask, { recent: points }: Desk): void {
  send(response, 200, "application/json; charset=utf-8", points.json());
}

function alerts({ alerts: { active, resolved, rules } }: ObservedSession): AlertsInfo {
  return { active, resolved, rules };
}

function histogram({ query }: Ask, { session }: Desk): HistogramInfo {
  const stage = STAGES.find((name) => name === query.get("stage"));
  if (stage === undefined) throw new HttpError(400, `stage must be one of ${STAGES.join(", ")}`);
  return toBars(stage, session.samples.histogram(stage).buckets());
}

function market({ query }: Ask, { session, markets }: Desk): MarketInfo {
  const id = textOf(query, "instrument", 100) ?? session.instruments[0]?.id ?? "";
  const found = markets.look(id, wholeOf(query, "levels", 1, 100) ?? 20);
  if (found === undefined) throw new HttpError(404, `there is no instrument ${id} in this session`);
  return found;
}

async function knobs({ session, reader }: Desk): Promise<KnobsInfo> {
  return {
    knobs: session.knobs().map((knob) => ({
      name: knob.name,
      min: knob.min,
      max: knob.max,
      step: knob.step ?? null,
      scale: knob.scale ?? "linear",
      value: knob.get(),
    })),
    optimizer: await reader.read("optimizer", { folder: session.folder }),
  };
}

/** An instrument with its steps as decimal text. Pure. */
function toInstrumentInfo(instrument: Instrument): InstrumentInfo {
  const { id, venue, symbol, base, quote, priceDecimals, sizeDecimals, tickIncrement, lotIncrement } = instrument;
  return {
    id,
    venue,
    symbol,
    base,
    quote,
    tickSize: formatScaled(tickIncrement, priceDecimals),
    lotSize: formatScaled(lotIncrement, sizeDecimals),
    priceDecimals,
    sizeDecimals,
  };
}

/** An order with its amounts as decimal text. Pure. */
function toOrderInfo(order: OrderView): OrderInfo {
  const { clientOrderId, venueOrderId, strategy, intent, state, sizeLots, filledLots, reason } = order;
  const { instrument, side, type, priceTicks, triggerTicks, trailingBps, tag } = intent;
  return {
    clientOrderId,
    venueOrderId,
    strategy,
    instrument: instrument.id,
    side,
    type,
    state,
    price: priceTicks === undefined ? null : formatScaled(priceTicks, instrument.priceDecimals),
    trigger: triggerTicks === undefined ? null : formatScaled(triggerTicks, instrument.priceDecimals),
    trailingBps: trailingBps ?? null,
    size: formatScaled(sizeLots, instrument.sizeDecimals),
    filled: formatScaled(filledLots, instrument.sizeDecimals),
    reason,
    tag: tag ?? null,
  };
}
