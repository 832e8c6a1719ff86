import pc from "picocolors";

/** What output needs of a stream; `process.stdout` is one. */
export interface Terminal {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Where a command talks to people: lines, and on a terminal one live line below them. */
export class Output {
  /** What it writes to, for what is no line: a question. */
  readonly terminal: Terminal;
  readonly #redact: (text: string) => string;
  #live = "";

  /** @param redact Takes secrets out of every line. */
  constructor(out: Terminal, redact: (text: string) => string = (text) => text) {
    this.terminal = out;
    this.#redact = redact;
  }

  /** True on a terminal: there the status is one line that is drawn over. */
  get isLive(): boolean {
    return this.terminal.isTTY === true;
  }

  /** Writes a line, above the live one. */
  line(text = ""): void {
    this.#erase();
    this.terminal.write(`${this.#redact(text)}\n`);
    this.#draw();
  }

  /** Shows `text` as the live line; where there is no terminal, as a plain line. */
  status(text: string): void {
    if (!this.isLive) return this.line(text);
    this.#erase();
    this.#live = this.#redact(text);
    this.#draw();
  }

  /** Takes the live line away. */
  endStatus(): void {
    this.#erase();
    this.#live = "";
  }

  #erase(): void {
    if (this.#live !== "") this.terminal.write("\r\x1b[2K");
  }

  #draw(): void {
    if (this.#live === "") return;
    // Cut to the width: a wrapped line could not be erased.
    this.terminal.write(cut(this.#live, (this.terminal.columns ?? 80) - 1));
  }
}

/** The first `width` visible characters of a line; colour codes take no room. */
export function cut(text: string, width: number): string {
  let visible = 0;
  let result = "";
  for (const part of text.split(/(\x1b\[[0-9;]*m)/)) {
    if (part.startsWith("\x1b[")) {
      result += part;
      continue;
    }
    result += part.slice(0, Math.max(0, width - visible));
    visible += part.length;
  }
  return result;
}

/** Plain columns: the first left, the others right. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<number[]>((max, row) => row.map((cell, i) => Math.max(max[i] ?? 0, cell.length)), []);
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "),
  );
}

export { pc as colors };
