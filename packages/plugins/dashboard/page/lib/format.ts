/** What a figure reads as when there is none. */
export const NONE = "–";

/** Between a figure and its unit: no line ends there. */
const UNIT = "\u00a0";

const DIGITS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A whole number with its thousands apart: `12,345`. */
export function count(value: number): string {
  return DIGITS.format(value);
}

/** Three digits that matter, and no more: `0.12`, `1.23`, `12.3`, `123`, `1,234`; whole numbers as they are. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return DIGITS.format(value);
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(2);
}

/** A duration of `us` microseconds in the unit that suits it: `850 ns`, `12.3 µs`, `4.56 ms`, `1.20 s`, `3 min 20 s`. */
export function duration(us: number): string {
  const size = Math.abs(us);
  if (size === 0) return `0${UNIT}µs`;
  if (size < 1) return `${short(us * 1000)}${UNIT}ns`;
  if (size < 1000) return `${short(us)}${UNIT}µs`;
  if (size < 1e6) return `${short(us / 1000)}${UNIT}ms`;
  return size < 120e6 ? `${short(us / 1e6)}${UNIT}s` : span(us / 1000);
}

/** The same of milliseconds. */
export function durationMs(ms: number): string {
  return duration(ms * 1000);
}

/** A long time in its two largest units: `45 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function span(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds}${UNIT}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}${UNIT}min ${seconds % 60}${UNIT}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24
    ? `${hours}${UNIT}h ${minutes % 60}${UNIT}min`
    : `${Math.floor(hours / 24)}${UNIT}d ${hours % 24}${UNIT}h`;
}

/** `1.5 KiB`, `120 MiB`: powers of 1,024. */
export function bytes(value: number): string {
  if (value < 1024) return `${DIGITS.format(value)}${UNIT}B`;
  if (value < 1024 ** 2) return `${short(value / 1024)}${UNIT}KiB`;
  return value < 1024 ** 3 ? `${short(value / 1024 ** 2)}${UNIT}MiB` : `${(value / 1024 ** 3).toFixed(2)}${UNIT}GiB`;
}

/** A share, 0 to 1, in percent: `0.12 %`, `45.6 %`. */
export function percent(share: number): string {
  return `${short(share * 100)}${UNIT}%`;
}

/** `1,234 /s`. */
export function perSecond(rate: number): string {
  return `${short(rate)}${UNIT}/s`;
}

/**
 * A decimal text with its thousands apart and at most `places` decimals, half away from zero. On the text itself: money is no float.
 * What is no decimal text is given back as it is.
 */
export function decimal(text: string, places = 8): string {
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text);
  if (match === null) return text;
  const [, sign = "", whole = "0", fraction = ""] = match;
  let digits = BigInt(whole + fraction.padEnd(places, "0").slice(0, places));
  if (Number(fraction[places] ?? "0") >= 5) digits += 1n;
  const padded = digits.toString().padStart(places + 1, "0");
  const units = padded.slice(0, padded.length - places).replace(/\B(?=(\d{3})+$)/g, ",");
  const rest = places === 0 ? "" : `.${padded.slice(-places)}`;
  return `${digits === 0n ? "" : sign.replace("-", "−")}${units}${rest}`;
}

/** A sum of money of `asset`, with its sign: `+12.34 USDT`. */
export function money(text: string, asset: string, places = 2): string {
  const shown = decimal(text, places);
  return `${shown.startsWith("−") || /^0(\.0*)?$/.test(shown) ? shown : `+${shown}`} ${asset}`;
}

/** Decimals that a step needs: 2 for `0.01`. */
export function placesOf(step: string): number {
  return step.includes(".") ? step.replace(/0+$/, "").split(".")[1]!.length : 0;
}

/** The wall clock of `us` microseconds since the epoch, in the reader's zone: `14:03:07`. */
export function clockTime(us: number, withMs = false): string {
  const at = new Date(us / 1000);
  const two = (part: number) => String(part).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return withMs ? `${time}.${String(at.getMilliseconds()).padStart(3, "0")}` : time;
}

/** Day and wall clock in the reader's zone: `2026-11-21 14:03:07`. */
export function dayTime(us: number): string {
  const at = new Date(us / 1000);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clockTime(us)}`;
}

/** The same moment in UTC, to the microsecond: `2026-11-21 14:03:07.123456 UTC`. */
export function utcTime(us: number): string {
  const at = new Date(us / 1000).toISOString();
  const rest = String(Math.floor(us) % 1e6).padStart(6, "0");
  return `${at.slice(0, 10)} ${at.slice(11, 19)}.${rest} UTC`;
}

/** `tickToOrder` as people write it: `tick to order`. */
export function words(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/[-_.]/g, " ")
    .toLowerCase();
}

/** An alert's value in its unit. */
export function inUnit(value: number, unit: string): string {
  switch (unit) {
    case "s":
      return duration(value * 1e6);
    case "ratio":
      return percent(value);
    case "bytes":
      return bytes(value);
    case "per second":
      return perSecond(value);
    case "per minute":
      return `${short(value)}${UNIT}/min`;
    default:
      return `${short(value)} ${unit}`.trim();
  }
}
