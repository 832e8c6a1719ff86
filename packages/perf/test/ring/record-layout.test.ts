import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { type Fields, type FieldType, recordLayout } from "../../src/ring/index.ts";

const VALUES: Readonly<Record<FieldType, fc.Arbitrary<number | bigint>>> = {
  f64: fc.double(),
  i64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  i32: fc.integer(),
  u32: fc.nat(0xffffffff),
  u16: fc.nat(0xffff),
  u8: fc.nat(0xff),
};
const types = fc.constantFrom(...(Object.keys(VALUES) as FieldType[]));

test("gives back every field of every record it was given, whatever the mixture of types", () => {
  const fields = fc.dictionary(fc.stringMatching(/^[a-z_]\w{0,5}$/), types, { minKeys: 1, maxKeys: 12 });
  const cases = fields
    .filter((fields) => !Object.hasOwn(fields, "__proto__"))
    .chain((fields) => {
      const record = fc.record(Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, VALUES[type]])));
      return fc.record({
        fields: fc.constant<Fields>(fields),
        records: fc.array(record, { minLength: 1, maxLength: 5 }),
      });
    });
  fc.assert(
    fc.property(cases, ({ fields, records }) => {
      const layout = recordLayout(fields);
      const codec = layout.createCodec(new SharedArrayBuffer(layout.byteLength * records.length));
      for (const [i, record] of records.entries())
        codec.write(i * layout.byteLength, record as ReturnType<typeof layout.createRecord>);
      const into = layout.createRecord();
      for (const [i, record] of records.entries()) {
        codec.read(i * layout.byteLength, into);
        expect({ ...into }).toEqual({ ...record });
      }
    }),
  );
});

test("starts records at zero and packs them into multiples of 8 bytes", () => {
  const layout = recordLayout({ side: "u8", atUs: "f64", cost: "i64", sizeLots: "i32", venue: "u16" });
  expect({ ...layout.createRecord() }).toEqual({ side: 0, atUs: 0, cost: 0n, sizeLots: 0, venue: 0 });
  expect(layout.byteLength).toBe(24);
});

test("has a fingerprint of names, types and order", () => {
  const { fingerprint } = recordLayout({ a: "f64", b: "i32" });
  expect(recordLayout({ a: "f64", b: "i32" }).fingerprint).toBe(fingerprint);
  const others: Fields[] = [
    { b: "i32", a: "f64" },
    { a: "f64", b: "u32" },
    { a: "f64", c: "i32" },
  ];
  for (const fields of others) expect(recordLayout(fields).fingerprint).not.toBe(fingerprint);
});

test("refuses what cannot be a field, before any code is made of it", () => {
  const wrong = [{}, { "a b": "f64" }, { "a=alert()": "f64" }, { "1a": "f64" }, { a: "f16" }, { a: "toString" }];
  for (const fields of wrong) expect(() => recordLayout(fields as Fields)).toThrow(InvalidInputError);
  expect(() => recordLayout(JSON.parse('{"__proto__":"f64"}') as Fields)).toThrow(InvalidInputError);
});
