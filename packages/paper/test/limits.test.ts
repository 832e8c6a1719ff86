import { expect, test } from "vitest";
import { failure, setUp } from "./faults/set-up.ts";

test("an address that goes on after 429 is banned, for longer each time, and let in again", async () => {
  const { rest, pass, nowMs } = await setUp({
    limits: { requestWeightPerMinute: 2, refusalsBeforeBan: 2, firstBanMs: 60_000, longestBanMs: 150_000 },
  });
  const statuses = async (count: number) => {
    const found: number[] = [];
    for (let i = 0; i < count; i++) found.push((await rest.get("ping")).status);
    return found;
  };
  expect(await statuses(6)).toEqual([200, 200, 429, 429, 418, 418]);
  const banned = await rest.get("ping");
  expect(banned.headers.get("retry-after")).toBe("60");
  expect(banned.body.msg).toContain(`IP banned until ${nowMs() + 60_000}.`);
  const waits: string[] = [];
  for (let i = 0; i < 3; i++) {
    await pass(60_000 * 2 ** Math.min(i, 1) + (i === 2 ? 30_000 : 0));
    expect(await statuses(5)).toEqual([200, 200, 429, 429, 418]);
    waits.push((await rest.get("ping")).headers.get("retry-after")!);
  }
  expect(waits).toEqual(["120", "150", "150"]);
});

test("requests over HTTP are counted by 5 minutes, whatever they weigh", async () => {
  const { rest, pass } = await setUp({ limits: { rawRequestsPer5Minutes: 3 } });
  for (let i = 0; i < 3; i++) expect((await rest.send("GET", "/api/v3/nothing")).status).toBe(404);
  expect(await rest.get("ping")).toMatchObject({ status: 429, body: { code: -1003 } });
  await pass(300_000);
  expect((await rest.get("ping")).status).toBe(200);
});

test("connections are counted by 5 minutes, for streams and API apart", async () => {
  const { open, pass } = await setUp({ limits: { connectionsPer5Minutes: 2 } });
  await open("/ws");
  await open("/stream");
  expect((await failure(open("/ws"))).message).toContain("429");
  await open("/ws-api/v3");
  await pass(300_000);
  await open("/ws");
});
