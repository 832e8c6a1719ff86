import fc from "fast-check";
import { expect, test } from "vitest";
import type { OrderRef } from "../../../src/index.ts";
import { tryReadOrder } from "../../../src/venues/binance/scan-answer.ts";
import { newOrderScan, type ReadAnswer, scanCancel, scanNewOrder } from "../../../src/venues/binance/scan-order.ts";
import { scanEnvelope, tryScanPosition, tryScanReport } from "../../../src/venues/binance/scan-user.ts";
import {
  parseAccountPosition,
  parseCancel,
  parseExecutionReport,
  parseNewOrder,
} from "../../../src/venues/binance/wire.ts";
import { testInstrument } from "../../support/instruments.ts";

const instrument = testInstrument();
const asked: OrderRef = { instrument, clientOrderId: "mine-1" };
const instruments = new Map([[instrument.venueSymbol, instrument]]);

type Field = readonly [name: string, json: string];
const object = (fields: readonly Field[]) => `{${fields.map(([name, json]) => `"${name}":${json}`).join(",")}}`;
const text = (value: string) => JSON.stringify(value);

/** Mostly `usual`; now and then one of what a venue should not send. */
const mostly = (usual: fc.Arbitrary<string>, ...odd: string[]) =>
  fc.oneof(
    { weight: 80, arbitrary: usual },
    { weight: 1, arbitrary: fc.constantFrom(...odd, "null", "[]", '""', "-1") },
  );
const decimals = (most: number) =>
  fc
    .tuple(fc.nat(99_999), fc.nat(10 ** most - 1))
    .map(([a, b]) => text(`${a}.${String(b).padStart(most, "0").padEnd(8, "0")}`));
const price = mostly(decimals(2), '"1.23456789"', '"1e3"', '"00.1"', "1.5", '"9007199254740993.00"');
const size = mostly(decimals(5), '"0.000001"', '"1."', '"-1.0"', '"900719925474.09930000"');
const units = mostly(decimals(8), '"0"', '"0.000000001"', '"99999999999.00000000"');
const whole = mostly(fc.maxSafeNat().map(String), "9007199254740993", "1.5", '"7"', "01");
const id = mostly(fc.constant(text("mine-1")), text("other"), text("m\\"), text("m\u00e9"));
const symbol = mostly(fc.constant(text("BTCUSDT")), text("ETHUSDT"));
const status = mostly(fc.constantFrom('"NEW"', '"FILLED"', '"EXPIRED"'), '"NEWER"');
const side = mostly(fc.constantFrom('"BUY"', '"SELL"'), '"buy"');
const word = mostly(fc.constantFrom('"GTC"', '"LIMIT"', '"EXPIRE_MAKER"'), '"a\\u0062"', '"\u00fc"');
const reason = mostly(fc.constantFrom('"NONE"', '"INSUFFICIENT_LIQUIDITY"'), "7");
const asset = mostly(fc.constantFrom('"BNB"', '"USDT"'), '"\u4e2d"');

const fields = (record: Record<string, fc.Arbitrary<string>>, optional: readonly string[] = []) =>
  fc
    .record(record, { requiredKeys: Object.keys(record).filter((name) => !optional.includes(name)) })
    .map((all) => Object.entries(all).sort(byPlace(Object.keys(record))));
const byPlace = (names: readonly string[]) => (a: Field, b: Field) => names.indexOf(a[0]) - names.indexOf(b[0]);

const terms = { price, origQty: size, executedQty: size, origQuoteOrderQty: units, cummulativeQuoteQty: units, status };
const fill = fields({ price, qty: size, commission: units, commissionAsset: asset, tradeId: whole }).map(object);
const placed = fields(
  {
    symbol,
    orderId: whole,
    orderListId: fc.constant("-1"),
    clientOrderId: id,
    transactTime: whole,
    ...terms,
    timeInForce: word,
    type: word,
    side,
    workingTime: whole,
    selfTradePreventionMode: word,
    expiryReason: reason,
    fills: fc.array(fill, { maxLength: 3 }).map((all) => `[${all.join(",")}]`),
  },
  ["expiryReason"],
);
const cancelled = fields({
  symbol,
  origClientOrderId: id,
  orderId: whole,
  orderListId: fc.constant("-1"),
  clientOrderId: mostly(fc.constant('"cancel-1"'), '"\\u0063"'),
  transactTime: whole,
  ...terms,
  timeInForce: word,
  type: word,
  side,
  selfTradePreventionMode: word,
});
const reported = fields(
  {
    e: fc.constant('"executionReport"'),
    E: whole,
    s: symbol,
    c: id,
    S: side,
    o: word,
    f: word,
    q: size,
    p: price,
    P: price,
    F: size,
    g: fc.constant("-1"),
    C: mostly(fc.constantFrom('""', '"mine-0"')),
    x: fc.constantFrom('"NEW"', '"TRADE"', '"EXPIRED"'),
    X: status,
    r: reason,
    i: whole,
    l: size,
    z: size,
    L: price,
    n: mostly(units, "null"),
    N: mostly(asset, "null"),
    T: whole,
    t: mostly(whole, "-1"),
    I: whole,
    w: fc.constantFrom("true", "false"),
    m: mostly(fc.constantFrom("true", "false"), "0"),
    M: fc.constant("false"),
    O: whole,
    Z: units,
    Y: units,
    Q: units,
    W: whole,
    V: word,
    eR: reason,
  },
  ["W", "eR"],
);
const positioned = fields({
  e: fc.constant('"outboundAccountPosition"'),
  E: whole,
  u: whole,
  B: fc
    .array(fields({ a: asset, f: units, l: units }).map(object), { minLength: 1, maxLength: 3 })
    .map((all) => `[${all.join(",")}]`),
});

/** As it is; or with one field more, less, twice or moved; or with one byte that is another. */
const damaged = (of: fc.Arbitrary<Field[]>) =>
  fc
    .tuple(of, fc.nat(9), fc.nat(200), fc.nat(600), fc.constantFrom(...'}]{[",:0 \\a'))
    .map(([all, how, at, byte, into]) => {
      const i = at % all.length;
      if (how === 0) return object(all.filter((_, at) => at !== i));
      if (how === 1) return object([...all.slice(0, i), ["zz", "1"], ...all.slice(i)]);
      if (how === 2) return object([...all, all[i] as Field]);
      if (how === 3) return object([...all.slice(i), ...all.slice(0, i)]);
      const whole = object(all);
      if (how === 4) return whole.slice(0, byte % whole.length) + into + whole.slice((byte % whole.length) + 1);
      return whole;
    });

const outcomeOf = (read: () => unknown) => {
  try {
    return read();
  } catch (error) {
    return `refused: ${(error as Error).name}`;
  }
};

function compare(kind: fc.Arbitrary<Field[]>, scan: (json: string) => unknown, parse: (json: string) => unknown): void {
  let scanned = 0;
  const runs = 3_000;
  fc.assert(
    fc.property(damaged(kind), (json) => {
      const found = scan(json);
      if (found === undefined) return;
      scanned++;
      expect(found).toEqual(outcomeOf(() => parse(json)));
    }),
    { numRuns: runs },
  );
  expect(scanned).toBeGreaterThan(runs / 10); // it is not the other reader that does it all
}

const answer = (read: ReadAnswer) => (json: string) =>
  tryReadOrder(Buffer.from(json), { read, asked }, newOrderScan())?.report;

test("what is scanned of the answer to a new order is what JSON.parse gives, whatever the venue sends", () => {
  compare(placed, answer(scanNewOrder), (json) => parseNewOrder(JSON.parse(json), instrument));
});

test("what is scanned of the answer to a cancel is what JSON.parse gives, whatever the venue sends", () => {
  compare(cancelled, answer(scanCancel), (json) => parseCancel(JSON.parse(json), instrument));
});

const message = (json: string) => Buffer.from(`{"subscriptionId":0,"event":${json}}`);

test("what is scanned of an execution report is what JSON.parse gives, whatever the venue sends", () => {
  const scan = newOrderScan();
  const read = (json: string) => {
    const data = message(json);
    const at = scanEnvelope(data);
    return at > 0 && tryScanReport(data, at, instruments, scan) ? scan.report : undefined;
  };
  compare(reported, read, (json) => parseExecutionReport(JSON.parse(json), instrument));
});

test("what is scanned of an account position is what JSON.parse gives, whatever the venue sends", () => {
  const read = (json: string) => {
    const data = message(json);
    const at = scanEnvelope(data);
    return at > 0 ? tryScanPosition(data, at, new Float64Array(2)) : undefined;
  };
  compare(positioned, read, (json) => parseAccountPosition(JSON.parse(json)));
});
