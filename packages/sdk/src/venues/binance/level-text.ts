import { parseScaled } from "../../model/scale.ts";

// Live books hold orders from before a change of the symbol's steps: on 2024-08-08 sizes of 25.426189 BTC, with steps of
// 0.00001. Such a level must not cost the whole book, and nothing of it can be rounded up.

/** A resting price in ticks; NaN when it lies between two ticks. @throws {InvalidInputError} As `parseScaled`, for other faults. */
export function parseLevelPrice(text: string, decimals: number): number {
  try {
    return parseScaled(text, decimals);
  } catch (error) {
    if (isFiner(text, decimals)) return Number.NaN;
    throw error;
  }
}

/** A public size in whole lots; what is left over cannot be traded alone and is dropped. @throws {InvalidInputError} As above. */
export function parseLevelSize(text: string, decimals: number): number {
  try {
    return parseScaled(text, decimals);
  } catch (error) {
    if (!isFiner(text, decimals)) throw error;
    const dot = text.indexOf(".");
    return parseScaled(decimals === 0 ? text.slice(0, dot) : text.slice(0, dot + 1 + decimals), decimals);
  }
}

function isFiner(text: string, decimals: number): boolean {
  const fraction = /^\d+\.(\d+)$/.exec(text)?.[1];
  return fraction !== undefined && /[1-9]/.test(fraction.slice(decimals));
}
