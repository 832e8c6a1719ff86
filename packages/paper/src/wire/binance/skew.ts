import { inUnit, type TimeUnit, toMicroseconds } from "./time-unit.ts";

// A server whose clock is ahead sees what was sent as older. The signature is over what was sent, so it is checked on that, and the
// engine is never given a wrong time: a clock that goes wrong and right again must not make its history run backwards.

const TIMESTAMP = /(^|&)timestamp=(\d{1,16})(?=&|$)/g;

/** A form with its `timestamp` as a server sees it whose clock is ahead by `skewUs`. */
export function shiftForm(form: string, skewUs: number): string {
  return form.replace(
    TIMESTAMP,
    (_, mark: string, time: string) => `${mark}timestamp=${shiftTime(Number(time), skewUs)}`,
  );
}

/** As `shiftForm`, of the params of a WebSocket request. */
export function shiftParams(
  params: Readonly<Record<string, unknown>>,
  skewUs: number,
): Readonly<Record<string, unknown>> {
  const time = params["timestamp"];
  if (skewUs === 0 || (typeof time !== "number" && typeof time !== "string") || !/^\d{1,16}$/.test(String(time))) {
    return params;
  }
  return { ...params, timestamp: shiftTime(Number(time), skewUs) };
}

/** An answer with the `serverTime` that such a server tells. */
export function shiftResult(result: unknown, skewUs: number, unit: TimeUnit): unknown {
  if (skewUs === 0 || typeof result !== "object" || result === null || !("serverTime" in result)) return result;
  return { ...result, serverTime: Number(result.serverTime) + inUnit(skewUs, unit) };
}

// In the unit it was sent in, and never below 0, where it would not be a time any more.
function shiftTime(time: number, skewUs: number): number {
  const shifted = Math.max(0, toMicroseconds(time) - skewUs);
  return time >= 1e14 ? shifted : Math.floor(shifted / 1000);
}
