import { PitlaneError } from "@pitlane/perf";

/**
 * A refusal as the venue words it: an HTTP status and a text, sent as `{"error": text}`.
 *
 * Where the venue's status was never seen, it is ours: 400 of a missing Turnstile token, a wrong code and anything malformed, 403 of a
 * refused registration, 404 of an unknown pair.
 */
export class AxiomRefusal extends PitlaneError {
  readonly code = "AXIOM_REFUSAL";
  readonly retryable = false;
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

export const refuse = {
  malformed: (text: string) => new AxiomRefusal(400, text),
  badLogin: () => new AxiomRefusal(500, "Invalid email or password"),
  noTurnstile: () => new AxiomRefusal(400, "Turnstile token is required"),
  badCode: () => new AxiomRefusal(400, "Invalid or expired code"),
  badNonce: () => new AxiomRefusal(400, "Invalid or expired nonce"),
  badSignature: () => new AxiomRefusal(400, "Invalid signature"),
  noRegistration: () =>
    new AxiomRefusal(403, "Too many signup requests from your region today, you can still use login"),
  unknownWallet: () => new AxiomRefusal(403, "Wallet is not registered"),
  deadRefreshToken: () => new AxiomRefusal(401, "Invalid refresh token"),
  noSession: () => new AxiomRefusal(401, "Unauthorized"),
  /** What `/clipboard-pair-info` says instead. */
  sessionInvalid: () => new AxiomRefusal(502, "Session invalid, please login again"),
  unknownPair: () => new AxiomRefusal(404, "Pair not found"),
  internal: () => new AxiomRefusal(500, "Internal server error"),
};
