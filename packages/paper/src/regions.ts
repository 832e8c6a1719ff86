import { InvalidInputError, inRange, integerInRange } from "@pitlane/perf";
import { check, checkText } from "./checks.ts";

/** A region: ports of its own, so and so far away, over the one exchange. */
export interface RegionSpec {
  /** 1 to 40 letters, digits, `-` and `_`; each region's own. */
  readonly name: string;
  /** What answers and frames take to the client, 0 to 60,000 ms. Default 0. They keep their order. */
  readonly delayMs?: number;
  /** Longest random addition to it, uniform, by the seed; 0 to 60,000 ms. Default 0. */
  readonly jitterMs?: number;
  /** Port to listen on, 0 for a free one. Default: after the exchange's `port` by the region's place in the list, where that is not 0. */
  readonly port?: number;
}

/** A region with everything said. */
export type CheckedRegion = Required<RegionSpec>;

const NAME = /^[a-zA-Z0-9_-]{1,40}$/;
const NAME_RULE = "1 to 40 letters, digits, - and _";
const MOST_REGIONS = 32;
const LONGEST_MS = 60_000;

/** The one region of an exchange that was told of none. */
export const DEFAULT_REGIONS: readonly RegionSpec[] = [{ name: "local" }];

/** Checks the regions. @param port Of the first, 0 for free ones. @throws {InvalidInputError} Naming the option and its rule. */
export function checkRegions(regions: readonly RegionSpec[], port: number): CheckedRegion[] {
  if (regions.length < 1 || regions.length > MOST_REGIONS) {
    throw new InvalidInputError(`regions must be 1 to ${MOST_REGIONS}, got ${regions.length}`);
  }
  const names = new Set<string>();
  return regions.map((region, i) => {
    const { name, delayMs = 0, jitterMs = 0, port: own = port === 0 ? 0 : port + i } = region;
    const at = `regions[${i}]`;
    checkText(`${at}.name`, NAME, NAME_RULE, name);
    if (names.has(name)) throw new InvalidInputError(`${at}.name is another region's too: "${name}"`);
    names.add(name);
    return {
      name,
      delayMs: inRange(`${at}.delayMs`, delayMs, 0, LONGEST_MS),
      jitterMs: inRange(`${at}.jitterMs`, jitterMs, 0, LONGEST_MS),
      port: integerInRange(`${at}.port`, own, 0, 65_535),
    };
  });
}

/**
 * Regions from text: `name:option=value,option=value`, several joined with `;`. Options are `delayMs`, `jitterMs` and `port`.
 *
 * @throws {InvalidInputError} Naming what is wrong and what is right. Ranges are checked when the exchange is made.
 * @example
 * parseRegions("eu;us:delayMs=80,jitterMs=20");
 */
export function parseRegions(text: string): RegionSpec[] {
  check(typeof text === "string", "regions", "text such as eu;us:delayMs=80,jitterMs=20", text);
  return text.split(";").map((part) => {
    const colon = part.indexOf(":");
    const name = (colon < 0 ? part : part.slice(0, colon)).trim();
    checkText("a region's name", NAME, NAME_RULE, name);
    const region: Record<string, unknown> = { name };
    for (const option of colon < 0 ? [] : part.slice(colon + 1).split(",")) {
      const [key = "", value = ""] = option.split("=").map((side) => side.trim());
      const number = value === "" ? Number.NaN : Number(value);
      if (!["delayMs", "jitterMs", "port"].includes(key) || Number.isNaN(number)) {
        throw new InvalidInputError(
          `region "${name}": "${option.trim()}" must be delayMs, jitterMs or port with a number, as in us:delayMs=80,jitterMs=20`,
        );
      }
      region[key] = number;
    }
    return region as unknown as RegionSpec;
  });
}
