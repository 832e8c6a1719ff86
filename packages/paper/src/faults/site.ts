import type { Peer } from "../wire/peer.ts";
import type { Protocol } from "../wire/protocol.ts";
import type { PaperServer } from "../wire/server.ts";
import type { ActiveFault } from "./active-fault.ts";
import type { Conditions } from "./conditions.ts";
import type { FaultSite } from "./registry.ts";

export interface PortSiteOptions {
  readonly venue: string;
  readonly conditions: Conditions;
  readonly protocol: Protocol;
  readonly server: PaperServer;
}

/** One port as faults see it: requests and frames meet them in its conditions; connections, the port itself and its logins here. */
export class PortSite implements FaultSite {
  readonly region: string;
  readonly venue: string;
  readonly #conditions: Conditions;
  readonly #protocol: Protocol;
  readonly #server: PaperServer;
  readonly #victims = new WeakMap<ActiveFault, WeakSet<Peer>>();
  #active: readonly ActiveFault[] = [];

  constructor({ venue, conditions, protocol, server }: PortSiteOptions) {
    this.region = conditions.region;
    this.venue = venue;
    this.#conditions = conditions;
    this.#protocol = protocol;
    this.#server = server;
  }

  begin(begun: ActiveFault, active: readonly ActiveFault[]): void {
    this.#change(active);
    const { fault } = begun;
    switch (fault.kind) {
      case "regionDown":
        if (this.#countOf("regionDown") === 1) this.#server.turnOff();
        return;
      case "turnstile":
        this.#protocol.demandTurnstile?.(true);
        return;
      case "tokensExpired":
        this.#protocol.expireTokens?.();
        return;
      case "close":
        this.#eachHit(begun, (peer) => peer.close(fault.code ?? 1001, fault.reason ?? ""));
        return;
      case "recycle":
        this.#eachHit(begun, (peer) => this.#server.endPolitely(peer, fault.noticeMs ?? 1000));
        return;
      case "regionSilent":
        for (const peer of this.#server.peers) this.#hold(begun, peer);
        return;
      case "silent":
      case "halfOpen":
        for (const peer of this.#server.peers) this.#strike(begun, peer);
    }
  }

  end(ended: ActiveFault, active: readonly ActiveFault[]): void {
    this.#change(active);
    switch (ended.fault.kind) {
      case "regionDown":
        if (this.#countOf("regionDown") === 0) this.#server.turnOn();
        return;
      case "turnstile":
        if (this.#countOf("turnstile") === 0) this.#protocol.demandTurnstile?.(false);
        return;
      case "reorder":
        for (const peer of this.#server.peers) peer.releaseHeld();
        return;
      case "regionSilent":
      case "silent":
      case "halfOpen":
        for (const peer of this.#server.peers) this.#release(ended, peer);
    }
  }

  /** A connection that was made while faults are active. */
  meet(peer: Peer): void {
    for (const active of this.#active) {
      if (active.fault.kind === "silent" || active.fault.kind === "halfOpen") this.#strike(active, peer);
    }
  }

  #change(active: readonly ActiveFault[]): void {
    this.#active = active;
    this.#conditions.change(active);
  }

  #countOf(kind: string): number {
    return this.#active.filter(({ fault }) => fault.kind === kind).length;
  }

  #eachHit(begun: ActiveFault, act: (peer: Peer) => void): void {
    for (const peer of this.#server.peers) if (begun.matches("", peer.path) && begun.tryHit()) act(peer);
  }

  // A stream is silenced on any connection, since any may come to listen to it.
  #strike(active: ActiveFault, peer: Peer): void {
    const { fault } = active;
    const isOfStream = fault.kind === "silent" && fault.route !== undefined && !fault.route.startsWith("/");
    if ((isOfStream || active.matches("", peer.path)) && active.tryHit()) this.#hold(active, peer);
  }

  #hold(active: ActiveFault, peer: Peer): void {
    let victims = this.#victims.get(active);
    if (victims === undefined) {
      victims = new WeakSet();
      this.#victims.set(active, victims);
    }
    victims.add(peer);
    if (active.fault.kind === "silent") peer.mute(active);
    else peer.halt();
  }

  #release(ended: ActiveFault, peer: Peer): void {
    if (this.#victims.get(ended)?.has(peer) !== true) return;
    if (ended.fault.kind === "silent") peer.unmute(ended);
    else peer.resume();
  }
}
