import { InvalidInputError, inRange } from "@pitlane/perf";
import type { WriteControl } from "../../calls.ts";
import { checkFlag, checkObject } from "../../checks.ts";
import { checkAddress, checkAll, checkSignature, checkText } from "./checks.ts";
import { jsonOrText, type Rest } from "./rest.ts";

/** How a transaction was sent: a part of what a preset of `account.getSettings` has. */
export interface ReportedPreset {
  /** Percent. Settings have these three as text; in which form reports have them is not known: sent as given. */
  readonly slippage: number | string;
  readonly priorityFeeSol: number | string;
  readonly bribeFeeSol: number | string;
  readonly mevProtection: boolean;
  readonly enhancedMevProtection: boolean;
}

/** What became of a transaction. */
export interface TransactionReport {
  /** Base58. */
  readonly signature: string;
  readonly success: boolean;
  /** From sending it to knowing, in milliseconds; 0 to 86,400,000. */
  readonly timeTakenMs: number;
  /** The relay, as in `submitMany`. */
  readonly provider: string;
  /** As the site names it; its names are not known. */
  readonly region: string;
  readonly preset: ReportedPreset;
}

/** A position that was opened or closed. */
export interface PositionReport {
  readonly walletAddresses: readonly string[];
  readonly tokenAddress: string;
  /** The user's organization at Turnkey, who keeps the keys. */
  readonly subOrgId: string;
}

const MOST = 100; // ours: the venue's limit is not known

/**
 * What the site tells the venue after a trade. The SDK tells nothing by itself, and what the venue does with it is not known: a
 * trade that nobody reported is on the chain all the same.
 *
 * They are writes: each goes out once, and its error says in `outcome` whether it may have been taken. No reply was ever seen: it is
 * handed over as it comes, JSON where it was that, else text.
 * Source: the page script of a browser extension that works (2026-08); there is no capture of them.
 */
export function reportCalls(rest: Rest) {
  const send = (path: string, body: object, control: WriteControl | undefined) =>
    rest.write({ path, text: JSON.stringify(body), parseText: jsonOrText, parse: (value: unknown) => value }, control);

  return {
    /**
     * Says what became of transactions: `/log-tx-v3`.
     *
     * @throws {InvalidInputError} Before anything is sent: when there are none, more than 100, or one breaks a rule.
     */
    async reportTransactions(reports: readonly TransactionReport[], control?: WriteControl): Promise<unknown> {
      if (!Array.isArray(reports)) throw new InvalidInputError("reports must be a list");
      if (reports.length < 1 || reports.length > MOST) {
        throw new InvalidInputError(`reports must have 1 to ${MOST} items, got ${reports.length}`);
      }
      return send("/log-tx-v3", { logs: Array.from(reports, toLog) }, control);
    },
    /** Says that a position was opened: `/meme-open-single-position-v2`. @throws {InvalidInputError} Before anything is sent. */
    reportOpenedPosition: async (position: PositionReport, control?: WriteControl): Promise<unknown> =>
      send("/meme-open-single-position-v2", toBody(position), control),
    /** Says that a position was closed: `/handle-position-close-v2`. @throws {InvalidInputError} Before anything is sent. */
    reportClosedPosition: async (position: PositionReport, control?: WriteControl): Promise<unknown> =>
      send("/handle-position-close-v2", toBody(position), control),
  };
}

function toLog(report: TransactionReport, index: number): object {
  const of = `reports[${index}]`;
  checkObject(of, report);
  checkObject(`${of}.preset`, report.preset);
  const { slippage, priorityFeeSol, bribeFeeSol, mevProtection, enhancedMevProtection } = report.preset;
  return {
    signature: checkSignature(`${of}.signature`, report.signature),
    success: checkFlag(`${of}.success`, report.success),
    timeTakenMs: inRange(`${of}.timeTakenMs`, report.timeTakenMs, 0, 86_400_000),
    provider: checkText(`${of}.provider`, report.provider, 40),
    region: checkText(`${of}.region`, report.region, 40),
    preset: {
      slippage: checkFigure(`${of}.preset.slippage`, slippage),
      priorityFeeSol: checkFigure(`${of}.preset.priorityFeeSol`, priorityFeeSol),
      bribeFeeSol: checkFigure(`${of}.preset.bribeFeeSol`, bribeFeeSol),
      mevProtection: checkFlag(`${of}.preset.mevProtection`, mevProtection),
      enhancedMevProtection: checkFlag(`${of}.preset.enhancedMevProtection`, enhancedMevProtection),
    },
  };
}

function toBody(position: PositionReport): object {
  checkObject("position", position);
  const { walletAddresses, tokenAddress, subOrgId } = position;
  return {
    walletAddresses: checkAll("walletAddresses", walletAddresses, MOST, checkAddress),
    tokenAddress: checkAddress("tokenAddress", tokenAddress),
    subOrgId: checkText("subOrgId", subOrgId, 100),
  };
}

/** A number of 0 or more, or the decimal text of one. */
function checkFigure(name: string, value: number | string): number | string {
  const isNumber = typeof value === "number" && Number.isFinite(value) && value >= 0;
  if (isNumber || (typeof value === "string" && /^\d{1,20}(?:\.\d{1,20})?$/.test(value))) return value;
  throw new InvalidInputError(`${name} must be a number of at least 0, or its decimal text`);
}
