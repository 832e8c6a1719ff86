import * as v from "valibot";
import { flag, whole } from "../config/pieces.ts";
import { NO_DATA_MS, WARM_UP_MS } from "./evaluate.ts";

const KEBAB = /^[a-z][a-z0-9-]{0,63}$/;
const DAY_MS = 86_400_000;

const text = (what: string) => v.pipe(v.string(), v.nonEmpty(`must be ${what}`), v.maxLength(2000));
const number = v.pipe(v.number(), v.finite());
const forMs = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(DAY_MS));
const name = v.pipe(v.string(), v.regex(KEBAB, 'must be kebab case, such as "slow-venue"'));
const severity = v.picklist(["warning", "critical"]);

/** Changes of one level of a built-in rule: what is left out stays as it is. */
const levelChange = v.strictObject({
  /** In the signal's unit. */
  threshold: v.optional(number),
  /** How long it must hold. */
  forMs: v.optional(forMs),
  /** Where it is over. */
  clearAt: v.optional(number),
  /** False takes the level away. */
  enabled: v.optional(v.boolean()),
});

const ruleChange = v.strictObject({
  /** False switches the rule off; true switches one on that is off unless told. */
  enabled: v.optional(v.boolean()),
  warning: v.optional(levelChange),
  critical: v.optional(levelChange),
});

const level = v.strictObject({ threshold: number, forMs: v.optional(forMs), clearAt: v.optional(number) });

const ownRule = v.strictObject({
  name,
  /** Its name when left out. */
  title: v.optional(text("a title")),
  /** One of `pitlane alerts --signals`. */
  signal: text("the name of a signal"),
  bad: v.optional(v.picklist(["above", "below"]), "above"),
  warning: v.optional(level),
  critical: v.optional(level),
});

/** What goes to a sink: nothing below this severity. */
const least = v.optional(severity, "warning");

/** An address, or a secret that holds one. */
const url = v.pipe(
  v.string(),
  v.check(
    (address) => /^\$\{secret:[^}]+\}$/.test(address) || isHttpUrl(address.replace(/\$\{secret:[^}]+\}/g, "secret")),
    "must be an address that begins with https:// or http://",
  ),
);

const webhook = v.strictObject({
  url,
  /** Sent along, such as `authorization`. */
  headers: v.optional(v.record(v.string(), v.string()), {}),
  least,
});

const telegram = v.strictObject({
  botToken: text("the bot's token"),
  /** A number as text, or the name of a channel, such as `@desk`. */
  chatId: text("the chat's number or name"),
  /** Another server that speaks the same API. */
  baseUrl: v.optional(url, "https://api.telegram.org"),
  least,
});

const email = v.strictObject({
  host: text("the mail server's name"),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)), 587),
  /** `starttls` refuses to send over a connection that does not become encrypted; `none` is for servers on this machine. */
  encryption: v.optional(v.picklist(["tls", "starttls", "none"]), "starttls"),
  user: v.optional(v.string()),
  password: v.optional(v.string()),
  from: text("the sender's address"),
  to: v.pipe(v.array(text("an address")), v.nonEmpty("needs at least one address"), v.maxLength(50)),
  least,
});

/** The setting `alerts`. Secrets are named as everywhere: `"${secret:NAME}"`. */
export const alertsSettings = v.strictObject({
  enabled: v.optional(flag("whether the session looks for alerts"), true),
  rules: v.optional(
    v.pipe(
      v.record(v.string(), ruleChange),
      v.description("changes of the built-in rules by name: thresholds, durations, `enabled`"),
      v.metadata({ unit: "" }),
    ),
    {},
  ),
  add: v.optional(v.pipe(v.array(ownRule), v.description("rules besides the built-in ones")), []),
  groupMs: v.optional(
    whole(0, 600_000, "ms", "alerts that come within this time of the first go out in one message"),
    5000,
  ),
  repeatMs: v.optional(
    whole(0, 7 * DAY_MS, "ms", "how often an alert that nobody has acknowledged is told again; 0 for never"),
    3_600_000,
  ),
  noDataMs: v.optional(
    whole(1000, DAY_MS, "ms", "how long an alert stays raised while there is nothing to measure"),
    NO_DATA_MS,
  ),
  warmUpMs: v.optional(
    whole(0, 3_600_000, "ms", "age of a session from which on its latencies are looked at"),
    WARM_UP_MS,
  ),
  sinks: v.optional(
    v.strictObject({
      log: v.optional(flag("alerts are said on the terminal and in the log"), true),
      webhooks: v.optional(v.pipe(v.array(webhook), v.description("addresses that are sent JSON by POST")), []),
      telegram: v.optional(
        v.pipe(v.array(telegram), v.description("chats of Telegram, or of what speaks its API")),
        [],
      ),
      email: v.optional(v.pipe(v.array(email), v.description("mail servers, and who is written to")), []),
    }),
    {},
  ),
});

/** The settings of alerts, every default filled in. */
export type AlertsSettings = v.InferOutput<typeof alertsSettings>;
export type RuleChange = v.InferOutput<typeof ruleChange>;
export type LevelChange = v.InferOutput<typeof levelChange>;
export type OwnRule = v.InferOutput<typeof ownRule>;
export type WebhookSettings = v.InferOutput<typeof webhook>;
export type TelegramSettings = v.InferOutput<typeof telegram>;
export type EmailSettings = v.InferOutput<typeof email>;

function isHttpUrl(address: string): boolean {
  return URL.canParse(address) && ["http:", "https:"].includes(new URL(address).protocol);
}
