import { InvalidInputError } from "@pitlane/sdk";
import type { ShapeDesk } from "../engines/shape-desk.ts";

/** When plugins are heard: while an input is worked on. What they want at any other time could not be replayed. */
export class PluginTurn {
  readonly #shapes: Pick<ShapeDesk, "isBusy">;
  #isOpen = false;
  #inputs = 0; // that are being worked on

  constructor(shapes: Pick<ShapeDesk, "isBusy">) {
    this.#shapes = shapes;
  }

  /** The plugins are set up: orders can be placed from now on. */
  open(): void {
    this.#isOpen = true;
  }

  /** An input is being worked on. */
  get isOn(): boolean {
    return this.#inputs > 0;
  }

  /** Work on an input begins. `end` must follow, whatever happens; turns may be within each other. */
  begin(): void {
    this.#inputs++;
  }

  end(): void {
    this.#inputs--;
  }

  /** Does the work of one input. */
  run(work: () => void): void {
    this.#inputs++;
    try {
      work();
    } finally {
      this.#inputs--;
    }
  }

  /** @throws {InvalidInputError} When no order can be placed now. */
  checkPlacing(): void {
    if (!this.#isOpen)
      throw new InvalidInputError("orders can be placed once the session runs: submit from a hook, not from setup");
    this.check();
  }

  /** @throws {InvalidInputError} When no input is worked on, or a shape hook is. */
  check(): void {
    if (this.#shapes.isBusy)
      throw new InvalidInputError("a shape hook changes the intent it is given and nothing else: it places no orders");
    if (this.#inputs > 0) return;
    throw new InvalidInputError(
      "orders are placed from a hook or a timer of ctx: what comes from elsewhere, such as a promise, could not be replayed",
    );
  }
}
