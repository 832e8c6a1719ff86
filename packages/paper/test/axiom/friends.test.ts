import { describe, expect, test } from "vitest";
import { setUp } from "./local-venue.ts";

const PAGE = { type: "pageUpdate", page: "meme", subpage: { pairAddress: "PAIR", extra: null }, chain: "sol" };

describe("the friends socket", () => {
  test("says dots back and answers pings, and nothing else is ever said", async () => {
    const local = await setUp();
    const socket = await local.connect("/friends/ws");
    socket.sendText(".");
    socket.send({ type: "ping" });
    for (const text of ["..", "no json", "[]", "7"]) socket.sendText(text);
    socket.send(PAGE);
    local.pass(5_000);
    await socket.settled();
    expect(socket.frames).toEqual([".", { type: "pong" }]);
    expect(socket.binary).toEqual([false, false]);
  });

  test("knows where its user is, by what was said last, for as long as it is open", async () => {
    const local = await setUp();
    const [first, second] = [await local.connect("/friends/ws"), await local.connect("/friends/ws")];
    expect(local.venue.presences).toEqual([]);
    first.send(PAGE);
    first.send({ ...PAGE, page: "other" });
    second.send({ ...PAGE, subpage: "no object" });
    await Promise.all([first.settled(), second.settled()]);
    const userId = local.venue.users.configured[0]?.id;
    expect(local.venue.presences).toEqual([
      { userId, page: "other", subpage: PAGE.subpage, chain: "sol" },
      { userId, page: "meme", subpage: {}, chain: "sol" },
    ]);
    first.send({ ...PAGE, page: 1 });
    first.send({ ...PAGE, chain: null });
    await first.settled();
    expect(local.venue.presences[0]?.page).toBe("other");
    for (const socket of [first, second]) socket.close();
    await Promise.all([first.closed, second.closed]);
    await expect.poll(() => local.venue.presences).toEqual([]);
    expect(local.venue.sockets).toBe(0);
  });
});

test("the eucalyptus socket of the BNB chain answers pings and has nothing to push", async () => {
  const local = await setUp();
  const socket = await local.connect("/eucalyptus-bnb/ws");
  socket.send({ method: "ping" });
  socket.send({ anything: 1 });
  local.pass(20_000);
  await socket.settled();
  expect(socket.frames).toEqual([{ method: "pong" }]);
});
