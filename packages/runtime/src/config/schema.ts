import * as v from "valibot";
import { alertsSettings } from "../alerts/settings.ts";
import { BUSY_POLL } from "../busy-poll.ts";
import { INTENT_KINDS } from "../orders/kinds.ts";
import { DEFAULT_SIGNALS } from "../orders/signal.ts";
import { LONGEST_BUDGET_MS } from "../orders/terms.ts";
import { amount, choice, flag, whole } from "./pieces.ts";
import { PROFILE_NAMES } from "./profiles.ts";
import { VENUE_CHOICES } from "./venue-plan.ts";

/** Stages that the optimizer can be asked to make faster. */
const TUNED_STAGES = ["tickToOrder", "execution", "dispatch", "strategy"] as const;

/** Where the dashboard is unless the settings say otherwise. */
export const DEFAULT_DASHBOARD_PORT = 7070;

const DECIMAL = 'must be a decimal number as text, such as "2500.50"';

const decimalText = v.pipe(
  v.string(DECIMAL),
  v.regex(/^\d+(\.\d+)?$/, DECIMAL),
  v.regex(/^\d{1,20}(\.|$)/, "must have 20 digits before the point at most"),
  v.regex(/^\d+(\.\d{1,8})?$/, "must have 8 decimals at most"),
);

const decimal = v.pipe(
  decimalText,
  v.check((text) => /[1-9]/.test(text), "must be above zero"),
);

/** Decimal text, or 0 for no limit. */
const limit = (description: string, fallback: string) =>
  v.optional(
    v.pipe(
      decimalText,
      v.description(`${description}; 0 for no limit`),
      v.metadata({ unit: "quote units", mayBeZero: true }),
    ),
    fallback,
  );

/** Kept in hundredths of a basis point. */
const takerFee = v.pipe(
  v.number(),
  v.minValue(0),
  v.maxValue(1000),
  v.check((bps) => Math.abs(Math.round(bps * 100) - bps * 100) < 1e-6, "must have two decimals at most"),
);

const feeOf = (description: string) =>
  v.pipe(takerFee, v.description(description), v.metadata({ unit: "basis points", min: 0, max: 1000 }));

/** Limits of one instrument; each is that of all instruments when left out, but for the first two, which there is no other of. */
const instrumentLimits = v.strictObject({
  /** Largest order, in base units. */
  maxOrderSize: v.optional(decimal),
  /** Largest position, long or short, in base units. */
  maxPosition: v.optional(decimal),
  /** In quote units. */
  maxOrderNotional: v.optional(decimal),
  /** In quote units. */
  maxPositionNotional: v.optional(decimal),
  maxOpenOrders: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_000_000))),
  maxPriceDeviationBps: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(10_000))),
  maxDataAgeMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(86_400_000))),
});

const text = (description: string) => v.pipe(v.string(), v.description(description), v.metadata({ unit: "" }));

const budgets = v.strictObject({
  hookMs: v.optional(amount(0.01, 60_000, "ms", "longest one call of a plugin's hook may take"), 5),
  msPerSecond: v.optional(amount(0.1, 1000, "ms", "most of a second all hooks of a plugin may take"), 200),
  faults: v.optional(whole(1, 1_000_000, "faults", "hooks of a plugin that may throw before it is taken out"), 10),
  ordersPerMinute: v.optional(whole(1, 1_000_000, "orders", "most orders a plugin may want in a minute"), 6000),
  workerMemoryMb: v.optional(whole(16, 65_536, "MB", "largest heap of a plugin in a worker thread"), 256),
});

const strategy = v.strictObject({
  /** A path (`./my-strategy.ts`) or an npm package. */
  use: v.pipe(v.string(), v.nonEmpty("must name a file or a package")),
  /** Runs under this name in place of its own, so that one plugin can run several times. */
  name: v.optional(v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be kebab case, such as "slow-maker"'))),
  /** Settings by plugin name. */
  config: v.optional(v.record(v.string(), v.unknown()), {}),
  /** Runs in a worker thread. */
  worker: v.optional(v.boolean()),
  /** What happens to its orders when it is taken out. */
  onFault: v.optional(v.picklist(["hold", "cancel", "flatten"])),
  /** Narrows what it may do. */
  permissions: v.optional(
    v.strictObject({
      venues: v.optional(v.array(v.string())),
      instruments: v.optional(v.array(v.string())),
      orderKinds: v.optional(v.array(v.picklist(INTENT_KINDS))),
      maxNotional: v.optional(decimal),
      timers: v.optional(v.boolean()),
      network: v.optional(v.boolean()),
    }),
  ),
  /** Its own budgets, in place of `budgets`. */
  budgets: v.optional(v.partial(budgets)),
});

/** The one description of the settings: their types, defaults, ranges, units and meanings. All else about them is worked out from it. */
export const configSchema = v.strictObject({
  profile: v.optional(
    choice(PROFILE_NAMES, "settings that belong together; what is set elsewhere wins over them"),
    "none",
  ),
  seed: v.optional(
    whole(0, 0xffffffff, "", "seed of the embedded exchange's market and of the plugins' randomness"),
    1,
  ),
  strategies: v.optional(
    v.pipe(
      v.array(strategy),
      v.nonEmpty("needs at least one strategy"),
      v.description("what runs: a path or a package each, a name to run it under, and settings by plugin name"),
    ),
    [{ use: "@pitlane/plugin-strategies", config: {} }],
  ),
  venue: v.optional(
    v.strictObject({
      name: v.optional(
        choice(VENUE_CHOICES, "where orders go; any but `paper` needs keys and `venue.symbols`"),
        "paper",
      ),
      symbols: v.optional(
        v.pipe(
          v.array(v.pipe(v.string(), v.regex(/^[^:/\s]+\/[^:/\s]+$/, 'must be such as "BTC/USDT"'))),
          v.description("what is traded at the venue, such as `BTC/USDT`; the paper exchange has its own"),
          v.metadata({ unit: "" }),
        ),
        [],
      ),
      live: v.optional(flag("orders with real money may be sent, where the venue's orders are with real money"), false),
      apiKey: v.optional(text("the key of the venue's account, by `secret(NAME)`; `BINANCE_API_KEY` when empty"), ""),
      apiSecret: v.optional(text("its secret or private key; `BINANCE_API_SECRET` when empty"), ""),
      urls: v.optional(
        v.strictObject({
          rest: v.optional(text("address of the venue's calls in place of its own; all three or none"), ""),
          stream: v.optional(text("address of its market streams"), ""),
          wsApi: v.optional(text("address of its WebSocket API"), ""),
        }),
        {},
      ),
    }),
    {},
  ),
  risk: v.optional(
    v.strictObject({
      maxOrderNotional: v.optional(
        v.pipe(decimal, v.description("largest price x size of one order"), v.metadata({ unit: "quote units" })),
        "1000",
      ),
      maxPositionNotional: v.optional(
        v.pipe(
          decimal,
          v.description("largest value of a position if every open order on its side filled"),
          v.metadata({ unit: "quote units" }),
        ),
        "5000",
      ),
      maxOpenOrders: v.optional(whole(0, 1_000_000, "orders", "most orders that may be open; 0 for no limit"), 10_000),
      maxOpenOrdersPerInstrument: v.optional(
        whole(0, 1_000_000, "orders", "most orders that may be open of one instrument; 0 for no limit"),
        1_000,
      ),
      maxOrdersPerSecond: v.optional(
        whole(0, 1_000_000, "orders", "most orders that may be approved in any second; 0 for no limit"),
        10_000,
      ),
      maxOrdersPerMinute: v.optional(
        whole(0, 1_000_000, "orders", "most orders that may be approved in any minute; 0 for no limit"),
        300_000,
      ),
      maxPriceDeviationBps: v.optional(
        amount(0, 10_000, "basis points", "furthest that a price may be from the mid, on either side; 0 for no limit"),
        2_000,
      ),
      maxDataAgeMs: v.optional(
        whole(0, 86_400_000, "ms", "longest silence of a market that new orders may be sent to; 0 for no limit"),
        60_000,
      ),
      selfTrade: v.optional(
        choice(["deny", "allow"], "what happens to an order that would trade with one of our own"),
        "deny",
      ),
      maxGrossExposure: limit(
        "largest sum of all positions' values, long and short alike, in one quote asset",
        "500000",
      ),
      maxNetExposure: limit(
        "largest difference of the values of long and short positions in one quote asset",
        "500000",
      ),
      maxDrawdown: limit("largest fall of the profit in one quote asset below its highest value", "25000"),
      maxDailyLoss: limit("largest loss in one quote asset within a UTC day", "25000"),
      onBreach: v.optional(
        choice(["halt", "reduceOnly"], "what a drawdown or a day's loss above its limit does to all trading"),
        "halt",
      ),
      afterHalt: v.optional(
        choice(
          ["exit", "stay"],
          "whether a session that risk or an operator has halted closes, with exit code 4, or stays",
        ),
        "exit",
      ),
      checkBalances: v.optional(
        flag("an order that could spend more than is there is denied; for spot accounts"),
        true,
      ),
      feeBps: v.optional(amount(0, 1_000, "basis points", "fee that is put aside for a buy besides its cost"), 10),
      marketMarginBps: v.optional(
        amount(0, 10_000, "basis points", "how much more than the best ask a market buy is taken to pay"),
        100,
      ),
      instruments: v.optional(
        v.pipe(
          v.record(v.string(), instrumentLimits),
          v.description("limits by symbol, in place of those of all instruments"),
          v.metadata({ unit: "" }),
        ),
        {},
      ),
    }),
    {},
  ),
  orders: v.optional(
    v.strictObject({
      reconcileEveryMs: v.optional(
        whole(1000, 3_600_000, "ms", "how often open orders, fills and balances are compared with the venue's"),
        30_000,
      ),
    }),
    {},
  ),
  execution: v.optional(
    v.strictObject({
      minConfidence: v.optional(
        amount(0, 1, "", "least confidence of a signal that becomes an order"),
        DEFAULT_SIGNALS.minConfidence,
      ),
      maxLatencyMs: v.optional(
        amount(1, LONGEST_BUDGET_MS, "ms", "latency budget of signals: later they are dropped, or cancelled"),
        DEFAULT_SIGNALS.maxLatencyMs,
      ),
      maxSlippageBps: v.optional(
        whole(0, 10_000, "basis points", "how far beyond the quote a signal without a price may trade"),
        DEFAULT_SIGNALS.maxSlippageBps,
      ),
      queue: v.optional(
        whole(1, 1_000_000, "orders", "most orders without the venue's word; more are denied with `QUEUE_FULL`"),
        10_000,
      ),
      batch: v.optional(
        whole(1, 10_000, "orders", "most orders sent before the event loop turns, and most in one batch request"),
        100,
      ),
      concurrency: v.optional(
        whole(
          1,
          1000,
          "batches",
          "most batches under way at once; over HTTP new orders use three quarters of `connections` at most",
        ),
        8,
      ),
      queueTimeoutMs: v.optional(
        whole(1, 60_000, "ms", "longest an order waits for its turn to be sent; then it is dropped"),
        5000,
      ),
    }),
    {},
  ),
  router: v.optional(
    v.strictObject({
      weights: v.optional(
        v.pipe(
          v.strictObject({
            liquidity: v.optional(amount(0, 1, "", "weight of what a venue's book has, and at which price"), 0.4),
            latency: v.optional(amount(0, 1, "", "weight of how soon a venue answers"), 0.4),
            fee: v.optional(amount(0, 1, "", "weight of a venue's taker fee"), 0.2),
          }),
          v.check(
            ({ liquidity, latency, fee }) => liquidity > 0 || latency > 0 || fee > 0,
            "one weight must be above 0",
          ),
        ),
        {},
      ),
      takerFeeBps: v.optional(
        v.pipe(
          v.record(v.string(), takerFee),
          v.description("taker fee by venue"),
          v.metadata({ unit: "basis points" }),
        ),
        {},
      ),
      otherTakerFeeBps: v.optional(feeOf("taker fee of a venue that `takerFeeBps` does not name"), 10),
      minSplitSavingBps: v.optional(feeOf("what a split over several venues has to save to be made"), 1),
      maxQuoteAgeMs: v.optional(
        whole(1, 600_000, "ms", "age of a venue's quote from which nothing is routed there"),
        10_000,
      ),
    }),
    {},
  ),
  closeTimeoutMs: v.optional(whole(100, 60_000, "ms", "how long the close may wait for open orders to end"), 5000),
  bus: v.optional(
    v.strictObject({
      capacity: v.optional(whole(100, 1_000_000, "events", "most that may wait in one lane"), 10_000),
      batch: v.optional(whole(1, 100_000, "events", "most dispatched before the event loop turns"), 100),
      flushMs: v.optional(whole(1, 60_000, "ms", "longest an event of the low lane waits for its batch"), 100),
    }),
    {},
  ),
  journal: v.optional(
    v.strictObject({
      durability: v.optional(
        choice(["process", "disk"], "what a committed event survives: a killed process, or a power cut too"),
        "process",
      ),
      snapshotEvery: v.optional(whole(100, 100_000_000, "events", "events between two snapshots"), 10_000),
      retention: v.optional(
        v.pipe(
          v.strictObject({
            compressAfterDays: v.optional(whole(0, 36_500, "days", "age at which a run is compressed"), 7),
            archiveAfterDays: v.optional(whole(0, 36_500, "days", "age at which a run is moved to the archive"), 30),
            batch: v.optional(whole(1, 100_000, "rows", "rows moved in one step"), 1000),
            hour: v.optional(whole(0, 23, "hour of day", "when that is done, local time"), 2),
          }),
          v.forward(
            v.check(
              ({ compressAfterDays, archiveAfterDays }) => archiveAfterDays >= compressAfterDays,
              "must not be below compressAfterDays: a run is compressed first",
            ),
            ["archiveAfterDays"],
          ),
        ),
        {},
      ),
    }),
    {},
  ),
  budgets: v.optional(budgets, {}),
  alerts: v.optional(alertsSettings, {}),
  dashboard: v.optional(
    v.strictObject({
      enabled: v.optional(flag("a page that shows the session is served while it runs"), true),
      host: v.optional(text("address it is served at; any but loopback needs a `token`"), "127.0.0.1"),
      port: v.optional(
        whole(0, 65_535, "", "port it is served at; a free one for 0, and where the default is taken"),
        DEFAULT_DASHBOARD_PORT,
      ),
      token: v.optional(text("what opens it, a secret of 24 characters or more; made up and printed when empty"), ""),
    }),
    {},
  ),
  observers: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          /** A path (`./my-observer.ts`) or an npm package. */
          use: v.pipe(v.string(), v.nonEmpty("must name a file or a package")),
          config: v.optional(v.record(v.string(), v.unknown()), {}),
        }),
      ),
      v.description(
        "what watches the session from beside it, such as exporters: a path or a package each, and its settings",
      ),
      v.metadata({ unit: "" }),
    ),
    [],
  ),
  optimizer: v.optional(
    v.strictObject({
      enabled: v.optional(flag("knobs of the runtime and its plugins are tuned while the session trades"), false),
      stage: v.optional(choice(TUNED_STAGES, "stage whose latency is to come down"), "tickToOrder"),
      percentile: v.optional(whole(1, 99, "", "percentile of it"), 99),
      windowMs: v.optional(whole(100, 3_600_000, "ms", "length of a window that is measured"), 10_000),
      maxErrorRatio: v.optional(amount(0, 1, "", "share of orders with errors from which a trial is given up"), 0.01),
      maxRssMb: v.optional(whole(64, 1_000_000, "MiB", "memory of the process from which a trial is given up"), 512),
    }),
    {},
  ),
  log: v.optional(
    v.strictObject({
      file: v.optional(flag("what the session says is kept as JSON lines in `log.jsonl` beside its journal"), true),
      level: v.optional(choice(["debug", "info", "warn", "error"], "least level of a line that is kept"), "info"),
    }),
    {},
  ),
  debug: v.optional(flag("errors are shown with their stacks and causes"), false),
  profiling: v.optional(flag("a CPU profile of the session's first minute is written beside its journal"), false),
  caches: v.optional(flag("caches of plugins keep what they hold; without, each look-up is a load"), true),
  connections: v.optional(whole(1, 1000, "connections", "most open at once to one host of a venue"), 20),
  workers: v.optional(
    whole(0, 256, "threads", "threads of a backtest's sweep or walk-forward, no more than cores; 0: one a core"),
    0,
  ),
  busyPoll: v.optional(
    choice(
      BUSY_POLL,
      "when the trading process does not sleep, so that ticks are heard some tens of microseconds earlier, for a core that is always busy; `auto`: while 800 market events a second come, where there are two cores",
    ),
    "auto",
  ),
  orderTransport: v.optional(
    choice(["http", "websocket"], "how orders go to the venue: a call each, or all over one socket that stays open"),
    "http",
  ),
});

/** The settings of a session, every default filled in. */
export type Config = v.InferOutput<typeof configSchema>;
/** What a config file may say. */
export type ConfigInput = v.InferInput<typeof configSchema>;
