import { InvalidInputError } from "@pitlane/perf";

/** Where a value is, from the root: `["strategies", "0", "use"]`. */
export type Path = readonly string[];

/**
 * A path as people write it: `risk.maxOrderNotional`, `strategies[0].use`, `risk.instruments["A.B/USDT"].maxPosition`. Pure.
 *
 * A key of digits is shown as a place in a list; `parsePath` gives the same path back.
 */
export function formatPath(path: Path): string {
  return path.reduce((text, key) => {
    if (/^\d+$/.test(key)) return `${text}[${key}]`;
    if (/^[^.[\]"=\s]+$/.test(key)) return text === "" ? key : `${text}.${key}`;
    return `${text}[${JSON.stringify(key)}]`;
  }, "");
}

/**
 * Reads what `formatPath` writes; `strategies.0.use` is taken too.
 *
 * @throws {InvalidInputError} When a key is missing, or a bracket or quote is not closed.
 */
export function parsePath(text: string): Path {
  const path: string[] = [];
  // A key, after a dot unless it is the first; or a bracket with a number or a quoted key.
  const part = /(\.?)([^.[\]"=\s]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;
  while (part.lastIndex < text.length) {
    const at = part.lastIndex;
    const match = part.exec(text);
    const [, dot, key, index, quoted] = match ?? [];
    const isKey = key !== undefined && (dot === ".") === at > 0;
    const next = isKey ? key : (index ?? (quoted === undefined ? undefined : unquote(quoted)));
    if (match === null || next === undefined)
      throw new InvalidInputError(
        `"${text}" is not a path to a setting: write it like risk.maxOrderNotional or strategies[0].use`,
      );
    path.push(next);
  }
  if (path.length === 0) throw new InvalidInputError("a path to a setting is empty");
  return path;
}

function unquote(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined; // an escape that JSON does not have: the caller says what is wrong with the whole path
  }
}
