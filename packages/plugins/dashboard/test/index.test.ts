import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import observer, { openDashboard } from "../src/index.ts";
import { createFakeSession, type FakeSession } from "./fake-session.ts";
import { ask } from "./set-up.ts";

const sessions: FakeSession[] = [];

function setUp() {
  const session = createFakeSession();
  sessions.push(session);
  return session;
}

afterEach(() => {
  for (const session of sessions.splice(0)) session.close();
});

test("the package is an observer whose lines have the link", async () => {
  const session = setUp();
  expect(observer).toMatchObject({ kind: "observer", name: "dashboard" });
  const open = await observer.open(session, { host: "127.0.0.1", port: 0, names: [] });
  const token = readFileSync(join(session.project, ".pitlane", "dashboard-token"), "utf8").trim();
  expect(open.lines?.[0]).toMatch(new RegExp(`^dashboard {2}http://127\\.0\\.0\\.1:\\d+/\\?token=${token}$`));
  await open.close();
});

test("the link of a project stays, and a token of the settings wins over it", async () => {
  const session = setUp();
  const first = await openDashboard(session, { port: 0 });
  await first.close();
  const { port } = first;
  const second = await openDashboard(session, { port });
  expect(second.link).toBe(first.link);
  await second.close();
  const chosen = await openDashboard(session, { port, token: "a-token-of-the-settings-0001" });
  expect((await ask(chosen, `/?token=a-token-of-the-settings-0001`)).status).toBe(303);
  expect((await ask(chosen, first.link.slice(first.url.length - 1))).status).toBe(401);
  await chosen.close();
});

test("while the usual port is taken it gets a free one, and says so", async () => {
  const session = setUp();
  await vi.waitFor(async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => {
      taken.once("error", () => resolve()); // somebody else has it: as good, unless they leave it just now
      taken.listen(7070, "127.0.0.1", resolve);
    });
    const dashboard = await openDashboard(session);
    await dashboard.close();
    taken.close();
    expect(dashboard.port).not.toBe(7070);
    expect(dashboard.lines).toContain(`dashboard  port 7070 is taken: it is at ${dashboard.port}`);
  });
});

test("settings that are wrong are refused before anything listens", async () => {
  const session = setUp();
  await expect(openDashboard(session, { token: "short" })).rejects.toThrow("at least 24 characters");
  await expect(openDashboard(session, { token: "with spaces, which no link has" })).rejects.toThrow("letters, digits");
  await expect(openDashboard(session, { port: 70_000 })).rejects.toThrow();
  await expect(openDashboard(session, { host: "10.0.0.5" })).rejects.toThrow('set "token"');
  await expect(openDashboard(session, { host: "203.0.113.7", port: 0, token: "x".repeat(24) })).rejects.toThrow(
    "cannot listen at 203.0.113.7:0",
  );
});
