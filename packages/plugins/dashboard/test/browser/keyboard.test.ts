import { describe, expect, test } from "vitest";
import { MISSING } from "./chromium.ts";
import { useHouse, visit } from "./house.ts";

describe.skipIf(MISSING !== "")(`the dashboard by keyboard${MISSING}`, () => {
  const house = useHouse();

  test("reaches every control in the order in which they stand, each with a visible focus and a name", async () => {
    const { page } = await visit(house);
    await page.getByRole("heading", { name: "Profit" }).waitFor();
    const seen: string[] = [];
    for (let tabs = 0; tabs < 40; tabs++) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const { activeElement: element } = document;
        if (element === null || element === document.body) return undefined;
        const label = element.getAttribute("aria-label") ?? (element as HTMLInputElement).labels?.[0]?.textContent;
        return { name: label ?? element.textContent ?? "", outline: getComputedStyle(element).outlineStyle };
      });
      if (at === undefined) break;
      expect(at.outline, at.name).toBe("solid");
      expect(at.name.trim()).not.toBe("");
      seen.push(at.name.trim());
    }
    const order = [
      "Skip to the view",
      "Auto-refresh",
      "Halt",
      "Flatten",
      "Light colours",
      "Overview",
      "Memory",
      "50 s",
    ];
    const places = order.map((name) =>
      seen.findIndex((text) => text.startsWith(name) || (text === "Dark colours" && name === "Light colours")),
    );
    expect(places).not.toContain(-1);
    expect([...places].sort((a, b) => a - b)).toEqual(places);
  });

  test("skips to the view, changes it, and moves a choice with the arrows", async () => {
    const { page } = await visit(house);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    await page.getByRole("link", { name: "Latency" }).focus();
    await page.keyboard.press("Enter");
    await page.locator('main[data-view="latency"]').waitFor();
    await page.getByRole("radio", { name: "50 s" }).focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.getByRole("radio", { name: "5 min", exact: true }).getAttribute("aria-checked")).toBe("true");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toMatch(/5\smin/);
  });

  test("holds the focus in a question and gives it back", async () => {
    const { page, session } = await visit(house);
    await page.getByRole("button", { name: "Halt" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    for (let tabs = 0; tabs < 6; tabs++) {
      await page.keyboard.press("Tab");
      const isInside = await page.evaluate(
        () => document.activeElement?.closest("dialog") !== null || document.activeElement === document.body,
      );
      expect(isInside).toBe(true);
    }
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    expect(session.acts).toEqual([]);
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent?.trim())).toBe("Halt");
  });
});
