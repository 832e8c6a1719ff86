import type { Clock } from "@pitlane/perf";
import type { InputJournal } from "../../src/core/inputs.ts";
import type { ReplayRow } from "../../src/core/replay.ts";
import { bodyText } from "../../src/journal/body-text.ts";
import { InputWriter } from "../../src/journal/input-writer.ts";

/** A journal in memory: rows as a real one has them, blocks cut where a real one cuts them. */
export class MemoryJournal implements InputJournal {
  readonly rows: ReplayRow[] = [];
  readonly inputs: InputWriter = new InputWriter(() => this.#cut());
  readonly #clock: Pick<Clock, "nowUs">;

  constructor(clock: Pick<Clock, "nowUs">) {
    this.#clock = clock;
  }

  nowUs(): number {
    return this.#clock.nowUs();
  }

  append(kind: string, body: object, atUs: number = this.nowUs()): number {
    this.#cut();
    this.#push(kind, bodyText(body), atUs);
    return this.rows.length;
  }

  commit(): void {
    this.#cut();
  }

  #cut(): void {
    const block = this.inputs.take();
    if (block !== undefined) this.#push("inputs", block, this.inputs.lastAtUs);
  }

  #push(kind: string, body: string | Uint8Array, atUs: number): void {
    this.rows.push({ seq: this.rows.length + 1, atUs, kind, body });
  }
}
