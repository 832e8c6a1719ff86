import type { AxiomPresence } from "./friends-socket.ts";
import type { AxiomMail } from "./mail-codes.ts";
import type { RelayedTransaction } from "./relay.ts";
import type { Tokens } from "./sessions.ts";
import type { AxiomTradeReport } from "./trade-reports.ts";

/** A session as somebody's browser has it. */
export interface AxiomSession extends Tokens {
  /** Both tokens as a `Cookie` header. */
  readonly cookie: string;
}

/** What the holder of an Axiom paper venue sees of it, and can do to it. */
export interface AxiomControls {
  /** Demands a Turnstile token of every login while true. */
  turnstile: boolean;
  /** Every mail still kept, oldest first: the newest 1,000 to 2,000. */
  readonly mails: readonly AxiomMail[];
  /** The public ledger: every signed transaction ever accepted, in order, none forgotten. The judge of "sent twice". */
  readonly acceptedTransactions: readonly RelayedTransaction[];
  /** What clients said after trades, oldest first: the newest 1,000 to 2,000. */
  readonly tradeReports: readonly AxiomTradeReport[];
  /** Where users are by what their connections to the friends socket said last. */
  readonly presences: readonly AxiomPresence[];
  /** Addresses of the pairs that exist now, oldest first. */
  readonly pairAddresses: readonly string[];
  /** Connected sockets, of all kinds and regions. */
  readonly sockets: number;
  /**
   * A session without a login: of the first configured user, or of the one with that e-mail.
   * @throws {InvalidInputError} When there is nobody of that e-mail.
   */
  openSession(email?: string): AxiomSession;
  /** Makes every access token given out so far worthless, and ends the sockets that came with one (close code 1008). Refreshing still works. */
  expireTokens(): void;
  /** Ends every session: refresh tokens are dead too, and only a login helps. */
  endSessions(): void;
}
