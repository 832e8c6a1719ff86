import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { EXIT } from "../../src/cli/exit.ts";
import { type ConfigKey, configKeys } from "../../src/config/keys.ts";
import { formatPath } from "../../src/config/path.ts";
import { PROFILES } from "../../src/config/profiles.ts";

const PAGE = readFileSync(
  fileURLToPath(new URL("../../../../apps/docs/guide/runtime/configuration.md", import.meta.url)),
  "utf8",
);

/** Rows of the table that begins with `header`, as cells. */
function tableAfter(header: string): readonly (readonly string[])[] {
  const lines = PAGE.split("\n");
  const first = lines.findIndex((line) => line.startsWith(`| ${header} |`));
  expect(first).toBeGreaterThan(-1);
  const rest = lines.slice(first + 2);
  return rest
    .slice(
      0,
      rest.findIndex((line) => !line.startsWith("|")),
    )
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
}

const code = (text: string) => `\`${text}\``;

function valuesOf({ choices, range, type, unit, mayBeZero }: ConfigKey): string {
  if (mayBeZero) return "0 or above";
  if (choices !== undefined) return choices.map(code).join(", ");
  if (range !== undefined) return range.map((bound) => bound.toLocaleString("en")).join(" to ");
  return { boolean: "`true`, `false`", text: unit === "" ? "text" : "above 0", json: "see below", number: "" }[type];
}

test("the table of the guide is the schema: every setting, its default, values, unit, variable and meaning", () => {
  expect(tableAfter("setting | default | values | unit | variable | meaning")).toEqual(
    configKeys().map((key) => [
      code(formatPath(key.path)),
      code(JSON.stringify(key.default)),
      valuesOf(key),
      key.unit,
      code(key.variable),
      key.description,
    ]),
  );
});

test("the table of profiles is what they change", () => {
  const of = (profile: "development" | "production", { path, default: fallback }: ConfigKey): unknown =>
    path.reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], PROFILES[profile]) ??
    fallback;
  const changed = configKeys().filter(
    (key) => of("development", key) !== key.default || of("production", key) !== key.default,
  );
  expect(tableAfter("setting | default | `development` | `production`")).toEqual(
    changed.map((key) => [
      code(formatPath(key.path)),
      code(JSON.stringify(key.default)),
      code(JSON.stringify(of("development", key))),
      code(JSON.stringify(of("production", key))),
    ]),
  );
});

test("the table of exit codes is the program's", () => {
  const codes = tableAfter("code | meaning").map(([first]) => Number(first));
  expect(codes).toEqual(Object.values(EXIT).sort());
});
