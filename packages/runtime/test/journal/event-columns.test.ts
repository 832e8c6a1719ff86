import fc from "fast-check";
import { expect, test } from "vitest";
import { ColumnTypes, flattenEvent, flattenUnknown, toColumn } from "../../src/journal/event-columns.ts";

test("an object's fields are columns of their own, under its name", () => {
  const event = {
    room: "t:P",
    pairAddress: "P",
    trade: { priceSol: 0.5, isBuy: true, moreColumns: [1, "x"], more: {} },
  };
  expect(flattenEvent(event)).toEqual([
    {
      room: "t:P",
      pair_address: "P",
      trade_price_sol: 0.5,
      trade_is_buy: true,
      trade_more_columns: '[1,"x"]',
      trade_more: "{}",
    },
  ]);
});

test("each of several rows is a row, with what they have in common and its place", () => {
  const rows = [{ tokenTicker: "A", link: null }, { tokenTicker: "B" }];
  expect(flattenEvent({ room: "new-trending:1h", rows })).toEqual([
    { room: "new-trending:1h", row: 0, row_token_ticker: "A" },
    { room: "new-trending:1h", row: 1, row_token_ticker: "B" },
  ]);
});

test("what is not known is one column of JSON", () => {
  const said = (content: unknown) => flattenUnknown({ room: "odd", content, receivedAtUs: 5 });
  for (const content of [{ a: [1], b: null }, [1, { a: null }], "7", 7, null])
    expect(said(content)).toEqual([{ room: "odd", received_at_us: 5, content: JSON.stringify(content) }]);
});

test("a column holds every value that was seen in it, whatever their types and order", () => {
  const cell = fc.oneof(fc.string(), fc.boolean(), fc.maxSafeInteger(), fc.double({ noNaN: true }));
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1 }), (cells) => {
      const types = new ColumnTypes();
      for (const value of cells) types.see({ value });
      const type = types.all.get("value")!;
      for (const value of cells) {
        const stored = toColumn(value, type);
        if (type === "STRING") expect(stored).toBe(String(value));
        else if (type === "INT64") expect(Number(stored) === value).toBe(true);
        else expect(stored).toBe(value);
      }
    }),
  );
});
