import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { nodeProblem, OLDEST_NODE } from "../lib/node-version.mjs";

test.each(["20.19.0", "20.19.1", "20.20.2", "22.0.0", "100.1.0"])("Node %s will do", (version) => {
  expect(nodeProblem(version)).toBeUndefined();
});

test.each(["20.18.9", "20.9.0", "18.20.8", "8.17.0"])(
  "Node %s is too old, and the line says what is needed",
  (version) => {
    expect(nodeProblem(version)).toContain(`needs Node ${OLDEST_NODE} or newer; this is Node ${version}`);
  },
);

test("asks for the Node that the manifest asks for", () => {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(OLDEST_NODE.startsWith(manifest.engines.node.replace(">=", ""))).toBe(true);
});
