import fc from "fast-check";
import { expect, test } from "vitest";
import { type Circuit, type CircuitEvent, CLOSED, mayEnter, nextCircuit } from "../../src/flow/circuit.ts";

const RULES = { consecutiveErrors: 3, openNs: 100, halfOpenCalls: 2 };

/** The rules once more, told from the calls of each epoch instead of from counters. */
class Model {
  state = "closed";
  epoch = 1;
  changedAtNs = 0;
  running = 0;
  outcomes: string[] = [];

  mayEnter(nowNs: number): boolean {
    if (this.state === "closed") return true;
    if (nowNs - this.changedAtNs >= RULES.openNs) return true;
    const succeeded = this.outcomes.filter((outcome) => outcome === "succeeded").length;
    return this.state === "half-open" && this.running + succeeded < RULES.halfOpenCalls;
  }

  enter(nowNs: number): void {
    if (this.state !== "closed" && nowNs - this.changedAtNs >= RULES.openNs) this.#change("half-open", nowNs);
    this.running++;
  }

  end(epoch: number, outcome: string, nowNs: number): void {
    if (epoch !== this.epoch) return;
    this.running--;
    this.outcomes.push(outcome);
    const told = this.outcomes.filter((each) => each !== "abandoned");
    if (this.state === "closed") {
      const last = told.slice(-RULES.consecutiveErrors);
      if (last.length === RULES.consecutiveErrors && last.every((each) => each === "failed"))
        this.#change("open", nowNs);
    } else if (outcome === "failed") this.#change("open", nowNs);
    else if (told.length === RULES.halfOpenCalls) this.#change("closed", nowNs);
  }

  #change(state: string, nowNs: number): void {
    Object.assign(this, { state, epoch: this.epoch + 1, changedAtNs: nowNs, running: 0, outcomes: [] });
  }
}

const step = fc.record({
  afterNs: fc.integer({ min: 0, max: 60 }),
  call: fc.nat({ max: 9 }),
  does: fc.constantFrom("enter", "enter", "succeeded", "failed", "failed", "abandoned"),
});

test("agrees with the model under any interleaving of calls, results and time", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: "max" }), (steps) => {
      const model = new Model();
      const calls: number[] = []; // epochs of the calls running
      let circuit: Circuit = CLOSED;
      let nowNs = 0;
      for (const { afterNs, call, does } of steps) {
        nowNs += afterNs;
        expect(mayEnter(circuit, nowNs)).toBe(model.mayEnter(nowNs));
        if (does === "enter") {
          if (!mayEnter(circuit, nowNs)) continue;
          circuit = nextCircuit(circuit, "entered", circuit.epoch, nowNs, RULES);
          model.enter(nowNs);
          calls.push(circuit.epoch);
        } else {
          const [epoch] = calls.splice(call % Math.max(1, calls.length), 1);
          if (epoch === undefined) continue;
          circuit = nextCircuit(circuit, does as CircuitEvent, epoch, nowNs, RULES);
          model.end(epoch, does, nowNs);
        }
        expect(circuit).toMatchObject({ state: model.state, epoch: model.epoch });
      }
    }),
    { numRuns: 500 },
  );
});

test("returns the same object when nothing changes, so that a success allocates nothing", () => {
  expect(nextCircuit(CLOSED, "entered", 1, 0, RULES)).toBe(CLOSED);
  expect(nextCircuit(CLOSED, "succeeded", 1, 0, RULES)).toBe(CLOSED);
});
