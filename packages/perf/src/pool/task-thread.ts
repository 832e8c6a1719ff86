import type { Transferable } from "node:worker_threads";
import type { Piscina } from "piscina";
import { WorkerCrashedError } from "./errors.ts";

/**
 * One worker thread that does one task at a time, started when first needed and again after it was lost.
 *
 * A piscina of a single thread each: one piscina of many leaves a task waiting for ever when the thread started for it
 * fails to start, since it cannot tell whose thread that was. Here it is that of the only task.
 */
export class TaskThread<Task, Result> {
  /** What its heap was made with, in MB; 0 when that was left to V8. */
  readonly youngGenerationMb: number;
  readonly #piscina: Piscina<Task, Result>;
  #isBusy = false;
  #wasLost = false;
  #cutOff: { readonly reason: unknown; readonly ended: Promise<void> } | undefined;

  constructor(piscina: Piscina<Task, Result>, youngGenerationMb: number) {
    this.#piscina = piscina;
    this.youngGenerationMb = youngGenerationMb;
    piscina.on("workerDestroy", () => {
      this.#wasLost = true;
    });
    // A thread that is lost with a task rejects that; this is told of the others: those that could not start.
    piscina.on("error", (error) => this.cutOff(new WorkerCrashedError(error)));
  }

  /**
   * What the module's function makes of `task`.
   *
   * @throws What the function throws, with the stack it had there; the reason of `cutOff`.
   * @throws {WorkerCrashedError} When the thread ends or cannot start.
   */
  async run(task: Task, transfer: readonly Transferable[]): Promise<Result> {
    this.#isBusy = true;
    this.#wasLost = false;
    try {
      return await this.#piscina.run(task, { transferList: transfer as Transferable[] }); // piscina only reads it
    } catch (error) {
      if (this.#cutOff !== undefined) throw this.#cutOff.reason;
      throw this.#wasLost ? new WorkerCrashedError(error) : error;
    } finally {
      if (this.#cutOff !== undefined) {
        await this.#cutOff.ended; // until then piscina takes no task
        this.#cutOff = undefined;
      }
      this.#isBusy = false;
    }
  }

  /** Ends the thread; its task fails for `reason` once it has ended. Without a task, nothing happens. */
  cutOff(reason: unknown): void {
    if (this.#isBusy) this.#cutOff ??= { reason, ended: this.#piscina.destroy() };
  }

  /** Ends the thread, and resolves when it has. */
  end(): Promise<void> {
    return this.#piscina.destroy();
  }
}
