/**
 * The text of a row's body: JSON, with amounts (bigint) as their decimal digits. A replay compares what it decides with what a run wrote byte
 * for byte, so there is one way to write it.
 */
export function bodyText(body: object): string {
  return JSON.stringify(body, amountsAsText);
}

function amountsAsText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
