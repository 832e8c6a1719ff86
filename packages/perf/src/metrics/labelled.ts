import { InvalidInputError } from "../errors.ts";

/** The labels of one series by name, frozen. */
export type Labels = Readonly<Record<string, string>>;

/** One instrument and the labels it counts under. */
export interface Series<M> {
  readonly labels: Labels;
  readonly instrument: M;
}

const OVERFLOW_LABELS: Labels = Object.freeze({ overflow: "true" });

/** How a labelled metric is made; the registry fills this in. */
export interface LabelledParts<L extends string, M> {
  readonly name: string;
  readonly labelNames: readonly L[];
  /** Most series held, the one for the overflow not counted. */
  readonly maxSeries: number;
  readonly create: () => M;
  /** Called at the first label set too many, and not again. */
  readonly onOverflow: (metric: string) => void;
}

/**
 * A metric with one series for each set of label values.
 *
 * `labels` looks a series up once; keep what it returns and use that on the hot path. At most `maxSeries` sets are held:
 * every further set shares one series with the single label `overflow="true"`, so that labels taken from outside cannot
 * fill the memory and no event goes uncounted.
 *
 * @example
 * const orders = registry.counter("orders_total", { help: "Orders sent.", labels: ["venue"] });
 * const onBinance = orders.labels({ venue: "binance" });
 * onBinance.inc();
 */
export class LabelledMetric<L extends string, M> {
  readonly #parts: LabelledParts<L, M>;
  readonly #byValues = new Map<string, M>();
  readonly #series: Series<M>[] = [];
  #overflow: Series<M> | undefined;
  #overflowed = 0;

  constructor(parts: LabelledParts<L, M>) {
    this.#parts = parts;
  }

  /**
   * The instrument that counts under these label values, always the same one for the same values.
   *
   * @throws {InvalidInputError} When a label is missing, unknown or not text.
   */
  labels(values: Readonly<Record<L, string>>): M {
    const { name, labelNames, maxSeries, create, onOverflow } = this.#parts;
    const given = labelNames.map((label) => values[label]);
    if (given.some((value) => typeof value !== "string") || Object.keys(values).length !== labelNames.length)
      throw new InvalidInputError(
        `${name} takes text for exactly the labels ${labelNames.join(", ")}, got ${JSON.stringify(values)}`,
      );
    const key = JSON.stringify(given); // unlike a join, tells ["a,b"] from ["a", "b"]
    const known = this.#byValues.get(key);
    if (known !== undefined) return known;
    if (this.#series.length === maxSeries) {
      this.#overflowed++;
      if (this.#overflow === undefined) {
        this.#overflow = { labels: OVERFLOW_LABELS, instrument: create() };
        onOverflow(name);
      }
      return this.#overflow.instrument;
    }
    const instrument = create();
    const labels = Object.freeze(Object.fromEntries(labelNames.map((label, i) => [label, given[i] as string])));
    this.#series.push({ labels, instrument });
    this.#byValues.set(key, instrument);
    return instrument;
  }

  /** Calls of `labels` that were answered with the overflow series. A set asked for twice counts twice: sets are not kept. */
  get overflowed(): number {
    return this.#overflowed;
  }

  /** All series in the order they were first asked for, the overflow series last. */
  get series(): readonly Series<M>[] {
    return this.#overflow === undefined ? this.#series : [...this.#series, this.#overflow];
  }
}
