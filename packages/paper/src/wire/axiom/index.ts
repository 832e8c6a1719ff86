export { answerAxiomAdmin } from "./admin.ts";
export type { AxiomControls, AxiomSession } from "./controls.ts";
export type { AxiomPresence } from "./friends-socket.ts";
export type { AxiomMail } from "./mail-codes.ts";
export {
  type AxiomUserSpec,
  type AxiomVenueOptions,
  type AxiomWalletSpec,
  DEMO_AXIOM_EMAIL,
  DEMO_AXIOM_PASSWORD,
} from "./options.ts";
export { createAxiomProtocol } from "./protocol.ts";
export type { RelayedTransaction, RelayResult } from "./relay.ts";
export type { AxiomTradeReport } from "./trade-reports.ts";
export { AxiomVenue } from "./venue.ts";
