import { MisplacedLine } from "./errors.ts";

/**
 * How far a receive time may lie before the one above it on the same connection: the recorder's clock was set. The order of
 * the lines is then the truth, and the line gets the time of the one above.
 */
const CLOCK_STEP_US = 1_000_000;

/** Each part of a file is read through a reader of its own, so their number is bounded. */
const MAX_PARTS = 64;

/** Lines of a file that are in the order of time, both ends included, counted from 1. */
export interface FilePart {
  /** Only this connection's messages belong to the part; `undefined` when all do. */
  readonly connection: string | undefined;
  readonly firstLine: number;
  readonly lastLine: number;
}

interface Connection {
  readonly firstLine: number;
  lastLine: number;
  /** As given out, which never falls. */
  lastAtUs: number;
  /** As recorded. */
  readAtUs: number;
}

/**
 * Finds out how to read a file's messages in the order of time: as they stand, or, when connections were written one after
 * the other, each connection by itself and merged.
 *
 * With a listener a line whose time is out of order is told and stays where it stands, and so do all lines when too many
 * connections would have to be merged.
 */
export class MessageOrder {
  readonly #onMisplaced: ((problem: MisplacedLine) => void) | undefined;
  readonly #connections = new Map<string, Connection>();
  #lastAtUs = Number.NEGATIVE_INFINITY;
  #firstAtLine = 0;
  #inOrder = true;
  #farBack = false; // a connection's message lies more than a clock step before another one's above it
  #isTold = false;

  constructor(onMisplaced?: (problem: MisplacedLine) => void) {
    this.#onMisplaced = onMisplaced;
  }

  /**
   * Notes the next message. @returns Its time, not before the one above it on its connection.
   * @throws {MisplacedLine} Without a listener, when it lies more than a second before that one, or too many connections would be merged.
   */
  add(atUs: number, connection: string, line: number): number {
    const above = this.#connections.get(connection);
    if (above === undefined) {
      this.#connections.set(connection, { firstLine: line, lastLine: line, lastAtUs: atUs, readAtUs: atUs });
      if (this.#firstAtLine === 0) this.#firstAtLine = line;
    } else {
      this.#checkStep(atUs, above);
      above.readAtUs = atUs;
      if (atUs < above.lastAtUs) atUs = above.lastAtUs;
      above.lastAtUs = atUs;
      above.lastLine = line;
    }
    if (atUs < this.#lastAtUs) {
      this.#inOrder = false;
      if (this.#lastAtUs - atUs > CLOCK_STEP_US) this.#farBack = true;
    } else this.#lastAtUs = atUs;
    if (!this.#inOrder && this.#connections.size > MAX_PARTS) this.#onTooMany();
    return atUs;
  }

  /** The parts to merge; usually one, none when there was no message. */
  parts(): readonly FilePart[] {
    if (!this.#inOrder && this.#connections.size <= MAX_PARTS) {
      return [...this.#connections].map(([connection, { firstLine, lastLine }]) => ({
        connection,
        firstLine,
        lastLine,
      }));
    }
    let lastLine = 0;
    for (const connection of this.#connections.values()) lastLine = Math.max(lastLine, connection.lastLine);
    return lastLine === 0 ? [] : [{ connection: undefined, firstLine: this.#firstAtLine, lastLine }];
  }

  #checkStep(atUs: number, { lastAtUs, readAtUs }: Connection): void {
    // Told is a line that lies before the one above it, not all that follow one from the future.
    const aboveAtUs = this.#onMisplaced === undefined ? lastAtUs : readAtUs;
    if (aboveAtUs - atUs <= CLOCK_STEP_US) return;
    const problem = new MisplacedLine(
      `was received at ${isoTime(atUs)}, before the line above it (${isoTime(aboveAtUs)})`,
      { remedy: SORT },
    );
    if (this.#onMisplaced === undefined) throw problem;
    this.#onMisplaced(problem);
  }

  #onTooMany(): void {
    const problem = () =>
      new MisplacedLine(`is out of order, and more than ${MAX_PARTS} connections cannot be merged`, { remedy: SORT });
    if (this.#onMisplaced === undefined) throw problem();
    if (!this.#farBack || this.#isTold) return;
    this.#isTold = true;
    this.#onMisplaced(problem());
  }
}

const SORT = "sort the lines by time (sort -s -n for the raw form), or split the file there";

/** `2024-08-08T23:54:13.937085Z`. */
export function isoTime(atUs: number): string {
  const us = String(atUs % 1_000_000).padStart(6, "0");
  return `${new Date(Math.floor(atUs / 1_000_000) * 1000).toISOString().slice(0, 19)}.${us}Z`;
}
