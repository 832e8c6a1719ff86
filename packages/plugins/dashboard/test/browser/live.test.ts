import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import type { UpdateTestResult } from "../../src/protocol.ts";
import { MISSING } from "./chromium.ts";
import { useHouse, visit } from "./house.ts";

const PASSED: UpdateTestResult = {
  updates: 10_000,
  perSecond: 350_000,
  elapsedMs: 28.6,
  p50Us: 2.1,
  p95Us: 6.3,
  p99Us: 21,
  maxUs: 240,
  passed: true,
  limitUs: 1000,
};

describe.skipIf(MISSING !== "")(`the dashboard of a running session${MISSING}`, () => {
  const house = useHouse();

  test("moves its charts and figures with each sample", async () => {
    const { page, session, complaints } = await visit(house);
    const chart = page.getByRole("img", { name: "Profit over time in USDT" });
    await page.locator('[aria-label="Profit over time in USDT"][data-points="120"]').waitFor();
    const pixels = () => chart.locator("canvas").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const before = await pixels();
    for (let seconds = 0; seconds < 3; seconds++) session.step();
    await page.locator('[aria-label="Profit over time in USDT"][data-points="123"]').waitFor();
    await expect.poll(pixels).not.toBe(before);
    expect(complaints).toEqual([]);
  });

  test("keeps its figures while refresh is off, says so, and catches up", async () => {
    const { page, session, show } = await visit(house);
    await show("Memory");
    const points = (count: number) =>
      page.locator(`[aria-label="CPU use over time"][data-points="${count}"]`).waitFor();
    await points(120);
    await page.getByRole("switch", { name: "Auto-refresh" }).click();
    await page.getByText("Refresh is off").waitFor();
    session.step();
    session.raise({ title: "what still comes" });
    await page.getByTitle("1 alerts are raised").waitFor(); // sent after the sample
    await points(120);
    await page.getByRole("button", { name: "Refresh again" }).click();
    await points(121);
    expect(await page.getByText("Refresh is off").count()).toBe(0);
  });

  test("shows the book and trades of the instrument that is chosen, as they change", async () => {
    const { page, session, show } = await visit(house);
    await show("Market");
    const trades = page.getByRole("region", { name: "Trades", exact: true });
    await trades.getByText("No trade since").waitFor();
    await expect.poll(() => session.listeners("paper:AAA/USDT")).toBe(1);
    session.step();
    await trades.getByText("▲ buy").waitFor();
    await page.locator("main").getByRole("combobox").selectOption("paper:BBB/USDT");
    await page.getByText("0.000 BBB").first().waitFor();
    await expect.poll(() => session.listeners("paper:BBB/USDT")).toBe(1);
    const price = page.getByRole("table", { name: "Order book" }).getByRole("cell").first();
    const before = await price.textContent();
    await expect
      .poll(async () => {
        session.step();
        return price.textContent();
      })
      .not.toBe(before);
  });

  test("raises an alert, lets it be acknowledged, and shows that it is over", async () => {
    const { page, session } = await visit(house);
    const alerts = page.getByRole("region", { name: "Alerts" });
    await alerts.getByText("None is raised.").waitFor();
    const alert = session.raise({ severity: "critical" });
    await alerts.getByText("61.2").waitFor();
    await alerts.getByRole("button", { name: "Acknowledge" }).click();
    await answer(page, "Acknowledge");
    await alerts.getByText("seen by dashboard").waitFor();
    expect(session.acts).toContainEqual({ action: "acknowledge", detail: { id: alert.id }, by: "dashboard" });
    session.raise({ ...alert, state: "resolved", resolvedAtUs: session.clock.nowUs() });
    await alerts.getByText("1 resolved").waitFor();
  });

  test("halts once it was asked and confirmed, with the reason, and offers to resume", async () => {
    const { page, session } = await visit(house);
    const halt = page.getByRole("button", { name: "Halt" });
    await halt.click();
    await page.getByRole("dialog", { name: "Halt trading" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await halt.click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    expect(session.acts).toEqual([]);

    await halt.click();
    await page.getByRole("dialog").getByRole("textbox").fill("a test said so");
    await answer(page, "Halt");
    await page.getByText("Trading is halted.").waitFor();
    expect(session.acts).toEqual([
      { action: "setTradingState", detail: { state: "halted", reason: "a test said so" }, by: "dashboard" },
    ]);
    session.step();
    await page.getByRole("banner").getByText("halted").waitFor();
    expect(await halt.isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Resume" }).click();
    await answer(page, "Resume");
    await page.getByText("Trading is active again.").waitFor();
    expect(session.trading.state).toBe("active");
  });

  test("flattens and pauses a plugin, each asked once", async () => {
    const { page, session, show } = await visit(house);
    await page.getByRole("button", { name: "Flatten" }).click();
    await answer(page, "Flatten everything");
    await page.getByText("Every position is closed.").waitFor();
    await show("Plugins");
    await page.getByRole("button", { name: "Pause trend" }).click();
    await answer(page, "Pause");
    await page.getByText("trend is paused.").waitFor();
    session.step();
    await page.getByRole("button", { name: "Resume trend" }).waitFor();
    expect(session.acts.map(({ action, by }) => `${action} by ${by}`)).toEqual([
      "flatten by dashboard",
      "pause by dashboard",
    ]);
  });

  test("runs the performance test and shows that it passed, or that it failed, with the figures", async () => {
    let result = PASSED;
    const { page, show } = await visit(house, { runtime: { updateTest: async () => result } });
    await show("Latency");
    const card = page.getByRole("region", { name: "Performance test" });
    await card.getByRole("button", { name: "Run 10,000 updates" }).click();
    await answer(page, "Run the test");
    await card.getByText("passed", { exact: true }).waitFor();
    expect(await card.textContent()).toMatch(/p956\.30\sµs/);
    result = { ...PASSED, p95Us: 1400, passed: false };
    await card.getByRole("button", { name: "Run 10,000 updates" }).click();
    await answer(page, "Run the test");
    await card.getByText("failed", { exact: true }).waitFor();
    expect(await card.textContent()).toMatch(/1\.40\smslimit 1\sms/);
  });

  test("says what went wrong when an action is refused", async () => {
    const refuse = async () => {
      throw new Error("out of order");
    };
    const { page, show } = await visit(house, { runtime: { updateTest: refuse } });
    await show("Latency");
    await page.getByRole("button", { name: "Run 10,000 updates" }).click();
    await answer(page, "Run the test");
    await page.getByRole("status").getByText("Run the performance test:").waitFor();
  });

  test("takes a CPU profile and draws it as a flame graph that the keyboard walks and zooms", async () => {
    const { page, show, session, complaints } = await visit(house);
    await show("Memory");
    await page.getByRole("button", { name: "Take a CPU profile" }).click();
    await page.getByRole("dialog").getByRole("combobox").selectOption("2");
    await answer(page, "Start profiling");
    const graph = page.getByRole("group", { name: "Flame graph" });
    await graph.getByRole("button", { name: "onQuote" }).waitFor();
    expect(session.acts[0]).toEqual({ action: "profile", detail: { kind: "cpu", durationMs: 2000 }, by: "dashboard" });
    await graph.getByRole("button").first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    const name = await page.evaluate(() => document.activeElement?.textContent);
    expect(name).toBe("onQuote");
    const width = () =>
      graph.getByRole("button", { name: "onQuote" }).evaluate((frame) => frame.getBoundingClientRect().width);
    const narrow = await width();
    await page.keyboard.press("Enter");
    await expect.poll(width).toBeGreaterThan(narrow);
    await page.getByRole("button", { name: "Whole profile" }).click();
    await expect.poll(width).toBe(narrow);
    const table = page.getByRole("region", { name: "Functions by their own time" });
    expect(await table.getByRole("row").nth(1).textContent()).toContain("onQuote");
    expect(complaints).toEqual([]);
  });

  test("finds rows of the journal and explains an order from its cause to its last report", async () => {
    const { page, session, show } = await visit(house);
    await show("Journal");
    const tail = page.getByRole("region", { name: "Tail" });
    // What was there before the page began to follow the journal's end is not in its tail.
    await expect
      .poll(() => {
        session.step();
        return tail.getByRole("link", { name: "pl-fake0001-0-" }).count();
      })
      .toBeGreaterThan(0);
    const search = page.getByRole("region", { name: "Search" });
    await search.getByLabel("Text").fill("pl-fake0001-0-1");
    await search.getByRole("button", { name: "Search" }).click();
    await search.getByText("filled, 500 lots filled").first().waitFor();
    await search.getByRole("link", { name: "pl-fake0001-0-1" }).first().click();
    const story = page.getByRole("region", { name: "Order pl-fake0001-0-1" });
    for (const phase of ["event it answers", "risk's verdicts", "the venue's report"])
      await story.getByText(phase).first().waitFor();
  });
});

/** Presses the button of the question that is open. */
async function answer(page: Page, act: string): Promise<void> {
  await page.getByRole("dialog").getByRole("button", { name: act, exact: true }).click();
}
