import { InvalidInputError } from "@pitlane/perf";
import { isPromise } from "../hooks/owners.ts";
import type { PluginControl } from "./entry.ts";
import { reasonOf } from "./errors.ts";
import type { Flattener } from "./flatten.ts";
import type { IntentGate } from "./gate.ts";
import type { Pauses } from "./pauses.ts";
import type { FaultPolicy, Quarantine } from "./quarantine.ts";
import type { Roster } from "./roster.ts";
import type { HostServices } from "./services.ts";
import type { WorkerMessage } from "./worker-protocol.ts";

export interface ControlsOptions {
  readonly services: HostServices;
  readonly roster: Roster;
  readonly gate: IntentGate;
  readonly quarantine: Quarantine;
  readonly pauses: Pauses;
  readonly flattener: Flattener;
  /** Fires a timer that was held back while its plugin was paused. */
  readonly fireTimer: (owner: number, id: number) => void;
  readonly tell: (owner: number, message: string) => void;
}

/** Performs what the session, an operator or a worker decides about a plugin, once it is an input. */
export class Controls {
  readonly #options: ControlsOptions;

  constructor(options: ControlsOptions) {
    this.#options = options;
  }

  /** @throws {InvalidInputError} When there is no such plugin. */
  apply(control: PluginControl): void {
    const { roster, pauses, tell } = this.#options;
    const owner = roster.names.indexOf(control.plugin);
    if (owner < 0) throw new InvalidInputError(`there is no plugin ${control.plugin} to control`);
    switch (control.kind) {
      case "warn":
        return tell(owner, control.reason);
      case "shed":
        tell(owner, `it hears nothing of the market for now: ${control.reason}`);
        return pauses.shed(owner, true);
      case "restore":
        tell(owner, `it hears the market again: ${control.reason}`);
        return pauses.shed(owner, false);
      case "quarantine":
        tell(
          owner,
          `quarantined: it hears nothing more, and its orders are handled by "${control.onFault}": ${control.reason}`,
        );
        this.takeOut(owner);
        return this.#handleOrders(owner, control.onFault);
      case "lost":
        tell(owner, `its worker has ended, and its orders are handled by "${control.onFault}": ${control.reason}`);
        return this.#handleOrders(owner, control.onFault);
      case "pause":
        return this.#pause(owner, control.by);
      case "resume":
        return this.#resume(owner, control.by);
      case "knob":
        return this.#setKnob(owner, control.knob, control.value);
      case "worker":
        return this.#applyMessage(owner, control.message);
    }
  }

  /** What was done to a plugin after the snapshot that an earlier process left; its orders are recovered by themselves. */
  recover({ kind, plugin }: PluginControl): void {
    const { roster, pauses } = this.#options;
    const owner = roster.names.indexOf(plugin);
    if (owner < 0) return;
    if (kind === "pause") pauses.pause(owner);
    else if (kind === "resume") pauses.resume(owner);
    else if (kind === "quarantine") this.takeOut(owner);
  }

  /** The plugin is called no more; its orders stay. */
  takeOut(owner: number): void {
    const { services, roster } = this.#options;
    roster.isOut[owner] = true;
    services.setActive?.(owner, false);
    roster.running[owner]?.scope.timers.clearAll();
    void roster.running[owner]?.worker?.close();
  }

  /** Its orders are cancelled, and it hears of that: what it knows of itself stays right. */
  #pause(owner: number, by: string): void {
    const { pauses, tell } = this.#options;
    if (!pauses.pause(owner)) return;
    tell(owner, `paused by ${by}: it hears its own orders alone, and places none`);
    this.#handleOrders(owner, "cancel");
  }

  #resume(owner: number, by: string): void {
    const { pauses, tell, fireTimer } = this.#options;
    const due = pauses.resume(owner);
    if (due === undefined) return;
    tell(owner, `goes on: resumed by ${by}`);
    for (const id of due) fireTimer(owner, id);
  }

  #setKnob(owner: number, name: string, value: number): void {
    const { roster, quarantine, tell } = this.#options;
    const knob = roster.running[owner]?.scope.parts.knobs.find((one) => one.name === name);
    if (knob === undefined) return tell(owner, `it offers no knob ${name} any more: nothing was set`);
    try {
      if (isPromise(knob.set(value)))
        throw new InvalidInputError("it returned a promise: a knob of a plugin is set at once");
    } catch (error) {
      const reason = reasonOf(error);
      tell(owner, `its knob ${name} could not be set to ${value}: ${reason}`);
      quarantine.fault(owner, "knob", reason, false);
    }
  }

  #applyMessage(owner: number, message: WorkerMessage): void {
    const { roster, gate } = this.#options;
    const { worker } = roster.running[owner] ?? {};
    if (worker === undefined) throw new InvalidInputError(`${roster.names[owner]} does not run in a worker`);
    if (roster.isOut[owner]) return;
    worker.apply(message, {
      submit: (intent) => gate.submit(owner, intent),
      signal: (signal) => gate.signal(owner, signal),
    });
  }

  #handleOrders(owner: number, policy: FaultPolicy): void {
    const { services, flattener } = this.#options;
    if (policy === "hold") return;
    if (policy === "flatten") return flattener.start(owner);
    for (const order of services.openOrders(owner, undefined)) services.cancel(order);
  }
}
