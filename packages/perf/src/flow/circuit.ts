/** Closed lets calls through, open refuses them, half-open lets a few probes through and waits for their results. */
export type CircuitState = "closed" | "open" | "half-open";

/** What the transitions need to know; times are nanoseconds. */
export interface CircuitRules {
  /** Failures in a row that open a closed circuit. */
  readonly consecutiveErrors: number;
  readonly openNs: number;
  /** Probes of one half-open epoch; all must succeed to close. */
  readonly halfOpenCalls: number;
}

/** All a circuit remembers. One shape for the three states, so that reading it stays fast. */
export interface Circuit {
  readonly state: CircuitState;
  /** Grows with every change of state. What a call of another epoch finds says nothing about this one. */
  readonly epoch: number;
  /** Closed only: failures since the last success. */
  readonly errorsInRow: number;
  /** Open: refuses until then. Half-open: from then on, probes without a result are replaced by new ones. */
  readonly untilNs: number;
  /** Half-open only: probes still to admit. */
  readonly toStart: number;
  /** Half-open only: probes still to succeed. */
  readonly toSucceed: number;
}

/** `entered` needs `mayEnter`; `abandoned` is a call that ended without telling how the target is. */
export type CircuitEvent = "entered" | "succeeded" | "failed" | "abandoned" | "rate-exceeded";

/** A new circuit: closed, nothing failed. Epochs start at 1, so that 0 can mean "refused". */
export const CLOSED: Circuit = closed(1);

/** Whether a call may begin at `nowNs`. */
export function mayEnter(circuit: Circuit, nowNs: number): boolean {
  return circuit.state === "closed" || circuit.toStart > 0 || nowNs >= circuit.untilNs;
}

/**
 * The circuit after `event`, which belongs to a call admitted in `epoch` (for `entered`: the present one).
 * Returns the same object when nothing changes. An event of another epoch changes nothing.
 */
export function nextCircuit(
  circuit: Circuit,
  event: CircuitEvent,
  epoch: number,
  nowNs: number,
  rules: CircuitRules,
): Circuit {
  if (epoch !== circuit.epoch) return circuit;
  if (circuit.state === "closed") return nextOfClosed(circuit, event, nowNs, rules);
  if (event === "entered" && nowNs >= circuit.untilNs) return entered(halfOpen(circuit.epoch + 1, nowNs, rules));
  return circuit.state === "half-open" ? nextOfHalfOpen(circuit, event, nowNs, rules) : circuit;
}

function nextOfClosed(circuit: Circuit, event: CircuitEvent, nowNs: number, rules: CircuitRules): Circuit {
  switch (event) {
    case "succeeded":
      return circuit.errorsInRow === 0 ? circuit : { ...circuit, errorsInRow: 0 };
    case "failed": {
      const errorsInRow = circuit.errorsInRow + 1;
      return errorsInRow < rules.consecutiveErrors
        ? { ...circuit, errorsInRow }
        : open(circuit.epoch + 1, nowNs, rules);
    }
    case "rate-exceeded":
      return open(circuit.epoch + 1, nowNs, rules);
    case "entered":
    case "abandoned":
      return circuit;
  }
}

function nextOfHalfOpen(circuit: Circuit, event: CircuitEvent, nowNs: number, rules: CircuitRules): Circuit {
  switch (event) {
    case "entered":
      return entered(circuit);
    case "succeeded":
      return circuit.toSucceed > 1 ? { ...circuit, toSucceed: circuit.toSucceed - 1 } : closed(circuit.epoch + 1);
    case "failed":
      return open(circuit.epoch + 1, nowNs, rules);
    case "abandoned":
      return { ...circuit, toStart: circuit.toStart + 1 }; // another call may probe in its place
    case "rate-exceeded":
      return circuit;
  }
}

function entered(circuit: Circuit): Circuit {
  return { ...circuit, toStart: circuit.toStart - 1 };
}

function closed(epoch: number): Circuit {
  return { state: "closed", epoch, errorsInRow: 0, untilNs: 0, toStart: 0, toSucceed: 0 };
}

function open(epoch: number, nowNs: number, { openNs }: CircuitRules): Circuit {
  return { state: "open", epoch, errorsInRow: 0, untilNs: nowNs + openNs, toStart: 0, toSucceed: 0 };
}

function halfOpen(epoch: number, nowNs: number, { openNs, halfOpenCalls }: CircuitRules): Circuit {
  const probes = { toStart: halfOpenCalls, toSucceed: halfOpenCalls };
  return { state: "half-open", epoch, errorsInRow: 0, untilNs: nowNs + openNs, ...probes };
}
