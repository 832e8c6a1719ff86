import {
  type Instrument,
  InvalidInputError,
  type OrderView,
  type PluginContext,
  type PluginInstance,
  type PluginTimer,
} from "pitlane";
import type { DeskConfig } from "./desk-config.ts";
import { Market, type Touch } from "./market.ts";
import { type AlgoHandle, type Fields, type ParentOptions, type Plain, Run, type RunRecord } from "./run.ts";

/** Runs at once; those that ended and are still known. */
const MOST_RUNS = 500;
const ENDED_KEPT = 100;

/** What a plugin of this package offers. */
export interface Algo<Options extends ParentOptions> {
  /**
   * Begins to work a parent order. From a hook or a timer, as every order.
   *
   * @throws {InvalidInputError} When the options cannot be, before anything was submitted.
   */
  start(options: Options): AlgoHandle;
  /** A run by its id: one that is open, or among the last 100 that ended in this process. After a restart, the way back to it. */
  get(id: string): AlgoHandle | undefined;
  /** Runs that are open, oldest first. */
  readonly open: readonly AlgoHandle[];
}

/** One algorithm: the rules by which a run moves on. They hold no state: what a run needs is in `run.own`. */
export interface Rules<Options extends ParentOptions, Own extends object> {
  /** Fields of its options: there are no others. */
  readonly fields: Fields<Options>;
  /** Letters of its accounts; the first one is the parent's. */
  readonly letters: readonly string[];
  /** Checks what is special to it and gives the beginning of `own`. `touch` is undefined while nobody knows. @throws {InvalidInputError} */
  readonly begin: (options: Options, touch: Touch | undefined) => Own;
  /** Something happened, or its time has come: looks at the run and acts. Often called when there is nothing to do. */
  readonly step: (run: Run<Options, Own>) => void;
  /** A price at which one could trade: of quotes, or of trades and bars where there are none. Notes it; `step` acts. */
  readonly onTouch?: (run: Run<Options, Own>, touch: Touch) => void;
  /** Something was traded, in lots; of a bar, `venueAtUs` is its begin. Notes it; `step` acts. */
  readonly onVolume?: (run: Run<Options, Own>, sizeLots: number, venueAtUs: number) => void;
  /** A child was refused as a matter of course: it counts as no refusal. Default none is. */
  readonly isExpected?: (order: OrderView) => boolean;
  /** Refusals do not end it: it protects a position. Default false. */
  readonly isPersistent?: (run: Run<Options, Own>) => boolean;
}

/** The desk's part of a plugin's snapshot. */
export interface DeskRecord {
  readonly nextId: number;
  readonly runs: readonly RunRecord[];
}

/**
 * Works the runs of one plugin: hears of orders and of the market, keeps one timer for all, and carries everything over a restart.
 *
 * Every child has a tag `RUN/LETTERnumber`, so that a process that takes over from a killed one finds children that were submitted after the
 * last snapshot: they are counted before anything new is submitted.
 */
export class Desk<Options extends ParentOptions, Own extends object>
  implements Algo<Options>, PluginInstance<DeskRecord>
{
  readonly #ctx: PluginContext<DeskConfig>;
  readonly #rules: Rules<Options, Own>;
  readonly #market: Market;
  readonly #runs = new Map<string, Run<Options, Own>>();
  readonly #ended = new Map<string, Run<Options, Own>>();
  #nextId = 1;
  #timer: PluginTimer | undefined;
  #timerAtUs = Number.POSITIVE_INFINITY;

  /** During `setup`: it registers its hooks. */
  constructor(ctx: PluginContext<DeskConfig>, rules: Rules<Options, Own>) {
    this.#ctx = ctx;
    this.#rules = rules;
    const { onTouch, onVolume } = rules;
    ctx.on("order", ({ order }) => this.#onOrder(order));
    this.#market = new Market(ctx, {
      onTold: (instrument) => this.#onTold(instrument),
      ...(onTouch && {
        onTouch: (instrument, touch) => this.#forEachWorking(instrument, (run) => onTouch(run, touch)),
      }),
      ...(onVolume && {
        onVolume: (instrument, lots, atUs) => this.#forEachWorking(instrument, (run) => onVolume(run, lots, atUs)),
      }),
    });
  }

  get open(): readonly AlgoHandle[] {
    return [...this.#runs.values()];
  }

  start(options: Options): AlgoHandle {
    this.#check(options);
    const own = this.#rules.begin(options, this.#market.touch(options.instrument));
    const run = this.#create(`${this.#ctx.name}-${this.#nextId++}`, options, own);
    try {
      this.#step(run);
    } catch (error) {
      this.#runs.delete(run.id); // from setup, or from a promise: no order can be placed there
      throw error;
    }
    this.#arm();
    return run;
  }

  get(id: string): AlgoHandle | undefined {
    return this.#runs.get(id) ?? this.#ended.get(id);
  }

  snapshot = (): DeskRecord => ({ nextId: this.#nextId, runs: Array.from(this.#runs.values(), toRecord) });

  hydrate = ({ nextId, runs }: DeskRecord): void => {
    this.#nextId = nextId;
    for (const record of runs) this.#restore(record);
    this.#arm();
  };

  /** The orders are as the venue has them: takes in what was submitted after the snapshot. */
  reconcile = (): void => {
    const { name } = this.#ctx;
    const orphans: OrderView[] = [];
    for (const order of this.#ctx.ordersTagged(`${name}-`)) {
      const id = runOf(order);
      const number = Number(id.slice(name.length + 1));
      if (!Number.isInteger(number)) continue; // of an instance whose name begins alike
      this.#nextId = Math.max(this.#nextId, number + 1);
      if (!this.#runs.has(id) && !this.#ended.has(id) && order.isOpen) orphans.push(order);
    }
    for (const order of orphans) {
      this.#ctx.logger.warn(`${order.intent.tag} is of a run that began after the last snapshot: cancelled`);
      this.#ctx.cancel(order);
    }
    for (const run of this.#runs.values()) {
      for (const [letter, account] of run.accounts) account.adopt(this.#childrenOf(run.id, letter));
      run.wakeAt(this.#ctx.nowUs());
    }
    this.#arm();
  };

  #create(id: string, options: Options, own: Own): Run<Options, Own> {
    const ctx = this.#ctx;
    const run: Run<Options, Own> = new Run(id, options, own, this.#rules.letters, {
      nowUs: () => ctx.nowUs(),
      touch: () => this.#market.touch(options.instrument),
      submit: (intent) => ctx.submit(intent),
      cancel: (order) => ctx.cancel(order),
      poke: () => {
        this.#step(run);
        this.#arm();
      },
      onCallbackFault: (of, error) => ctx.logger.error(`onDone of ${of} threw ${String(error)}`),
    });
    this.#runs.set(id, run);
    return run;
  }

  /** Strategy files run without a type check: a limit that is misspelt must not become none. */
  #check(options: Options): void {
    const { instruments, name } = this.#ctx;
    const what = `${name}.start`;
    if (typeof options !== "object" || options === null)
      throw new InvalidInputError(
        `${what} needs an object, such as { instrument, side: "buy", sizeLots, ... }, got ${String(options)}`,
      );
    const { fields } = this.#rules;
    for (const field in options)
      if (!Object.hasOwn(fields, field))
        throw new InvalidInputError(
          `${what} has no field ${JSON.stringify(field)}: leave it out; the fields are ${Object.keys(fields).join(", ")}`,
        );
    const { instrument, side, sizeLots } = options;
    if (!instruments.includes(instrument))
      throw new InvalidInputError(`${what}: instrument must be one of ctx.instruments`);
    if (side !== "buy" && side !== "sell")
      throw new InvalidInputError(`${what}: side must be "buy" or "sell", got ${String(side)}`);
    if (!Number.isSafeInteger(sizeLots) || sizeLots < 1 || sizeLots % instrument.lotIncrement !== 0)
      throw new InvalidInputError(
        `${what}: sizeLots must be a whole multiple of ${instrument.lotIncrement} of ${instrument.id}, got ${sizeLots}`,
      );
    if (this.#runs.size >= MOST_RUNS)
      throw new InvalidInputError(`${what}: ${MOST_RUNS} runs are open: wait for one to end, or cancel it`);
  }

  #onOrder(order: OrderView): void {
    if (order.intent.tag === undefined) return;
    const run = this.#runs.get(runOf(order)) ?? this.#ended.get(runOf(order));
    if (run === undefined) return;
    for (const account of run.accounts.values()) account.hear(order);
    if (!run.isOpen) return;
    this.#step(run);
    this.#arm();
  }

  #onTold(instrument: Instrument): void {
    if (this.#runs.size === 0) return;
    this.#forEachWorking(instrument, (run) => this.#step(run));
    this.#arm();
  }

  #forEachWorking(instrument: Instrument, visit: (run: Run<Options, Own>) => void): void {
    for (const run of this.#runs.values())
      if (run.options.instrument === instrument && run.state === "working") visit(run);
  }

  #step(run: Run<Options, Own>): void {
    if (!run.isOpen) return;
    this.#refresh(run);
    if (run.state === "working") this.#rules.step(run);
    if (run.state !== "cancelling") return;
    if (run.openChildren === 0) this.#close(run);
    else run.cancelOpen();
  }

  /** Reads the children anew, and judges refusals among those that ended. */
  #refresh(run: Run<Options, Own>): void {
    const { maxRefusals, refusalPauseMs } = this.#ctx.config;
    for (const account of run.accounts.values()) {
      for (const order of account.refresh()) {
        if (order.state !== "denied" && order.state !== "rejected") {
          run.refusals = 0;
          continue;
        }
        if (this.#rules.isExpected?.(order) === true) continue;
        run.refusals++;
        run.reason = `${order.state}: ${order.reason}`;
        run.pause(refusalPauseMs);
      }
    }
    if (run.refusals < maxRefusals || run.state !== "working" || this.#rules.isPersistent?.(run) === true) return;
    run.end("failed", `${run.refusals} orders in a row were refused, the last one ${run.reason}`);
  }

  #close(run: Run<Options, Own>): void {
    run.state = run.filledLots === run.sizeLots && run.ending !== "failed" ? "done" : run.ending;
    this.#runs.delete(run.id);
    this.#ended.set(run.id, run);
    if (this.#ended.size > ENDED_KEPT)
      for (const oldest of this.#ended.keys()) {
        this.#ended.delete(oldest);
        break;
      }
    if (run.state === "failed") this.#ctx.logger.error(`${run.id} failed: ${run.reason}`);
    run.close();
  }

  /** One timer for all runs, set for the one that is due first. */
  #arm(): void {
    let dueUs = Number.POSITIVE_INFINITY;
    for (const { wakeAtUs } of this.#runs.values()) if (wakeAtUs < dueUs) dueUs = wakeAtUs;
    if (this.#timer?.isSet === true && dueUs === this.#timerAtUs) return;
    this.#timer?.clear();
    this.#timer = undefined;
    this.#timerAtUs = dueUs;
    if (dueUs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#ctx.after(Math.max(0, (dueUs - this.#ctx.nowUs()) / 1000), () => this.#onTimer());
  }

  #onTimer(): void {
    const nowUs = this.#ctx.nowUs();
    for (const run of [...this.#runs.values()]) {
      if (run.wakeAtUs > nowUs) continue;
      run.wakeAtUs = Number.POSITIVE_INFINITY;
      this.#step(run);
    }
    this.#arm();
  }

  #restore(record: RunRecord): void {
    const instrument = this.#ctx.instruments.find(({ id }) => id === record.instrument);
    if (instrument === undefined)
      throw new InvalidInputError(`${record.id} works ${record.instrument}, which is no instrument of this session`);
    const options = { ...record.options, instrument } as unknown as Options;
    const run = this.#create(record.id, options, structuredClone(record.own) as Own);
    const { state, ending, reason, wakeAtUs, pausedUntilUs, refusals } = record;
    Object.assign(run, { state, ending, reason, pausedUntilUs, refusals });
    run.wakeAtUs = wakeAtUs < 0 ? Number.POSITIVE_INFINITY : wakeAtUs;
    for (const [letter, account] of run.accounts) {
      const kept = record.accounts[letter];
      if (kept === undefined) continue;
      const lostLots = account.restore(kept, this.#childrenOf(run.id, letter));
      if (lostLots > 0)
        this.#ctx.logger.warn(`${run.id}: ${lostLots} lots were on their way and nobody knows them: counted as filled`);
    }
  }

  /** Children that are known of one account, by number. */
  #childrenOf(id: string, letter: string): ReadonlyMap<number, OrderView> {
    const prefix = `${id}/${letter}`;
    return new Map(
      this.#ctx.ordersTagged(prefix).map((order) => [Number(order.intent.tag?.slice(prefix.length)), order]),
    );
  }
}

function runOf({ intent }: OrderView): string {
  const { tag = "" } = intent;
  return tag.slice(0, tag.lastIndexOf("/"));
}

function toRecord<Options extends ParentOptions, Own extends object>(run: Run<Options, Own>): RunRecord {
  const { instrument, ...options } = run.options;
  const { id, own, state, ending, reason, wakeAtUs, pausedUntilUs, refusals } = run;
  return {
    id,
    instrument: instrument.id,
    options: plain(options),
    own: plain(own),
    state,
    ending,
    reason,
    wakeAtUs: Number.isFinite(wakeAtUs) ? wakeAtUs : -1, // JSON has no Infinity
    pausedUntilUs,
    refusals,
    accounts: Object.fromEntries(Array.from(run.accounts, ([letter, account]) => [letter, account.record()])),
  };
}

/** A copy without what is undefined. */
function plain(value: object): { readonly [key: string]: Plain } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
}
