/**
 * The text of a row's body: JSON, with amounts (bigint) as their decimal digits. A replay compares what it decides with what a run wrote byte
 * for byte, so there is one way to write it.
 */
export function bodyText(body: object): string {
  try {
    return JSON.stringify(body); // most have none; a function that is asked about every value makes it take twice as long
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(body, amountsAsText);
  }
}

function amountsAsText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
