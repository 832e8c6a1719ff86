import { InvalidInputError } from "@pitlane/perf";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { loadSource } from "../plugins/load.ts";
import { describeIssues } from "../plugins/snapshot.ts";
import type { ObservedSession, Observer, OpenObserver } from "./observer.ts";

/** An observer as the settings list it. */
export interface ObserverEntry {
  /** A path (`./my-observer.ts`) or an npm package. */
  readonly use: string;
  /** For its own schema to check. */
  readonly config: unknown;
}

/** An observer that can be opened: its settings are good. */
export interface ReadyObserver {
  readonly name: string;
  open(session: ObservedSession): Promise<OpenObserver>;
}

/**
 * Loads observers and checks their settings, before anything else is done.
 *
 * @param cwd Folder that paths and package names are looked up from.
 * @throws {InvalidInputError} When one is missing, throws while loading, exports no observer, its settings are wrong, or it could not run.
 */
export async function loadObservers(entries: readonly ObserverEntry[], cwd: string): Promise<readonly ReadyObserver[]> {
  const ready: ReadyObserver[] = [];
  for (const { use, config } of entries) {
    const observer = observerOf(await loadSource(use, { cwd }));
    if (observer === undefined)
      throw new InvalidInputError(
        `${use} exports no observer: write \`export default defineObserver({ name, version, open(session) { ... } })\``,
      );
    const settings = await checked(observer, config);
    await observer.check?.(settings);
    ready.push({ name: observer.name, open: (session) => observer.open(session, settings) });
  }
  return ready;
}

async function checked({ name, config: schema }: Observer, config: unknown): Promise<unknown> {
  if (schema === undefined) return config;
  const result: StandardSchemaV1.Result<unknown> = await schema["~standard"].validate(config);
  if (result.issues === undefined) return result.value;
  throw new InvalidInputError(`the settings of observer ${name} are wrong:\n${describeIssues(result.issues)}`);
}

function observerOf(loaded: unknown): Observer | undefined {
  if (typeof loaded !== "object" || loaded === null) return undefined;
  return [(loaded as { readonly default?: unknown }).default, loaded].find(isObserver);
}

function isObserver(value: unknown): value is Observer {
  return typeof value === "object" && value !== null && (value as { readonly kind?: unknown }).kind === "observer";
}
