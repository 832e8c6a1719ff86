import { InvalidInputError } from "@pitlane/perf";
import { check } from "../checks.ts";
import { type ChaosPlan, checkPlan, PLAN_OPTIONS } from "./chaos.ts";
import { checkFault, checkKind, FAULT_OPTIONS, type Option } from "./check.ts";
import type { Fault } from "./fault.ts";

/**
 * A fault, or a plan of them, from text: `kind:option=value,option=value`, or JSON. Options have the names they have in code. A value
 * cannot hold a comma; where it must, use JSON.
 *
 * @throws {InvalidInputError} Naming what is wrong and what is right.
 * @example
 * parseFault("error:route=POST /api/v3/order,status=503,count=2");
 * parseFault("chaos:seed=7,rate=20"); // a plan
 * parseFault('{"kind":"close","code":1008,"reason":"one, two"}');
 */
export function parseFault(text: string): Fault | ChaosPlan {
  check(typeof text === "string", "fault", "text such as delay:ms=100,count=3", text);
  if (text.trimStart().startsWith("{")) return checkFault(parseJson(text));
  const colon = text.indexOf(":");
  const kind = (colon < 0 ? text : text.slice(0, colon)).trim();
  const list = colon < 0 ? "" : text.slice(colon + 1);
  if (kind === "chaos") return checkPlan({ plan: "chaos", ...readValues(list, kind, PLAN_OPTIONS) });
  return checkFault({ kind, ...readValues(list, kind, FAULT_OPTIONS[checkKind(kind)]) });
}

/** The text that `parseFault` makes this fault of. @throws {InvalidInputError} When it is no fault; as `parseFault`. */
export function formatFault(fault: Fault): string {
  const { kind, ...options } = checkFault(fault);
  const values = Object.entries(options).map(([name, value]) => [name, String(value)] as const);
  if (values.some(([, text]) => text.includes(",") || text !== text.trim())) return JSON.stringify(fault);
  return values.length === 0 ? kind : `${kind}:${values.map((pair) => pair.join("=")).join(",")}`;
}

function readValues(list: string, kind: string, options: Readonly<Record<string, Option>>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const part of list.split(",")) {
    if (part.trim() === "") continue;
    const equals = part.indexOf("=");
    if (equals < 0) {
      throw new InvalidInputError(`fault "${kind}": "${part.trim()}" must be option=value, as in delay:ms=100,count=3`);
    }
    const name = part.slice(0, equals).trim();
    if (Object.hasOwn(values, name)) throw new InvalidInputError(`fault "${kind}": ${name} is given twice`);
    values[name] = readValue(part.slice(equals + 1).trim(), Object.hasOwn(options, name) ? options[name] : undefined);
  }
  return values;
}

// What cannot be read stays text, and the check that follows says what it should have been.
function readValue(text: string, option: Option | undefined): unknown {
  switch (option?.type) {
    case "number":
    case "integer":
      return toNumber(text);
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "choice":
      return option.of.some((choice) => typeof choice === "number") ? toNumber(text) : text;
    default:
      return text;
  }
}

function toNumber(text: string): number | string {
  const value = text === "" ? Number.NaN : Number(text);
  return Number.isNaN(value) ? text : value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidInputError(`fault must be kind:option=value,... or one JSON object; got ${text}`, { cause });
  }
}
