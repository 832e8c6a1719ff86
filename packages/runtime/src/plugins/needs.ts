import semver from "semver";
import { PluginBootError } from "./errors.ts";

/**
 * What plugins offer each other, by capability name. Give yours a type by declaration merging:
 *
 * @example
 * declare module "pitlane" {
 *   interface Capabilities { vwap: { readonly ticks: (instrument: Instrument) => number } }
 * }
 */
// biome-ignore lint/suspicious/noEmptyInterface: plugins fill it by declaration merging
export interface Capabilities {}

/** Names of capabilities, or names with the versions wanted (semver ranges). A plugin's own name is a capability too. */
export type Needs = readonly string[] | Readonly<Record<string, string>>;

/** Names of capabilities, or names with their versions; without one, it is the plugin's. */
export type Provisions = readonly string[] | Readonly<Record<string, string>>;

/** One capability that a plugin wants. */
export interface Need {
  readonly capability: string;
  /** Semver range; `*` takes any. */
  readonly range: string;
}

/** One capability that a plugin offers. */
export interface Provision {
  readonly capability: string;
  readonly version: string;
}

const NAME = /^[a-zA-Z][\w.-]{0,63}$/;

/** Reads a list or a record of needs. @throws {PluginBootError} When a name or a range cannot be read. */
export function toNeeds(plugin: string, needs: Needs | undefined): readonly Need[] {
  return entriesOf(needs, "*").map(([capability, range]) => {
    checkName(plugin, capability);
    checkRange(plugin, `${capability}'s range`, range);
    return { capability, range };
  });
}

/** Reads a list or a record of provisions. Throws as `toNeeds`. */
export function toProvisions(
  plugin: string,
  version: string,
  provisions: Provisions | undefined,
): readonly Provision[] {
  return entriesOf(provisions, version).map(([capability, itsVersion]) => {
    checkName(plugin, capability);
    checkVersion(plugin, `${capability}'s version`, itsVersion);
    return { capability, version: itsVersion };
  });
}

/** @throws {PluginBootError} When `range` is no semver range. */
export function checkRange(plugin: string, what: string, range: string): void {
  if (typeof range === "string" && semver.validRange(range) !== null) return;
  throw new PluginBootError("PLUGIN_BAD_RANGE", `${plugin}: ${what} ${JSON.stringify(range)} is no semver range`, {
    path: [plugin],
    fix: 'write one such as "^1.2" or "*"',
  });
}

/** @throws {PluginBootError} When `version` is no semver version. */
export function checkVersion(plugin: string, what: string, version: string): void {
  if (typeof version === "string" && semver.valid(version) !== null) return;
  throw new PluginBootError("PLUGIN_BAD_RANGE", `${plugin}: ${what} ${JSON.stringify(version)} is no semver version`, {
    path: [plugin],
    fix: 'write one such as "1.2.0"',
  });
}

/** Pre-releases count: a 1.3.0-beta.1 in development satisfies ^1.2. */
export function satisfies(version: string, range: string): boolean {
  return semver.satisfies(version, range, { includePrerelease: true });
}

function checkName(plugin: string, capability: string): void {
  if (typeof capability === "string" && NAME.test(capability)) return;
  throw new PluginBootError("PLUGIN_BAD_RANGE", `${plugin}: ${JSON.stringify(capability)} is no capability's name`, {
    path: [plugin],
    fix: "use letters, digits, dots and dashes, beginning with a letter",
  });
}

function entriesOf(given: Needs | undefined, otherwise: string): [string, string][] {
  if (given === undefined) return [];
  if (Array.isArray(given)) return given.map((name: string) => [name, otherwise]);
  return Object.entries(given);
}
