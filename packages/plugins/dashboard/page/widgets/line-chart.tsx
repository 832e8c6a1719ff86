import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { useApp } from "../lib/context.ts";
import { clockTime, NONE } from "../lib/format.ts";
import { useStore } from "../lib/store.ts";
import { Empty } from "./basic.tsx";

/** A custom property of the stylesheet with a colour of the palette. */
export type ChartColor = "sky" | "orange" | "green" | "purple" | "yellow" | "vermillion" | "blue";

export type Stroke = "solid" | "dashed" | "dotted";

export interface Series {
  readonly label: string;
  /** One for each x; null where there is none. */
  readonly values: readonly (number | null)[];
  readonly color: ChartColor;
  /** Lines differ in more than colour. */
  readonly stroke?: Stroke;
}

export interface LineChartProps {
  readonly label: string;
  /** Of the vertical axis, such as `latency`. */
  readonly axis: string;
  /** Seconds since the epoch, rising. */
  readonly xs: readonly number[];
  readonly series: readonly Series[];
  /** A value with its unit. */
  readonly format: (value: number) => string;
  /** Seconds that are shown, up to the last x. */
  readonly seconds: number;
  readonly scale?: "linear" | "log";
  /** The axis starts at 0; default for linear scales. */
  readonly isFromZero?: boolean;
  /** Pixels. */
  readonly height?: number;
  /** A line across, such as a target. */
  readonly mark?: { readonly value: number; readonly label: string };
}

const DASHES: Readonly<Record<Stroke, number[]>> = { solid: [], dashed: [7, 4], dotted: [2, 3] };

/** Lines over time. Beneath it the same as figures, which is the chart's text and its legend: what is now, or under the pointer. */
export function LineChart(props: LineChartProps) {
  const { label, xs, series, format, seconds } = props;
  const [cursor, setCursor] = useState<number | null>(null);
  const first = xs.findIndex((x) => x > (xs.at(-1) ?? 0) - seconds);
  const shown = series.map((line) => ({ ...line, seen: present(line.values.slice(Math.max(0, first))) }));
  if (xs.length === 0) return <Empty>No data yet: the first sample comes a second after the session's start.</Empty>;
  const at = cursor !== null && cursor < xs.length ? cursor : xs.length - 1;
  return (
    <figure class="chart">
      <Plot {...props} onCursor={setCursor} />
      <figcaption>
        <table class="legend">
          <caption class="visually-hidden">{label}</caption>
          <thead>
            <tr>
              <th scope="col">{cursor === null ? "" : clockTime(xs[at]! * 1e6)}</th>
              <th scope="col" class="figure">
                {cursor === null ? "last" : "there"}
              </th>
              <th scope="col" class="figure">
                least
              </th>
              <th scope="col" class="figure">
                most
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ label: name, values, seen, color, stroke = "solid" }) => (
              <tr key={name}>
                <th scope="row">
                  <LineSign color={color} stroke={stroke} />
                  {name}
                </th>
                <td class="figure strong">{text(values[at] ?? null, format)}</td>
                <td class="figure">{text(seen.length === 0 ? null : Math.min(...seen), format)}</td>
                <td class="figure">{text(seen.length === 0 ? null : Math.max(...seen), format)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </figcaption>
    </figure>
  );
}

/** A piece of a line as the chart draws it. */
function LineSign({ color, stroke }: { readonly color: ChartColor; readonly stroke: Stroke }) {
  return (
    <svg class={`line-sign ${color}`} viewBox="0 0 22 6" width="22" height="6" aria-hidden="true">
      <line x1="0" y1="3" x2="22" y2="3" stroke-dasharray={DASHES[stroke].join(" ")} />
    </svg>
  );
}

function Plot(props: LineChartProps & { readonly onCursor: (index: number | null) => void }) {
  const { label, xs, series, seconds, height = 190, onCursor, mark } = props;
  const { theme } = useApp();
  const colours = useStore(theme);
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  // A plot keeps its series: other ones need another plot.
  const shape = series.map(({ label, color, stroke }) => `${label} ${color} ${stroke}`).join();

  const data = useMemo(() => {
    const marks = mark === undefined ? [] : [xs.map(() => mark.value)];
    return [xs, ...series.map(({ values }) => values), ...marks] as uPlot.AlignedData;
  }, [xs, series, mark]);

  // Only another look needs another plot; its data is set below.
  useEffect(() => {
    const element = box.current!;
    const options = optionsOf(latest, element, onCursor);
    const made = new uPlot({ ...options, width: Math.max(160, element.clientWidth), height }, data, element);
    plot.current = made;
    const observer = new ResizeObserver(() => {
      const width = element.clientWidth;
      if (width > 0 && width !== made.width) made.setSize({ width, height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [colours, shape, height, props.scale, mark === undefined]);

  // Another span changes what of the data is shown.
  useEffect(() => plot.current?.setData(data), [data, seconds]);

  // `data-points` is for tests and for whoever wonders: how many points the chart has.
  return <div class="plot" ref={box} role="img" aria-label={label} data-points={xs.length} />;
}

function optionsOf(
  latest: { readonly current: LineChartProps },
  element: HTMLElement,
  onCursor: (index: number | null) => void,
): Omit<uPlot.Options, "width" | "height"> {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const { series, scale = "linear", isFromZero = scale === "linear", mark, axis } = latest.current;
  const font = `11px ${style.fontFamily}`;
  const axisOf = { stroke: colour("muted"), font, labelFont: font, labelSize: 14 };
  return {
    legend: { show: false },
    padding: [8, 26, 0, 0],
    cursor: { y: false, drag: { setScale: false, x: false, y: false }, points: { size: 6 } },
    hooks: { setCursor: [({ cursor }) => onCursor(cursor.idx ?? null)] },
    scales: {
      x: { time: true, range: (_, __, max) => [max - latest.current.seconds, max] },
      y: scale === "log" ? { distr: 3 } : { range: (_, min, max) => linearRange(isFromZero ? 0 : min, max) },
    },
    axes: [
      {
        ...axisOf,
        size: 30,
        grid: { show: false },
        ticks: { stroke: colour("line"), size: 4, width: 1 },
        space: 70,
        values: (_, splits) => splits.map((seconds) => clockTime(seconds * 1e6)),
      },
      {
        ...axisOf,
        label: axis,
        size: 62,
        grid: { stroke: colour("grid"), width: 1 },
        ticks: { show: false },
        space: 32,
        values: (_, splits) => splits.map((value) => (value === null ? "" : latest.current.format(value))),
      },
    ],
    series: [
      {},
      ...series.map(({ label, color, stroke = "solid" }, index) => ({
        label,
        stroke: colour(color),
        width: 1.6,
        dash: DASHES[stroke],
        spanGaps: true,
        // A line of one point would show nothing.
        points: { show: (_plot: uPlot, _series: number, from: number, to: number) => to - from < 2 },
        ...(series.length === 1 && index === 0 ? { fill: `${colour(color)}1f` } : {}),
      })),
      ...(mark === undefined
        ? []
        : [{ label: mark.label, stroke: colour("muted"), width: 1, dash: [3, 5], points: { show: false } }]),
    ],
  };
}

/** From `min` to `max` with room above; something to see when both are the same. */
function linearRange(min: number, max: number): [number, number] {
  if (!Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
  const size = max - min;
  if (size === 0) return max === 0 ? [0, 1] : [Math.min(min, max * 0.9), max * 1.1];
  return min === 0 ? [0, max + size * 0.08] : [min - size * 0.08, max + size * 0.08];
}

function present(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}

function text(value: number | null, format: (value: number) => string): string {
  return value === null ? NONE : format(value);
}
