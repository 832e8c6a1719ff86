import { roundDecimal } from "../engines/portfolio-amounts.ts";
import type { Status } from "../runtime-types.ts";
import { colors } from "./output.ts";

/** Profit as people read it: rounded to two digits after the dot, with its sign. */
export function shortProfit(profit: Readonly<Record<string, string>>): string {
  const parts = Object.entries(profit).map(([asset, amount]) => `${signed(amount)} ${asset}`);
  return parts.length === 0 ? "0" : parts.join(", ");
}

function signed(amount: string): string {
  const shown = roundDecimal(amount, 2);
  return shown === "0.00" || shown.startsWith("-") ? shown : `+${shown}`;
}

/** Microseconds as people read them. */
export function shortUs(us: number): string {
  if (us < 1000) return `${Math.round(us)} us`;
  return us < 1_000_000 ? `${(us / 1000).toFixed(2)} ms` : `${(us / 1_000_000).toFixed(2)} s`;
}

/** No order takes no time: 0 stands for none that was measured. */
function knownUs(us: number): string {
  return us === 0 ? "-" : shortUs(us);
}

/** One line of a running session. Pure. @param eventsPerSecond Over the last interval. */
export function statusLine(elapsedMs: number, eventsPerSecond: number, status: Status): string {
  const parts = [
    `${(elapsedMs / 1000).toFixed(0).padStart(4)} s`,
    `${colors.bold(Math.round(eventsPerSecond).toString())} events/s`,
    `orders ${colors.bold(String(status.orders))} (${status.openOrders} open)`,
    `fills ${colors.bold(String(status.fills))}`,
    `profit ${colors.bold(shortProfit(status.profit))}`,
    `tick-to-order p50 ${knownUs(status.tickToOrderP50Us)} p99 ${knownUs(status.tickToOrderP99Us)}`,
  ];
  if (status.faults > 0) parts.push(colors.yellow(`faults ${status.faults}`));
  return parts.join(colors.dim(" | "));
}
