import { InvalidInputError, integerInRange } from "../errors.ts";

const HIGHEST_CORE = 8_191; // Linux is built for at most 8,192

/**
 * Cores named by a list as the kernel writes it: `"0-2,8"` is 0, 1, 2 and 8. Rising, none twice.
 *
 * Source: cpuset(7), "List format".
 *
 * @throws {InvalidInputError} When `text` is no such list.
 */
export function parseCoreList(text: string): number[] {
  const cores = new Set<number>();
  for (const part of text.trim().split(",")) {
    const range = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part);
    const first = Number(range?.[1]);
    const last = Number(range?.[2] ?? range?.[1]);
    if (range === null || last < first || last > HIGHEST_CORE)
      throw new InvalidInputError(`a list of cores reads like "0-2,8", got ${JSON.stringify(text)}`);
    for (let core = first; core <= last; core++) cores.add(core);
  }
  return [...cores].sort((a, b) => a - b);
}

/**
 * The cores that a thread may run on, from the text of its `/proc/PID/status`.
 *
 * @throws {InvalidInputError} When the text has no line `Cpus_allowed_list`.
 */
export function allowedCores(status: string): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1];
  if (list === undefined) throw new InvalidInputError("the status has no line Cpus_allowed_list");
  return parseCoreList(list);
}

/**
 * Returns `cores` when they are at least one, whole, and all of `allowed`.
 *
 * @throws {InvalidInputError} Naming the cores that are not allowed, and those that are.
 */
export function checkCores(cores: readonly number[], allowed: readonly number[]): readonly number[] {
  if (cores.length === 0) throw new InvalidInputError("pinning needs at least one core");
  for (const core of cores) integerInRange("core", core, 0, HIGHEST_CORE);
  const refused = cores.filter((core) => !allowed.includes(core));
  if (refused.length > 0)
    throw new InvalidInputError(
      `cores ${refused.join(", ")} are not among those this process may use: ${allowed.join(", ")}`,
    );
  return cores;
}
