import { shortUs } from "../cli/status-line.ts";
import type { DivergenceSummary, OrderDivergence } from "./divergence.ts";
import type { Rows } from "./report-rows.ts";

/** The summary as pairs of a name and a value. Pure. */
export function divergenceSummaryRows(summary: DivergenceSummary): Rows {
  const { priceErrorBps, fillLatencyUs, profit } = summary;
  const matched = summary.matchedById + summary.matchedByNearest;
  return [
    ["orders of the session, of the backtest", `${summary.sessionOrders}, ${summary.backtestOrders}`],
    ["matched by number, by time", `${summary.matchedById}, ${summary.matchedByNearest}`],
    ["only in the session, only in the backtest", `${summary.onlySession}, ${summary.onlyBacktest}`],
    ["matched ones filled alike", matched === 0 ? "-" : `${summary.sameFill} of ${matched}`],
    [
      "filled only in the session, only in the backtest",
      `${summary.filledOnlyInSession}, ${summary.filledOnlyInBacktest}`,
    ],
    [
      "price worse in the backtest by, mean and mean absolute",
      priceErrorBps === null ? "-" : `${priceErrorBps.mean.toFixed(3)}, ${priceErrorBps.meanAbsolute.toFixed(3)} bps`,
    ],
    [
      "first fill after, median of session and backtest",
      fillLatencyUs === null ? "-" : `${signedUs(fillLatencyUs.session)}, ${signedUs(fillLatencyUs.backtest)}`,
    ],
    ...Object.entries(profit).map(([quote, [live, simulated]]) => [
      `profit against the last price, ${quote}`,
      `${live}, ${simulated}`,
    ]),
  ];
}

/** Orders, a row each; what is of session and backtest stands as `session / backtest`. */
export function divergenceRows(orders: readonly OrderDivergence[]): Rows {
  const head = [
    "order",
    "match",
    "instrument",
    "side",
    "wanted later",
    "filled",
    "average price",
    "price error",
    "first fill",
    "profit",
  ];
  const pair = (values: readonly [string | null, string | null]) => `${values[0] ?? "-"} / ${values[1] ?? "-"}`;
  return [
    head,
    ...orders.map((order) => [
      order.clientOrderId ?? order.backtestOrderId ?? "",
      order.match ?? (order.clientOrderId === null ? "backtest only" : "session only"),
      order.instrument,
      order.side,
      order.wantedLaterUs === null ? "-" : signedUs(order.wantedLaterUs),
      pair(order.filled),
      pair(order.averagePrice),
      order.priceErrorBps === null ? "-" : `${order.priceErrorBps.toFixed(2)} bps`,
      pair([timeOf(order.fillLatencyUs[0]), timeOf(order.fillLatencyUs[1])]),
      pair(order.profit),
    ]),
  ];
}

function timeOf(us: number | null): string | null {
  return us === null ? null : signedUs(us);
}

function signedUs(us: number): string {
  return us < 0 ? `-${shortUs(-us)}` : shortUs(us);
}
