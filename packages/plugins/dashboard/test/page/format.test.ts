import { expect, test } from "vitest";
import {
  bytes,
  decimal,
  duration,
  inUnit,
  money,
  percent,
  placesOf,
  short,
  span,
  utcTime,
  words,
} from "../../page/lib/format.ts";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

test("gives a duration the unit in which it reads best", () => {
  const texts = [0, 0.85, 12.34, 850, 1250, 990_000, 35_100_000, 200e6].map((us) => plain(duration(us)));
  expect(texts).toEqual(["0 µs", "850 ns", "12.3 µs", "850 µs", "1.25 ms", "990 ms", "35.1 s", "3 min 20 s"]);
});

test("gives a long time its two largest units", () => {
  expect([59_999, 200_000, 7_500_000, 90_000_000].map((ms) => plain(span(ms)))).toEqual([
    "59 s",
    "3 min 20 s",
    "2 h 5 min",
    "1 d 1 h",
  ]);
});

test("counts bytes in powers of 1,024", () => {
  expect([512, 1536, 134_217_728, 3_221_225_472].map((size) => plain(bytes(size)))).toEqual([
    "512 B",
    "1.50 KiB",
    "128 MiB",
    "3.00 GiB",
  ]);
});

test("keeps three digits of a figure", () => {
  expect([0, 7, 0.125, 12.34, 123.4, 12_345.6, -3.25678].map(short)).toEqual([
    "0",
    "7",
    "0.13",
    "12.3",
    "123",
    "12,346",
    "-3.26",
  ]);
  expect(plain(percent(0.0123))).toBe("1.23 %");
});

test("rounds decimal text without a float, half away from zero", () => {
  expect(decimal("1234567.895", 2)).toBe("1,234,567.90");
  expect(decimal("-0.005", 2)).toBe("−0.01");
  expect(decimal("-0.004", 2)).toBe("0.00");
  expect(decimal("12345678901234567890.123456789", 8)).toBe("12,345,678,901,234,567,890.12345679");
  expect(decimal("5", 0)).toBe("5");
  expect(decimal("not a number", 2)).toBe("not a number");
});

test("shows the sign of a profit, and none of nothing", () => {
  expect(money("12.3", "USDT")).toBe("+12.30 USDT");
  expect(money("-12.3", "USDT")).toBe("−12.30 USDT");
  expect(money("0.001", "USDT")).toBe("0.00 USDT");
});

test("tells how many decimals a step needs", () => {
  expect(["0.01", "1", "0.50", "100"].map(placesOf)).toEqual([2, 0, 1, 0]);
});

test("tells UTC to the microsecond", () => {
  expect(utcTime(Date.UTC(2026, 10, 21, 14, 3, 7, 123) * 1000 + 456)).toBe("2026-11-21 14:03:07.123456 UTC");
});

test("writes names as words and alerts in their unit", () => {
  expect(words("tickToOrder")).toBe("tick to order");
  expect(plain(inUnit(0.05, "s"))).toBe("50 ms");
  expect(plain(inUnit(0.9, "ratio"))).toBe("90 %");
  expect(plain(inUnit(512 * 1024 ** 2, "bytes"))).toBe("512 MiB");
  expect(plain(inUnit(5, "per minute"))).toBe("5 /min");
  expect(plain(inUnit(3, "events"))).toBe("3 events");
});
