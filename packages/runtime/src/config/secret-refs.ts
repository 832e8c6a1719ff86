import { InvalidInputError } from "@pitlane/perf";
import { isPlainObject } from "./layers.ts";
import type { Path } from "./path.ts";

/** What a secret may be called: what an environment variable may be. */
const NAME = /^[A-Z][A-Z0-9_]{0,63}$/;
const REFERENCE = /\$\{secret:([^}]*)\}/g;
const MIN_LENGTH = 4; // a shorter one cannot be masked: it is in any text by chance

// Ends of names of settings that hold secrets, in lower case and without "-" and "_". A bare "token" is one; "baseToken" is an asset.
const SECRET_ENDINGS =
  /(apikey|secret|secretkey|password|passwd|passphrase|privatekey|credentials?|mnemonic|seedphrase|accesstoken|refreshtoken|authtoken|bearertoken|bottoken|sessiontoken|apitoken|^token|^jwt)$/;

/**
 * Names a secret in a plugin's settings; its value is put there at start, and nowhere else: files, prints and the journal hold the name.
 *
 * @throws {InvalidInputError} When the name is not of capitals, digits and underscores.
 * @example
 * defineConfig({ strategies: [{ use: "./mine.ts", config: { mine: { apiKey: secret("FEED_KEY") } } }] });
 */
export function secret(name: string): string {
  return `\${secret:${checkSecretName(name)}}`;
}

/** @throws {InvalidInputError} When it is no name for a secret. */
export function checkSecretName(name: string): string {
  if (NAME.test(name)) return name;
  throw new InvalidInputError(
    `"${name}" is no name for a secret: use capitals, digits and underscores, such as BINANCE_API_KEY`,
  );
}

/** @throws {InvalidInputError} When the value is too short to be masked. */
export function checkSecretValue(name: string, value: string): string {
  if (value.length >= MIN_LENGTH) return value;
  throw new InvalidInputError(`the secret ${name} has under ${MIN_LENGTH} characters: one so short cannot be masked`);
}

/** The names that `value` refers to anywhere in it, each once, in order. Pure. @throws {InvalidInputError} When one is no name for a secret. */
export function secretNames(value: unknown): readonly string[] {
  const names = new Set<string>();
  mapTexts(value, (text) => {
    for (const [, name] of text.matchAll(REFERENCE)) names.add(checkSecretName(name!));
    return text;
  });
  return [...names];
}

/** A copy of `value` with the secrets in the places of their names. Pure. */
export function insertSecrets<T>(value: T, secrets: ReadonlyMap<string, string>): T {
  // Not through replace's own "$" rules: a secret may hold any characters.
  return mapTexts(value, (text) =>
    text.replace(REFERENCE, (reference, name: string) => secrets.get(name) ?? reference),
  ) as T;
}

/** Whether a setting or a field of this name holds a secret: `apiKey`, `bot_token`, `password`. Pure. */
export function namesSecret(name: string): boolean {
  return SECRET_ENDINGS.test(name.toLowerCase().replace(/[-_]/g, ""));
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((part) => mapTexts(part, change));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, mapTexts(part, change)]));
}

/**
 * What is wrong with a text or number at `path` as far as secrets go; undefined when nothing is: one in clear where the name says that it is
 * a secret, or a reference that is none. Pure.
 */
export function secretProblem(path: Path, value: unknown): string | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const references = typeof value === "string" ? [...value.matchAll(REFERENCE)] : [];
  for (const [reference, name = ""] of references)
    if (!NAME.test(name))
      return `${reference} is no reference to a secret: its name needs capitals, digits and underscores`;
  const name = path.filter((key) => !/^\d+$/.test(key)).at(-1) ?? "";
  if (!namesSecret(name) || references.length > 0 || value === "") return undefined;
  const proposed = name
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .toUpperCase()
    .replace(/[^A-Z0-9_]/g, "_");
  return `a secret must not stand here: write "\${secret:${proposed}}" and set it by \`pitlane secret set ${proposed}\` or by PITLANE_SECRET_${proposed}`;
}
