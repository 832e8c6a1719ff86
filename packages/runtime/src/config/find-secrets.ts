import { InvalidInputError } from "@pitlane/perf";
import { checkSecretValue } from "./secret-refs.ts";
import type { SecretStore } from "./secret-store.ts";
import { SECRET_PREFIX } from "./text-values.ts";

export interface SecretSources {
  /** `PITLANE_SECRET_NAME` wins over the store. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Opens the store, at most once and only when the environment does not have them all; undefined where there is none. */
  readonly openStore: () => Promise<Pick<SecretStore, "get"> | undefined>;
}

/**
 * The values of secrets.
 *
 * @throws {InvalidInputError} Naming every one that is nowhere, with what to do; or as the store does.
 */
export async function findSecrets(
  names: readonly string[],
  sources: SecretSources,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const isOutside = (name: string) => (sources.env[`${SECRET_PREFIX}${name}`] ?? "") === "";
  const store = names.some(isOutside) ? await sources.openStore() : undefined;
  const missing: string[] = [];
  for (const name of names) {
    const value = isOutside(name) ? await store?.get(name) : sources.env[`${SECRET_PREFIX}${name}`];
    if (value === undefined) missing.push(name);
    else found.set(name, checkSecretValue(name, value));
  }
  if (missing.length > 0) {
    throw new InvalidInputError(
      `the settings name ${missing.length === 1 ? "a secret that is" : "secrets that are"} not set:\n${missing
        .map((name) => `  ${name}: run \`pitlane secret set ${name}\`, or set ${SECRET_PREFIX}${name}`)
        .join("\n")}`,
    );
  }
  return found;
}
