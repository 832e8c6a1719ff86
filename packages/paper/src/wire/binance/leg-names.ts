const FIELDS = [
  "side",
  "type",
  "timeInForce",
  "quantity",
  "quoteOrderQty",
  "price",
  "clientOrderId",
  "stopPrice",
  "trailingDelta",
  "icebergQty",
  "strategyId",
  "strategyType",
] as const;

/** What an order's fields are called in a request. */
export type LegNames = Readonly<Record<(typeof FIELDS)[number], string>>;

/** A leg of an order list; `""` is an order of its own. */
export type LegPrefix = "" | "above" | "below" | "working" | "pending" | "pendingAbove" | "pendingBelow";

/** The parameters of a leg: `pendingAboveStopPrice` for `stopPrice` of `pendingAbove`. */
export function legNames(prefix: LegPrefix): LegNames {
  const entries = FIELDS.map((field) => [field, nameOf(prefix, field)]);
  return Object.fromEntries(entries) as LegNames;
}

function nameOf(prefix: LegPrefix, field: string): string {
  if (prefix === "") return field === "clientOrderId" ? "newClientOrderId" : field;
  return prefix + field.charAt(0).toUpperCase() + field.slice(1);
}
