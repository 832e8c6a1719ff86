import { InvalidInputError } from "@pitlane/perf";
import { Command } from "commander";
import { afterEach, expect, test } from "vitest";
import { addExchange } from "../../src/cli/commands/exchange.ts";
import { exitCodeOf } from "../../src/cli/exit.ts";
import { Output } from "../../src/cli/output.ts";

const stops: AbortController[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

/** Runs `pitlane exchange ARGS` in this process. */
function run(...args: string[]) {
  const stop = new AbortController();
  stops.push(stop);
  let out = "";
  let onWrite = () => {};
  const output = new Output({
    write: (text) => {
      out += text.replace(/\x1b\[[0-9;]*m/g, "");
      onWrite();
    },
  });
  const codes: number[] = [];
  const program = new Command("pitlane").exitOverride();
  addExchange(program, { cwd: ".", output, stop: stop.signal, end: (code) => codes.push(code) });
  const done = program.parseAsync(["exchange", ...args], { from: "user" });
  done.catch(() => {});
  const isUp = new Promise<string>((resolve) => {
    onWrite = () => {
      if (out.includes("stop with Ctrl-C")) resolve(out);
    };
  });
  return { done, isUp, stop, codes, help: () => program.commands[0]!.helpInformation() };
}

test("shows every region, account and planned fault, and where faults and ledger are", async () => {
  const { isUp, done, stop, codes } = run(
    ...["--regions", "eu;us:delayMs=5", "--accounts", "alice, bob", "--seed", "3"],
    ...["--fault", "error:status=503,route=GET /api/v3/ping,region=eu", "--fault", "chaos:rate=60,forMs=60000"],
  );
  const out = await isUp;
  const rest = [...out.matchAll(/^REST\s+(\S+)\/api\/v3$/gm)].map((match) => match[1]!);
  expect(out).toMatch(/region eu\nREST[\s\S]*region us\nREST/);
  expect(out).toMatch(/account alice\nAPI key\s+paperKeyalice\w+\n[\s\S]*account bob\n/);
  expect(out.match(/^fault {10}\w+:region=(eu|us),/gm)!.length).toBeGreaterThan(10);
  const listed = /faults, ledger (\S+) and (\S+)/.exec(out)!;
  // The planned faults begin by and by: one of them may be in the way for a moment.
  await expect.poll(() => statusOf(`${rest[0]}/api/v3/ping`)).toBe(503);
  await expect.poll(() => statusOf(`${rest[1]}/api/v3/ping`)).toBe(200);
  for (const path of [listed[1]!, listed[2]!]) await expect.poll(() => statusOf(path)).toBe(200);
  stop.abort();
  await done;
  expect(codes).toEqual([0]);
});

test("the same seed prints the same faults", async () => {
  const printed = async (seed: string) => {
    const { isUp, stop, done } = run("--seed", seed, "--fault", "chaos:rate=60,forMs=60000");
    const lines = (await isUp).match(/^fault {10}.*$/gm);
    stop.abort();
    await done;
    return lines;
  };
  const first = await printed("4");
  expect(await printed("4")).toEqual(first);
  expect(await printed("5")).not.toEqual(first);
});

test.each([
  [["--fault", "boom"], '--fault "boom": fault.kind must be one of delay, error'],
  [["--fault", "delay:ms=soon"], "fault.ms must be a number from 0 to 3600000, got soon"],
  [["--fault", "drop:region=mars"], "fault.region must be one of local"],
  [["--regions", "eu:speed=5"], '--regions "eu:speed=5": region "eu": "speed=5" must be delayMs, jitterMs or port'],
  [["--regions", "eu;eu"], "regions[1].name is another region's too"],
  [["--axiom", "here"], '--axiom must be a whole number from 1 to 65535; got "here"'],
  [["--accounts", "a,a"], "accounts[1].name is another account's too"],
])("%j ends with code 2, says what is wrong and what is right", async (args, text) => {
  const error = await run(...args).done.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InvalidInputError);
  expect(exitCodeOf(error)).toBe(2);
  expect((error as Error).message).toContain(text);
});

test("serves Axiom where it is asked for", async () => {
  const { isUp, stop, done } = run("--axiom");
  const out = await isUp;
  const rest = /Axiom\nREST\s+(\S+)\n/.exec(out)![1]!;
  expect(await statusOf(`${rest}/_paper/axiom/mails`)).toBe(200);
  stop.abort();
  await done;
});

async function statusOf(url: string): Promise<number> {
  const { status, body } = await fetch(url);
  await body?.cancel();
  return status;
}
