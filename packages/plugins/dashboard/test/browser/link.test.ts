import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { serve } from "../set-up.ts";
import { MISSING } from "./chromium.ts";
import { useHouse, visit } from "./house.ts";

describe.skipIf(MISSING !== "")(`the way to the dashboard${MISSING}`, () => {
  const house = useHouse();

  test("is closed to a wrong token and to none, and the token leaves the address", async () => {
    const { page, dashboard } = await visit(house);
    expect(page.url()).toBe(dashboard.url);
    const stranger = await house.browser().newContext();
    onTestFinished(() => stranger.close());
    const other = await stranger.newPage();
    for (const path of ["", `?token=${"x".repeat(43)}`, "api/session"]) {
      const answer = await other.goto(`${dashboard.url}${path}`);
      expect(answer?.status()).toBe(401);
      expect(await other.content()).not.toContain("fake0001");
    }
  });

  test("comes back by itself when the runtime is started anew, with the new run's figures", async () => {
    const project = mkdtempSync(join(tmpdir(), "pitlane-restart-"));
    onTestFinished(() => rmSync(project, { recursive: true, force: true }));
    const first = await visit(house, { project, runKey: "first" });
    const { page, dashboard } = first;
    await page.getByText("first", { exact: true }).waitFor();
    await dashboard.close();
    await page.getByText("Disconnected.").waitFor();
    const second = await serve({ project, runKey: "second", page: house.page(), settings: { port: dashboard.port } });
    onTestFinished(() => second.close());
    await page.getByText("second", { exact: true }).waitFor();
    await page.getByText("live", { exact: true }).waitFor();
    second.session.step();
    await page.locator('[aria-label="Profit over time in USDT"][data-points="121"]').waitFor();
    expect(await page.getByText("Disconnected.").count()).toBe(0);
  });

  test("says that the link is needed when the token is another one after a restart", async () => {
    const { page, dashboard } = await visit(house);
    await dashboard.close();
    const settings = { port: dashboard.port, token: "another-token-of-the-restarted-one" };
    const second = await serve({ page: house.page(), settings });
    onTestFinished(() => second.close());
    await page.getByText("Open the link that the terminal printed").waitFor();
    const other = await page.context().newPage();
    await other.goto(second.dashboard.link);
    await page.getByText("live", { exact: true }).waitFor(); // the cookie is the whole browser's
  });
});
