import type { SessionSample } from "../../src/protocol.ts";
import type { Tone } from "../widgets/basic.tsx";
import { bytes, duration, durationMs, percent } from "./format.ts";

/** One thing that an operator asks of a session's health. */
export interface Check {
  readonly name: string;
  readonly tone: Tone;
  readonly word: string;
  /** The figure behind the word. */
  readonly text: string;
}

/** What a sample says of the session's health. Limits are those of the built-in alerts. Pure. */
export function checksOf(sample: SessionSample): readonly Check[] {
  const { trading, instruments, network, journal, process, flow, lanes, plugins } = sample;
  const unsynced = instruments.filter(({ isSynced }) => !isSynced);
  const closed = network.connections.filter(({ state }) => state !== "open");
  const down = network.endpoints.filter(({ isDown }) => isDown);
  const dropped = lanes.critical.dropped + lanes.high.dropped;
  const unwell = plugins.filter(({ standing }) => standing !== "active");
  const used = Math.max(0, ...network.limits.map(({ used, limit }) => used / limit));
  return [
    {
      name: "Trading",
      tone: trading.state === "active" ? "good" : trading.state === "halted" ? "bad" : "warn",
      word: trading.state === "reduceOnly" ? "reduce only" : trading.state,
      text: trading.reason === "" ? "every order that risk approves" : trading.reason,
    },
    {
      name: "Market data",
      tone: unsynced.length === 0 ? "good" : "warn",
      word: unsynced.length === 0 ? "in sync" : "resyncing",
      text: `${instruments.length - unsynced.length} of ${instruments.length} books`,
    },
    {
      name: "Connections",
      tone: closed.length > 0 ? "bad" : network.failuresPerMinute > 0 ? "warn" : "good",
      word: closed.length > 0 ? "not all open" : "open",
      text: `${network.connections.length - closed.length} of ${network.connections.length} sockets, ${network.failuresPerMinute} failures in the last minute`,
    },
    {
      name: "Endpoints",
      tone: down.length === 0 ? "good" : down.length === network.endpoints.length ? "bad" : "warn",
      word: down.length === 0 ? "up" : "some down",
      text: `${network.endpoints.length - down.length} of ${network.endpoints.length}`,
    },
    {
      name: "Errors",
      tone: flow.errorRatio > 0.05 ? "bad" : flow.errorRatio > 0.01 ? "warn" : "good",
      word: flow.errorRatio > 0.01 ? "raised" : "low",
      text: `${percent(flow.errorRatio)} of requests in the last minute`,
    },
    {
      name: "Request limits",
      tone: used >= 1 ? "bad" : used > 0.9 ? "warn" : "good",
      word: used > 0.9 ? "nearly used up" : "room left",
      text: network.limits.length === 0 ? "none known" : `${percent(used)} of the fullest used`,
    },
    {
      name: "Journal",
      tone: journal.lagMs > 1000 ? "warn" : "good",
      word: journal.lagMs > 1000 ? "behind" : "up to date",
      text: `${durationMs(journal.lagMs)} behind, ${journal.queued} rows waiting`,
    },
    {
      name: "Event loop",
      tone: process.loopDelay.maxUs > 100_000 ? "bad" : process.loopDelay.maxUs > 20_000 ? "warn" : "good",
      word: process.loopDelay.maxUs > 20_000 ? "late" : "on time",
      text: `${duration(process.loopDelay.maxUs)} late at most, ${percent(process.loopPercent / 100)} busy`,
    },
    {
      name: "Memory",
      tone: process.memory.rssPercent > 100 ? "bad" : process.memory.rssPercent > 80 ? "warn" : "good",
      word: process.memory.rssPercent > 80 ? "high" : "in bounds",
      text: `${bytes(process.memory.rssBytes)} of ${bytes(process.memory.rssLimitBytes)}`,
    },
    {
      name: "Event lanes",
      tone: dropped > 0 ? "bad" : "good",
      word: dropped > 0 ? "orders' events dropped" : "nothing lost",
      text: `${dropped} dropped of orders, fills and signals`,
    },
    {
      name: "Plugins",
      tone: unwell.some(({ standing }) => standing === "quarantined") ? "bad" : unwell.length > 0 ? "warn" : "good",
      word:
        unwell.length === 0 ? "within budget" : unwell.map(({ name, standing }) => `${name} ${standing}`).join(", "),
      text: `${plugins.length} running, ${sample.faults} faults`,
    },
  ];
}
