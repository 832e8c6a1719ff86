import { namesSecret } from "../config/secret-refs.ts";

const MASK = "[secret]";
const DEEPEST = 8;

/** What a log line may hold: it survives JSON. */
export type LogValue = string | number | boolean | null | readonly LogValue[] | { readonly [name: string]: LogValue };

/**
 * `value` as a log line may hold it, without secrets. Pure.
 *
 * Texts, names of fields and numbers go through `redact`, and what stands under a name that secrets have (`apiKey`, `password`) is masked
 * whatever it is. Errors become their name, code, message and causes; what JSON cannot hold becomes text; what is deeper than 8 levels, as a
 * circle is, is cut.
 */
export function withoutSecrets(value: unknown, redact: (text: string) => string, depth = 0): LogValue {
  switch (typeof value) {
    case "string":
      return redact(value);
    case "number":
    case "bigint": {
      const text = String(value);
      const redacted = redact(text);
      return redacted === text && Number.isFinite(value) ? (value as number) : redacted;
    }
    case "boolean":
      return value;
    case "object":
      break;
    default:
      return value === undefined ? null : `[${typeof value}]`;
  }
  if (value === null) return null;
  if (depth >= DEEPEST) return "[too deep]";
  const next = (part: unknown) => withoutSecrets(part, redact, depth + 1);
  if (value instanceof Error) return next(fieldsOf(value));
  if (Array.isArray(value)) return value.map(next);
  if (value instanceof Map) return next(Array.from(value));
  if (value instanceof Set) return next(Array.from(value));
  if ("toJSON" in value && typeof value.toJSON === "function") return next(value.toJSON());
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [redact(name), namesSecret(name) ? MASK : next(part)]),
  );
}

function fieldsOf(error: Error): Readonly<Record<string, unknown>> {
  const { name, message, cause } = error;
  const code = "code" in error ? { code: error.code } : {};
  return { name, ...code, message, ...(cause === undefined ? {} : { cause }) };
}
