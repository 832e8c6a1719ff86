import { InvalidInputError, NetworkError } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { exitCodeOf } from "../../src/cli/exit.ts";
import { cut, Output, table } from "../../src/cli/output.ts";
import { parseDuration, parseSpeed, parseWhole } from "../../src/cli/parse.ts";
import { shortProfit, shortUs } from "../../src/cli/status-line.ts";
import { createRunId } from "../../src/run-id.ts";

test("durations take a number and a unit, and nothing else", () => {
  expect(["500ms", "20s", "1.5m", "24h"].map((text) => parseDuration("--duration", text))).toEqual([
    500, 20_000, 90_000, 86_400_000,
  ]);
  for (const text of ["", "20", "s", "-5s", "1e3s", "20 s", "0s", "721h", "5d"]) {
    expect(() => parseDuration("--duration", text)).toThrow("--duration must be a time from 1ms to 720h");
  }
});

test("numbers out of range are refused with the range", () => {
  expect(parseWhole("--port", "8080", 1, 65_535)).toBe(8080);
  for (const text of ["0", "65536", "80.5", "-1", "0x50", "abc"])
    expect(() => parseWhole("--port", text, 1, 65_535)).toThrow("--port must be a whole number from 1 to 65535");
  expect([parseSpeed("max"), parseSpeed("1"), parseSpeed("0.5")]).toEqual([0, 1, 0.5]);
  for (const text of ["0", "fast", "1001"]) expect(() => parseSpeed(text)).toThrow("--speed must be max or a number");
});

test("errors end the process with the code of the table", () => {
  expect(exitCodeOf(new InvalidInputError("bad"))).toBe(2);
  expect(exitCodeOf(new NetworkError("refused", { outcome: "unsent" }))).toBe(3);
  expect(exitCodeOf(new Error("bug"))).toBe(1);
});

test("a live line is drawn over on a terminal, cut to its width, and plain lines are written elsewhere", () => {
  const written: string[] = [];
  const terminal = new Output({ write: (text) => written.push(text), isTTY: true, columns: 11 });
  terminal.status("12345678901234");
  terminal.line("hello");
  terminal.endStatus();
  expect(written).toEqual(["1234567890", "\r\x1b[2K", "hello\n", "1234567890", "\r\x1b[2K"]);
  const piped: string[] = [];
  const pipe = new Output({ write: (text) => piped.push(text) });
  pipe.status("12345678901234");
  pipe.endStatus();
  expect(piped).toEqual(["12345678901234\n"]);
  expect(cut("\x1b[1mabc\x1b[22mdef", 4)).toBe("\x1b[1mabc\x1b[22md");
});

test("figures read as people write them", () => {
  expect(shortProfit({ USDT: "-0.00400000", BTC: "12.3456" })).toBe("0.00 USDT, +12.35 BTC");
  expect(shortProfit({ USDT: "-3.1" })).toBe("-3.10 USDT");
  expect([shortUs(87.4), shortUs(1234), shortUs(2_500_000)]).toEqual(["87 us", "1.23 ms", "2.50 s"]);
  expect(
    table([
      ["a", "1"],
      ["long", "100"],
    ]),
  ).toEqual(["a       1", "long  100"]);
});

test("a run is named by its start and a salt", () => {
  expect(createRunId(1_767_225_600_123_456, 0.5)).toEqual({ id: "20260101-000000-i000", key: "t85s00i000" });
});
