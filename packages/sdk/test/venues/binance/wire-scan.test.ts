import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Instrument } from "../../../src/index.ts";
import { recordingDecoder, unscannable } from "../../support/decoded.ts";
import { testInstrument } from "../../support/instruments.ts";

type Field = readonly [name: string, json: string];

const text = (value: string) => JSON.stringify(value);

/** Decimal text of every length, and now and then one that no venue should send. */
const decimal = fc
  .oneof(
    { weight: 20, arbitrary: fc.tuple(fc.nat(99_999), fc.nat(99_999_999)).map(([a, b]) => `${a}.${b}`) },
    { weight: 60, arbitrary: fc.tuple(fc.nat(99_999), fc.nat(99)).map(([a, b]) => `${a}.${b}000000`) },
    {
      weight: 20,
      arbitrary: fc
        .tuple(fc.nat(9), fc.maxSafeNat(), fc.integer({ min: 6, max: 10 }), fc.maxSafeNat())
        .map(([a, whole, b, part]) => `${String(whole).slice(0, a)}.${String(part).padStart(b, "0").slice(0, b)}`),
    },
    { weight: 2, arbitrary: fc.maxSafeNat().map(String) },
    { weight: 2, arbitrary: fc.stringMatching(/^\d{1,20}(\.\d{1,14})?$/) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("0", "0.00000000", "00.10", "1.", ".5", "-1", "+1", "1e3", "", " 1", "1 ", "٣"),
    },
    { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
  )
  .map(text);

const whole = fc.oneof(
  { weight: 40, arbitrary: fc.maxSafeNat().map(String) },
  { weight: 40, arbitrary: fc.nat(2_000_000_000).map(String) },
  { weight: 1, arbitrary: fc.stringMatching(/^[1-9]\d{14,22}$/) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "-1",
      "-0",
      "0",
      "01",
      "1.0",
      "1e3",
      "1.5",
      "9007199254740991",
      "9007199254740992",
      "null",
      '"7"',
    ),
  },
);

const flag = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom("true", "false") },
  { weight: 1, arbitrary: fc.constantFrom("null", "1", "truE", "tru", '"true"') },
);
const word = fc
  .oneof(
    { weight: 60, arbitrary: fc.constantFrom("MARKET", "depthUpdate", "1m", "") },
    { weight: 1, arbitrary: fc.string({ maxLength: 5 }) },
  )
  .map(text);
const symbol = fc
  .oneof(
    { weight: 60, arbitrary: fc.constant("BTCUSDT") },
    { weight: 1, arbitrary: fc.constantFrom("ETHUSDT", "BTCUSD", "") },
  )
  .map(text);

/** Decimal text with as many digits behind the dot every time, as a venue writes it: what is read at one go once it has shown. */
const alike = (digits: number) =>
  fc.tuple(fc.nat(8), fc.maxSafeNat(), fc.maxSafeNat(), fc.nat(digits)).map(([wholes, whole, part, used]) => {
    const fraction = String(part)
      .padStart(16, "0")
      .slice(16 - used)
      .padEnd(digits, "0");
    return text(String(whole).slice(0, Math.max(1, wholes)) + (digits === 0 ? "" : `.${fraction}`));
  });
const levels = fc
  .oneof(
    fc.array(fc.tuple(decimal, decimal), { maxLength: 5 }),
    fc
      .tuple(fc.nat(9), fc.nat(9))
      .chain(([price, size]) =>
        fc.array(
          fc.oneof(
            { weight: 30, arbitrary: fc.tuple(alike(price), alike(size)) },
            { weight: 1, arbitrary: fc.tuple(decimal, decimal) },
          ),
          { maxLength: 12 },
        ),
      ),
  )
  .map((all) => `[${all.map(([p, q]) => `[${p},${q}]`).join(",")}]`);

const fields = (record: Record<string, fc.Arbitrary<string>>): fc.Arbitrary<Field[]> =>
  fc.record(record).map((all) => Object.entries(all));
const object = (all: readonly Field[]) => `{${all.map(([name, json]) => `${text(name)}:${json}`).join(",")}}`;

/** Changes that keep an object valid JSON, or nearly: fields leave, come twice, change places, or are new. */
const disturbed = (all: fc.Arbitrary<Field[]>): fc.Arbitrary<Field[]> =>
  fc.tuple(all, fc.nat(99), fc.nat(), fc.nat(), decimal, whole).map(([some, what, a, b, p, n]) => {
    const list = [...some];
    const at = a % list.length;
    const other = b % list.length;
    if (what < 70) return list;
    if (what < 76) list.splice(at, 1);
    else if (what < 82) list.splice(at, 0, [list[other]![0], what % 2 === 0 ? p : n]);
    else if (what < 90) [list[at], list[other]] = [list[other]!, list[at]!];
    else list.splice(at, 0, [["st", "zz", "__proto__", "constructor", "i", "rr", "b"][b % 7]!, what % 2 === 0 ? p : n]);
    return list;
  });

const depth = disturbed(
  fc
    .constantFrom<readonly string[]>(
      ["e", "E", "s", "U", "u", "b", "a"],
      ["e", "E", "T", "s", "U", "u", "pu", "b", "a"],
      ["e", "E", "T", "s", "ps", "st", "U", "u", "pu", "b", "a"],
    )
    .chain((names) => {
      const kinds: Record<string, fc.Arbitrary<string>> = {
        e: word,
        E: whole,
        T: whole,
        s: symbol,
        ps: word,
        st: whole,
        U: whole,
        u: whole,
        pu: whole,
        b: levels,
        a: levels,
      };
      return fields(Object.fromEntries(names.map((name) => [name, kinds[name]!])));
    }),
);
const quote = disturbed(
  fc
    .constantFrom<readonly string[]>(
      ["u", "s", "b", "B", "a", "A"],
      ["e", "u", "s", "b", "B", "a", "A", "T", "E"],
      ["u", "e", "s", "ps", "b", "B", "a", "A", "T", "E"],
    )
    .chain((names) => {
      const kinds: Record<string, fc.Arbitrary<string>> = {
        e: word,
        E: whole,
        T: whole,
        s: symbol,
        ps: word,
        u: whole,
        b: decimal,
        B: decimal,
        a: decimal,
        A: decimal,
      };
      return fields(Object.fromEntries(names.map((name) => [name, kinds[name]!])));
    }),
);
const trade = disturbed(
  fc
    .constantFrom<readonly string[]>(
      ["e", "E", "s", "t", "p", "q", "T", "m", "M"],
      ["e", "E", "s", "t", "p", "q", "b", "a", "T", "m", "M"],
      ["e", "E", "T", "s", "t", "p", "q", "X", "m"],
      ["e", "E", "a", "s", "p", "q", "f", "l", "T", "m"],
      ["e", "E", "s", "a", "p", "q", "nq", "f", "l", "T", "m", "M"],
    )
    .chain((names) => {
      const kinds: Record<string, fc.Arbitrary<string>> = {
        e: word,
        E: whole,
        T: whole,
        s: symbol,
        t: whole,
        a: whole,
        b: whole,
        f: whole,
        l: whole,
        p: decimal,
        q: decimal,
        nq: decimal,
        X: word,
        m: flag,
        M: flag,
      };
      return fields(Object.fromEntries(names.map((name) => [name, kinds[name]!])));
    }),
);
const kline = disturbed(
  fields({
    t: whole,
    T: whole,
    s: symbol,
    i: word,
    f: whole,
    L: whole,
    o: decimal,
    c: decimal,
    h: decimal,
    l: decimal,
    v: decimal,
    n: whole,
    x: flag,
    q: decimal,
    V: decimal,
    Q: decimal,
    B: decimal,
  }),
);
const bar = disturbed(fields({ e: word, E: whole, s: symbol, k: kline.map(object) }));

const streams = {
  "btcusdt@depth@100ms": depth,
  "btcusdt@bookTicker": quote,
  "btcusdt@trade": trade,
  "btcusdt@aggTrade": trade,
  "btcusdt@kline_1m": bar,
  "ethusdt@trade": trade,
  "!serverShutdown": quote,
};

/** A frame, its bytes as they come or with some of them changed. */
const frame = fc
  .constantFrom(...Object.entries(streams))
  .chain(([stream, data]) => fc.tuple(fc.constant(stream), data))
  .map(([stream, data]) => `{"stream":${text(stream)},"data":${object(data)}}`);

const damage = fc.oneof(
  { weight: 20, arbitrary: fc.constant((data: Buffer) => data) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(), fc.nat(255)).map(
      ([at, byte]) =>
        (data: Buffer) =>
          changed(data, at, byte),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(), fc.constantFrom(...Buffer.from('{}[]",:.0123456789 \\-eE'))).map(
      ([at, byte]) =>
        (data: Buffer) =>
          changed(data, at, byte),
    ),
  },
  { weight: 1, arbitrary: fc.nat().map((at) => (data: Buffer) => data.subarray(0, at % (data.length + 1))) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(), fc.constantFrom(" ", "\n", '"', "}", ",", "0", "\\", "\u00e9")).map(
      ([at, more]) =>
        (data: Buffer) =>
          Buffer.concat([
            data.subarray(0, at % (data.length + 1)),
            Buffer.from(more),
            data.subarray(at % (data.length + 1)),
          ]),
    ),
  },
);

function changed(data: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(data);
  copy[at % copy.length] = byte;
  return copy;
}

const scales = fc.constantFrom([2, 5], [2, 0], [8, 8], [1, 3], [12, 12], [3, 0], [0, 9]);

describe("the scanner beside JSON.parse", () => {
  test("gives the same call or the same error for any frame, whole or damaged", () => {
    let scanned = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(frame, damage), { minLength: 1, maxLength: 8 }),
        scales,
        (frames, [priceDecimals, sizeDecimals]) => {
          const instrument = testInstrument({ priceDecimals: priceDecimals!, sizeDecimals: sizeDecimals! });
          const ours = recordingDecoder([instrument], Object.keys(streams));
          const plain = recordingDecoder([instrument], []);
          for (const [valid, damaged] of frames) {
            const data = damaged(Buffer.from(valid));
            expect(ours.decode(data)).toEqual(plain.decode(unscannable(data)));
          }
          expect(plain.decoder.fallbacks).toBe(frames.length);
          scanned += frames.length - ours.decoder.fallbacks;
        },
      ),
      { numRuns: 2_000 },
    );
    expect(scanned).toBeGreaterThan(500); // or the property would compare JSON.parse with itself
  });

  test("gives the same for every prefix and every changed, left out or added byte of a good frame", () => {
    const good = [
      '{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":17,"T":1,"s":"BTCUSDT","U":1,"u":20,"pu":0,"b":[["61.25","0.5"],["7.001","1"]],"a":[]}}',
      '{"stream":"btcusdt@bookTicker","data":{"u":400900217,"s":"BTCUSDT","b":"25.35","B":"31.21","a":"25.36","A":"40.66"}}',
      '{"stream":"btcusdt@trade","data":{"e":"trade","E":12,"s":"BTCUSDT","t":12345,"p":"0.01","q":"100","T":11,"m":true,"M":true}}',
      '{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":9,"s":"BTCUSDT","k":{"t":1,"T":2,"s":"BTCUSDT","i":"1m","f":-1,"L":-1,"o":"1","c":"2","h":"3","l":"1.5","v":"10","n":0,"x":false,"q":"1.5","V":"5","Q":"1","B":"0"}}}',
    ].map((each) => Buffer.from(each));
    const ours = recordingDecoder([testInstrument()], Object.keys(streams));
    const plain = recordingDecoder([testInstrument()], []);
    const same = (data: Buffer) => expect(ours.decode(data)).toEqual(plain.decode(unscannable(data)));
    for (const data of good) {
      same(data);
      for (let at = 0; at < data.length; at++) {
        same(data.subarray(0, at));
        same(Buffer.concat([data.subarray(0, at), data.subarray(at + 1)]));
        for (const byte of Buffer.from('"\\{}[],:.0195-+ aeEbuspTx\n\x00\x7f\xff')) same(changed(data, at, byte));
        for (const more of ["0", "-", " ", '"', "}", "\\", ","]) {
          same(Buffer.concat([data.subarray(0, at), Buffer.from(more), data.subarray(at)]));
        }
      }
      for (const more of [" ", "\n", "}", "0", "\0"]) same(Buffer.concat([data, Buffer.from(more)]));
    }
  }, 120_000);
});

test("a field that comes twice counts as JSON.parse has it", () => {
  const ours = recordingDecoder([testInstrument()], Object.keys(streams));
  const plain = recordingDecoder([testInstrument()], []);
  const twice =
    '{"U":9,"E":17,"s":"BTCUSDT","U":1,"u":20,"b":[["1.001","1"],["1","1"]],"a":[],"b":[["1.001","2"]],"E":18}';
  const data = Buffer.from(`{"stream":"btcusdt@depth@100ms","data":${twice}}`);
  const calls = ours.decode(data);
  expect(calls).toEqual(plain.decode(unscannable(data)));
  expect(calls).toMatchObject([["depth", "binance:BTC/USDT", { firstSequence: 1, leftOut: 1, venueAtUs: 18_000 }]]);
});

describe("frames of the documented forms are scanned", () => {
  const btc = testInstrument();
  const perpetual: Instrument = testInstrument({
    id: "c:BTC/USD",
    venueSymbol: "BTCUSD_PERP",
    priceDecimals: 1,
    sizeDecimals: 0,
  });
  const cases = {
    "spot depth": [
      "btcusdt@depth@100ms",
      '{"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":50093239189,"u":50093239202,"b":[["61737.63000000","0.00000000"]],"a":[["61837.64000000","1.54698000"]]}',
    ],
    "spot depth without a level": [
      "btcusdt@depth",
      '{"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":1,"u":1,"b":[],"a":[]}',
    ],
    "spot depth with levels finer than its scales": [
      "btcusdt@depth",
      '{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":1,"b":[["1.001","2"],["1.25","25.42618900"]],"a":[]}',
    ],
    "USD-M depth": [
      "btcusdt@depth@0ms",
      '{"e":"depthUpdate","E":1721347022504,"T":1721347022504,"s":"BTCUSDT","U":4984028367545,"u":4984028370730,"pu":4984028367494,"b":[["1000.00","569.567"]],"a":[]}',
    ],
    "USD-M depth of 2026": [
      "btcusdt@depth",
      '{"e":"depthUpdate","E":123456789,"T":123456788,"s":"BTCUSDT","ps":"BTCUSDT","st":1,"U":157,"u":160,"pu":149,"b":[["0.24","10"]],"a":[["0.26","100"]]}',
    ],
    "COIN-M depth": [
      "btcusd_perp@depth@0ms",
      '{"e":"depthUpdate","E":1723161257440,"T":1723161257432,"s":"BTCUSD_PERP","ps":"BTCUSD","U":1007198631260,"u":1007198631565,"pu":1007198631198,"b":[["61773.6","1001"]],"a":[["61801.4","0"]]}',
    ],
    "spot bookTicker": [
      "btcusdt@bookTicker",
      '{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}',
    ],
    "USD-M bookTicker": [
      "btcusdt@bookTicker",
      '{"e":"bookTicker","u":4984028370881,"s":"BTCUSDT","b":"63943.90","B":"46.371","a":"63944.00","A":"0.095","T":1721347022507,"E":1721347022507}',
    ],
    "COIN-M bookTicker": [
      "btcusd_perp@bookTicker",
      '{"u":1007198632021,"e":"bookTicker","s":"BTCUSD_PERP","ps":"BTCUSD","b":"61804.7","B":"35","a":"61804.8","A":"1645","T":1723161257465,"E":1723161257476}',
    ],
    "spot trade": [
      "btcusdt@trade",
      '{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}',
    ],
    "spot trade of 2023, with order ids": [
      "btcusdt@trade",
      '{"e":"trade","E":1,"s":"BTCUSDT","t":2,"p":"61837.63","q":"0.02","b":88,"a":50,"T":1,"m":false,"M":true}',
    ],
    "USD-M trade": [
      "btcusdt@trade",
      '{"e":"trade","E":1721347022956,"T":1721347022956,"s":"BTCUSDT","t":5182005737,"p":"63943.90","q":"0.003","X":"MARKET","m":true}',
    ],
    "spot aggTrade": [
      "btcusdt@aggTrade",
      '{"e":"aggTrade","E":1633998523963,"s":"BTCUSDT","a":15683430,"p":"0.35000000","q":"58.00000000","f":19862790,"l":19862790,"T":1633998523963,"m":false,"M":true}',
    ],
    "USD-M aggTrade": [
      "btcusdt@aggTrade",
      '{"e":"aggTrade","E":1626992741575,"a":16599292,"s":"BTCUSDT","p":"1.01000","q":"10","f":23961322,"l":23961322,"T":1626992741421,"m":false}',
    ],
    kline: [
      "btcusdt@kline_1m",
      '{"e":"kline","E":1633998523963,"s":"BTCUSDT","k":{"t":1633998480000,"T":1633998539999,"s":"BTCUSDT","i":"1m","f":19862761,"L":19862790,"o":"0.35000000","c":"0.35000000","h":"0.35000000","l":"0.35000000","v":"25877.00000000","n":30,"x":false,"q":"9116.04600000","V":"58.00000000","Q":"20.46240000","B":"0"}}',
    ],
    "kline of an interval without a trade": [
      "btcusdt@kline_1s",
      '{"e":"kline","E":1,"s":"BTCUSDT","k":{"t":0,"T":999,"s":"BTCUSDT","i":"1s","f":-1,"L":-1,"o":"1","c":"1","h":"1","l":"1","v":"0","n":0,"x":true,"q":"0","V":"0","Q":"0","B":"0"}}',
    ],
  } as const;

  test.each(Object.entries(cases))("%s", (_, [stream, data]) => {
    const bytes = Buffer.from(`{"stream":"${stream}","data":${data}}`);
    const { decoder, decode } = recordingDecoder([btc, perpetual], [stream]);
    const calls = decode(bytes) as unknown[][];
    expect(decoder.fallbacks).toBe(0);
    expect(calls).toHaveLength(1);
    expect(decode(unscannable(bytes))).toEqual(calls);
    expect(decoder.fallbacks).toBe(1);
  });

  test("frames of any length, longer and shorter by turns", () => {
    const { decoder, decode } = recordingDecoder([btc], ["btcusdt@depth"]);
    const frameOf = (count: number) => {
      const levels = Array.from({ length: count }, (_, i) => `["${60_000 + i}.25000000","${i % 8}.12345000"]`);
      const data = `{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":1,"b":[${levels.join(",")}],"a":[["60000.26","1"]]}`;
      return Buffer.from(`{"stream":"btcusdt@depth","data":${data}}`);
    };
    const counts = [...Array(200).keys(), 20_000, 1, 100, 3_000, 0]; // some end just before and behind each power of two
    for (const count of counts) expect(decode(frameOf(count))).toEqual(decode(unscannable(frameOf(count))));
    expect(decoder.fallbacks).toBe(counts.length + 1); // the unscannable ones, and one of 600 KB
  });

  test.each([
    [2, 5, "1234567.89000000", "9999999.12345678"],
    [8, 8, "9999999.99999999", "0.00000001"],
    [0, 0, "9999999", "1234567.9"],
    [3, 4, "1.2", "12.34567"],
  ])(
    "levels of %i and %i decimals, up to the longest that are read at one go",
    (priceDecimals, sizeDecimals, price, size) => {
      const { decoder, decode } = recordingDecoder(
        [testInstrument({ priceDecimals, sizeDecimals })],
        ["btcusdt@depth"],
      );
      const data = `{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":1,"b":[["${price}","${size}"]],"a":[["${size}","${price}"]]}`;
      const bytes = Buffer.from(`{"stream":"btcusdt@depth","data":${data}}`);
      const calls = decode(bytes);
      expect(decoder.fallbacks).toBe(0);
      expect(decode(unscannable(bytes))).toEqual(calls);
    },
  );

  test("a stream that was not named is scanned from its second frame on", () => {
    const { decoder, decode } = recordingDecoder([btc], []);
    const bytes = Buffer.from(`{"stream":"btcusdt@trade","data":${cases["spot trade"][1]}}`);
    expect(decode(bytes)).toEqual(decode(bytes));
    expect(decoder.fallbacks).toBe(1);
  });

  test("a thousand streams are told apart", () => {
    const instruments = Array.from({ length: 500 }, (_, i) =>
      testInstrument({ id: `x:${i}`, venueSymbol: `A${i}USDT` }),
    );
    const streams = instruments.flatMap((_, i) => [`a${i}usdt@trade`, `a${i}usdt@bookTicker`]);
    const { decoder, decode } = recordingDecoder(instruments, streams);
    for (let i = 0; i < 500; i++) {
      const quote = `{"u":${i},"s":"A${i}USDT","b":"1","B":"1","a":"2","A":"1"}`;
      expect(decode(Buffer.from(`{"stream":"a${i}usdt@bookTicker","data":${quote}}`))).toMatchObject([
        ["quote", `x:${i}`, { sequence: i }],
      ]);
      const trade = `{"e":"trade","E":1,"s":"A${i}USDT","t":${i},"p":"1","q":"1","T":1,"m":true,"M":true}`;
      expect(decode(Buffer.from(`{"stream":"a${i}usdt@trade","data":${trade}}`))).toMatchObject([
        ["trade", `x:${i}`, { tradeId: i }],
      ]);
    }
    expect(decoder.fallbacks).toBe(0);
  });
});

test("a kline is a bar in ticks, lots and quote units", () => {
  const { decode } = recordingDecoder([testInstrument()], []);
  const k = {
    t: 1_633_998_480_000,
    T: 1_633_998_539_999,
    s: "BTCUSDT",
    i: "1m",
    f: 1,
    L: 2,
    o: "61.25",
    c: "61.27",
    h: "61.30",
    l: "61.2",
    v: "12.5",
    n: 30,
    x: true,
    q: "150000000000.00000001",
    V: "1",
    Q: "1",
    B: "0",
  };
  const bytes = Buffer.from(
    JSON.stringify({ stream: "btcusdt@kline_1m", data: { e: "kline", E: 1_633_998_540_001, s: "BTCUSDT", k } }),
  );
  expect(decode(bytes)).toEqual([
    [
      "bar",
      "binance:BTC/USDT",
      {
        interval: "1m",
        startUs: 1_633_998_480_000_000,
        openTicks: 6_125,
        highTicks: 6_130,
        lowTicks: 6_120,
        closeTicks: 6_127,
        volumeLots: 1_250_000,
        quoteVolume: "15000000000000000001",
        trades: 30,
        isClosed: true,
        venueAtUs: 1_633_998_540_001_000,
      },
    ],
  ]);
});

test.each(["1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"])(
  "kline_%s is a bar, of any time zone",
  (interval) => {
    const { decoder } = recordingDecoder([testInstrument()], []);
    for (const name of [`btcusdt@kline_${interval}`, `btcusdt@kline_${interval}@+08:00`]) {
      expect(decoder.route(name)).toMatchObject({ kind: "bar", interval });
    }
  },
);

test("streams that are no bars, diffs, quotes or trades are ignored by their name", () => {
  const { decoder, decode } = recordingDecoder([testInstrument()], []);
  for (const channel of [
    "kline_2m",
    "kline_1m@8",
    "depth5",
    "depth20@100ms",
    "ticker",
    "miniTicker",
    "avgPrice",
    "bookTickers",
  ]) {
    expect(decoder.route(`btcusdt@${channel}`).kind).toBe("other");
    expect(decode(Buffer.from(`{"stream":"btcusdt@${channel}","data":{}}`))).toEqual([
      ["ignored", "binance:BTC/USDT", `btcusdt@${channel}`],
    ]);
  }
  expect(decode(Buffer.from('{"stream":"!ticker@arr","data":[]}'))).toEqual([["ignored", undefined, "!ticker@arr"]]);
});
