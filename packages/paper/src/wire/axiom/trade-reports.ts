import type { Clock } from "@pitlane/perf";
import { isAddress } from "../../models/axiom-base58.ts";
import { refuse } from "./refusal.ts";
import { closed, type Route, recordOf, text, texts, type UserCall } from "./route.ts";

/** What a client said after a trade. */
export interface AxiomTradeReport {
  /** Path of the call. */
  readonly path: string;
  readonly userId: string;
  /** Microseconds since the epoch. */
  readonly receivedAtUs: number;
  /** As it came. */
  readonly body: Readonly<Record<string, unknown>>;
}

const MOST = 1000;
const FLAGS = ["mevProtection", "enhancedMevProtection"];
const FIGURES = ["slippage", "priorityFeeSol", "bribeFeeSol"];

/** What clients report after trades: kept to be looked at, and used for nothing. The newest 1,000 to 2,000 are kept. */
export class TradeReports {
  readonly #clock: Pick<Clock, "nowUs">;
  #reports: AxiomTradeReport[] = [];

  constructor(clock: Pick<Clock, "nowUs">) {
    this.#clock = clock;
  }

  /** Oldest first. */
  get all(): readonly AxiomTradeReport[] {
    return this.#reports;
  }

  add(path: string, userId: string, body: AxiomTradeReport["body"]): void {
    if (this.#reports.length >= 2 * MOST) this.#reports = this.#reports.slice(MOST);
    this.#reports.push({ path, userId, receivedAtUs: this.#clock.nowUs(), body });
  }
}

/**
 * `POST /log-tx-v3`, `/meme-open-single-position-v2`, `/handle-position-close-v2`: what the site says after a trade.
 *
 * What the venue answers is unknown. This answer's form is the paper exchange's own and says so: `{"form": "pitlane-paper"}`. A body
 * of another form than the site's is refused with 400, which is ours too.
 */
export function reportRoutes(reports: TradeReports): Route[] {
  const taking = (path: string, check: (call: UserCall) => void): Route =>
    closed(`POST ${path}`, (call) => {
      check(call);
      reports.add(path, call.user.id, call.body);
      return { form: "pitlane-paper" };
    });
  return [
    taking("/log-tx-v3", checkLogs),
    taking("/meme-open-single-position-v2", checkPosition),
    taking("/handle-position-close-v2", checkPosition),
  ];
}

function checkLogs({ body }: UserCall): void {
  const { logs } = body;
  if (!Array.isArray(logs) || logs.length === 0) throw refuse.malformed("logs are required");
  for (const [index, log] of logs.entries()) {
    const { signature, success, timeTakenMs, provider, region, preset } = recordOf(log);
    const isLog =
      [signature, provider, region].every((value) => typeof value === "string" && value !== "") &&
      typeof success === "boolean" &&
      typeof timeTakenMs === "number" &&
      isPreset(recordOf(preset));
    if (!isLog) throw refuse.malformed(`logs[${index}] is malformed`);
  }
}

function isPreset(preset: Readonly<Record<string, unknown>>): boolean {
  return (
    FLAGS.every((name) => typeof preset[name] === "boolean") &&
    // Whether these come as numbers or as text is not known.
    FIGURES.every((name) => preset[name] !== "" && Number(preset[name] ?? Number.NaN) >= 0)
  );
}

function checkPosition(call: UserCall): void {
  const wallets = texts(call, "walletAddresses");
  if (wallets.length === 0 || ![...wallets, text(call, "tokenAddress")].every(isAddress)) {
    throw refuse.malformed("walletAddresses and tokenAddress must be the base58 of 32 bytes");
  }
  text(call, "subOrgId");
}
