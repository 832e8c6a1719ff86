import { expect, test } from "vitest";
import { screenshots } from "../lib/screenshots.mjs";

const HOUSE = { root: "/nowhere", userFolder: "/nowhere", env: { CHROMIUM_PATH: "/nowhere/chromium" }, say: () => {} };

test.each([
  { args: [], says: /--out DIR/ },
  { args: ["--out", ""], says: /--out DIR/ },
  { args: ["--out", "shots", "--seconds", "soon"], says: /whole number from 1 to 3600, got "soon"/ },
  { args: ["--out", "shots", "--seconds", "0"], says: /whole number/ },
  { args: ["--out", "shots", "--colour"], says: /Usage: npm run screenshots/ },
])("pictures are not taken for $args, and the usage is said", async ({ args, says }) => {
  await expect(screenshots(HOUSE, args)).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(says) });
});

test("without a Chromium it says how to get one, before anything is installed or built", async () => {
  await expect(screenshots(HOUSE, ["--out", "shots"])).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(/apt-get install chromium/),
  });
});
