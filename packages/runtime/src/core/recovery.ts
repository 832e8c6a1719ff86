import type { RequestOutcome } from "@pitlane/sdk";
import type { BreachEntry, TradingCommand } from "../engines/trading-state.ts";
import type { VoteRecord } from "../hooks/verdict.ts";
import type { JournalRow } from "../journal/chain.ts";
import { JournalError } from "../journal/errors.ts";
import { numberOf, Order } from "../orders/order.ts";
import {
  fromIntentRecord,
  fromReportRecord,
  type InstrumentOf,
  type IntentRecord,
  type ReportRecord,
} from "../orders/records.ts";
import type { ShapeRecord } from "../orders/shape.ts";
import type { PluginControl } from "../plugins/host.ts";
import type { Core } from "./core.ts";
import type { CoreRecord } from "./core-record.ts";

/** A row of the journal whose body is JSON, read. */
export interface RowEntry {
  readonly seq: number;
  readonly atUs: number;
  readonly kind: string;
  readonly body: unknown;
}

/** Rows with their bodies read; blocks of inputs, which recovery has no use for, are left out. */
export function* jsonRows(rows: Iterable<JournalRow>): Generator<RowEntry> {
  for (const { seq, atUs, kind, body } of rows) {
    if (typeof body === "string") yield { seq, atUs, kind, body: JSON.parse(body) };
  }
}

/** The body of an `intent` row. */
export interface IntentEntry extends IntentRecord {
  readonly clientOrderId: string;
  readonly strategy: string;
  /** What plugins changed of what was wanted, in order; left out when nothing was. The terms are those they came to. */
  readonly shaped?: readonly ShapeRecord[];
  readonly approved: boolean;
  readonly votes?: readonly VoteRecord[];
}

/**
 * Brings a new core to where the process that wrote these rows was: orders, fills, positions, balances, numbers of client
 * order ids. The last snapshot counts, and what came after it. Pure apart from `core`.
 *
 * Every order that was on its way is `unknown` now, until the venue has been asked; one that was to be cancelled is cancelled
 * once the venue has said that it is open. Market data is not taken back: the venue gives it anew.
 *
 * @param entries In order, from the last snapshot or the beginning on; kinds that say nothing of orders are passed over.
 * @param owners Names of the plugins, by number. @throws {JournalError} When an entry names a strategy that is not there.
 */
export function recover(
  core: RecoverableCore,
  entries: Iterable<RowEntry>,
  instrumentOf: InstrumentOf,
  owners: readonly string[],
): void {
  takeBack(core, entries, instrumentOf, owners);
  core.execution.endRecovery();
  core.plugins.endRecovery();
}

/** What recovery needs of a core. */
type RecoverableCore = Pick<Core, "execution" | "portfolio" | "plugins" | "recoverTrading" | "restore" | "at">;

/** As `recover`, but orders on their way stay `submitted`: how it stood, for whoever only looks. */
export function takeBack(
  core: RecoverableCore,
  entries: Iterable<RowEntry>,
  instrumentOf: InstrumentOf,
  owners: readonly string[],
): void {
  const { execution, portfolio } = core;
  for (const { seq, atUs, kind, body } of entries) {
    core.at(atUs);
    switch (kind) {
      case "snapshot":
      case "run.resume":
        core.restore((body as { readonly core: CoreRecord }).core);
        break;
      case "account":
        portfolio.start(balancesOf(body));
        break;
      case "account.venue": {
        const { venue, balances } = body as VenueAccountEntry;
        portfolio.start(balancesOf(balances), venue);
        break;
      }
      case "intent": {
        const entry = body as IntentEntry;
        const owner = owners.indexOf(entry.strategy);
        if (owner < 0) {
          throw new JournalError(
            `event ${seq} is an intent of strategy ${entry.strategy}, which this session does not run: start it with the strategies of the run`,
          );
        }
        const order = new Order(
          entry.clientOrderId,
          entry.strategy,
          owner,
          fromIntentRecord(termsOf(entry), instrumentOf),
          atUs,
        );
        execution.recoverIntent(order, numberOf(entry.clientOrderId), entry.approved, entry.votes);
        break;
      }
      case "risk.state":
      case "risk.breach":
        core.recoverTrading(body as TradingCommand | BreachEntry);
        break;
      case "plugin.control":
        core.plugins.recoverControl(body as PluginControl);
        break;
      case "cancel":
        execution.recoverCancel((body as { readonly clientOrderId: string }).clientOrderId);
        break;
      case "cancel.end":
        execution.recoverCancelEnd((body as EndEntry).clientOrderId);
        break;
      case "report":
        execution.recoverReport(fromReportRecord(body as ReportRecord, instrumentOf));
        break;
      case "failure": {
        const { clientOrderId, outcome, reason } = body as FailureEntry;
        execution.recoverFailure(clientOrderId, outcome, reason);
        break;
      }
    }
  }
}

/** The body of an `account.venue` row. */
export interface VenueAccountEntry {
  readonly venue: string;
  /** As the body of an `account` row. */
  readonly balances: unknown;
}

/** Balances of an `account` row. */
export function balancesOf(body: unknown): ReadonlyMap<string, bigint> {
  const amounts = Object.entries(body as Readonly<Record<string, string>>);
  return new Map(amounts.map(([asset, units]) => [asset, BigInt(units)]));
}

/** The body of a `cancel.end` or an `amend.end` row. */
export interface EndEntry {
  readonly clientOrderId: string;
  /** Why the venue refused it; left out when it did not. */
  readonly refusal?: string;
}

/** The body of a `failure` row. */
export interface FailureEntry {
  readonly clientOrderId: string;
  readonly outcome: RequestOutcome;
  readonly reason: string;
}

/** The intent alone: what the row says of its verdicts is not part of it. */
function termsOf({ clientOrderId: _id, strategy: _strategy, approved: _approved, ...rest }: IntentEntry): IntentRecord {
  const { votes: _votes, shaped: _shaped, ...terms } = rest;
  return terms;
}
