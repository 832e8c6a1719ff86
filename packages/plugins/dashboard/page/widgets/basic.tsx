import type { ComponentChildren } from "preact";
import { clockTime, dayTime, utcTime } from "../lib/format.ts";
import { Icon, type IconName } from "./icon.tsx";

/** A part of a view with a heading of its own. */
export function Card(props: {
  readonly title: string;
  readonly note?: ComponentChildren;
  readonly tools?: ComponentChildren;
  /** Columns of the view's grid of twelve that it takes; 12 when left out. */
  readonly span?: 3 | 4 | 5 | 6 | 7 | 8 | 12;
  /** It takes two rows of the grid. */
  readonly isTall?: boolean;
  readonly id?: string;
  readonly children: ComponentChildren;
}) {
  const { title, note, tools, span = 12, isTall = false, id, children } = props;
  return (
    <section
      class={`card span-${span}${isTall ? " tall" : ""}`}
      aria-label={title}
      {...(id === undefined ? {} : { id })}
    >
      <header class="card-head">
        <h2>{title}</h2>
        {note !== undefined && <span class="note">{note}</span>}
        {tools !== undefined && <div class="tools">{tools}</div>}
      </header>
      {children}
    </section>
  );
}

export type Tone = "good" | "warn" | "bad" | "idle" | "info";

const TONE_ICONS: Readonly<Record<Tone, IconName>> = {
  good: "check",
  warn: "warn",
  bad: "cross",
  idle: "dash",
  info: "info",
};

/** A word with a sign and a colour: the word alone says it as well. */
export function Badge({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return (
    <span class={`badge ${tone}`}>
      <Icon name={TONE_ICONS[tone]} />
      {children}
    </span>
  );
}

/** One figure with what it is. */
export function Stat(props: {
  readonly label: string;
  readonly value: ComponentChildren;
  readonly sub?: ComponentChildren;
  readonly tone?: Tone;
}) {
  const { label, value, sub, tone } = props;
  return (
    <div class={`stat${tone === undefined ? "" : ` ${tone}`}`}>
      <dt>{label}</dt>
      <dd>
        <span class="stat-value">{value}</span>
        {sub !== undefined && <span class="stat-sub">{sub}</span>}
      </dd>
    </div>
  );
}

/** Figures in a row. */
export function Stats({ children }: { readonly children: ComponentChildren }) {
  return <dl class="stats">{children}</dl>;
}

/** What stands where data will be. */
export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** A moment in the reader's zone; pointing at it gives it in UTC. */
export function Time({
  us,
  day = false,
  ms = false,
}: {
  readonly us: number;
  readonly day?: boolean;
  readonly ms?: boolean;
}) {
  return (
    <time dateTime={new Date(us / 1000).toISOString()} title={utcTime(us)}>
      {day ? dayTime(us) : clockTime(us, ms)}
    </time>
  );
}

/** How much of something is used, 0 to 1, as a bar beside its words. */
export function Meter(props: {
  readonly share: number;
  readonly label: string;
  /** It is a place, not a use: nothing is wrong near its end. */
  readonly isPlace?: boolean;
  readonly children: ComponentChildren;
}) {
  const { share, label, isPlace = false, children } = props;
  const tone = isPlace || share < 0.9 ? "good" : share < 1 ? "warn" : "bad";
  const now = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <div class={`meter ${tone}`}>
      {/* biome-ignore lint/a11y/useSemanticElements: browsers draw their own <meter> in ways that no stylesheet can make alike. */}
      <div
        class="meter-track"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={now}
      >
        <div class="meter-fill" style={{ width: `${now}%` }} />
      </div>
      <span class="meter-text">{children}</span>
    </div>
  );
}

/** One choice of a few, side by side; arrow keys move it. */
export function Segmented<T extends string>(props: {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [T, string])[];
  readonly onPick: (value: T) => void;
}) {
  const { label, value, options, onPick } = props;
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" || event.key === "ArrowDown" ? 1 : 0;
    const back = event.key === "ArrowLeft" || event.key === "ArrowUp" ? 1 : 0;
    if (step === back) return;
    event.preventDefault();
    const at = options.findIndex(([option]) => option === value);
    const next = (at + step - back + options.length) % options.length;
    onPick(options[next]![0]);
    const group = event.currentTarget as HTMLElement;
    group.querySelectorAll("button")[next]?.focus();
  };
  return (
    <div class="segmented" role="radiogroup" aria-label={label} onKeyDown={move}>
      {options.map(([option, text]) => (
        // biome-ignore lint/a11y/useSemanticElements: a radio input cannot be drawn as a segment without hiding it from the eye.
        <button
          type="button"
          role="radio"
          key={option}
          aria-checked={option === value}
          tabIndex={option === value ? 0 : -1}
          onClick={() => onPick(option)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}

/** A column of a table. */
export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Figures stand at the right. */
  readonly isFigure?: boolean;
  /** Left out on a phone, where another column says enough. */
  readonly isExtra?: boolean;
  /** What the column's head stands for, when pointed at. */
  readonly title?: string;
  /** The column can order the rows: how it does now, and what its head does when pressed. */
  readonly order?: { readonly now: "ascending" | "descending" | "none"; readonly press: () => void };
}

/** A table that scrolls in itself when it is too wide. */
export function Table<Row>(props: {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string | number;
  readonly empty: string;
  /** On a phone each row is a block, its cells beneath each other with their heads. */
  readonly isStacked?: boolean;
}) {
  const { label, columns, rows, rowKey, empty, isStacked = false } = props;
  if (rows.length === 0) return <Empty>{empty}</Empty>;
  const classOf = ({ isFigure, isExtra }: Column<Row>) =>
    [isFigure === true ? "figure" : "", isExtra === true ? "extra" : ""].filter((name) => name !== "").join(" ");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
    <section class={`table-box${isStacked ? " stacked" : ""}`} tabIndex={0} aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                scope="col"
                key={column.head}
                class={classOf(column)}
                title={column.title}
                aria-sort={column.order?.now}
              >
                {column.order === undefined ? column.head : <OrderButton head={column.head} order={column.order} />}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td key={column.head} class={classOf(column)} data-head={column.head}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function OrderButton({ head, order }: { readonly head: string; readonly order: NonNullable<Column<never>["order"]> }) {
  return (
    <button type="button" class="plain order" onClick={order.press}>
      {head}
      <span aria-hidden="true">{{ ascending: "▲", descending: "▼", none: "" }[order.now]}</span>
    </button>
  );
}
