import { escapeHtml, scriptJson } from "./html-text.ts";
import { niceTicks } from "./nice-ticks.ts";
import type { Line } from "./price-line.ts";

/** A mark on a chart: when, at what value, and what happened. Fills are dots, bought below the line and sold above; a halt is a line from top to bottom. */
export interface Mark {
  readonly atUs: number;
  readonly value: number;
  readonly kind: "buy" | "sell" | "halt";
  /** What is said of it when somebody points at it. */
  readonly text: string;
}

export interface ChartOptions {
  /** Unique in its page; letters, digits and `-`. */
  readonly id: string;
  readonly title: string;
  readonly line: Line;
  /** Value as text, with its unit. @param digits After the dot, that tell values of this chart apart. */
  readonly format: (value: number, digits: number) => string;
  /** As `format`, for the scale. Default `format`. */
  readonly axis?: (value: number, digits: number) => string;
  /** `line`, or filled down from 0 for what is a loss. */
  readonly fill?: "none" | "below";
  readonly marks?: readonly Mark[];
  /** True begins the scale at 0, for what is never below. Default false. */
  readonly isFromZero?: boolean;
  /** True leaves out what `CHART_SCRIPT` needs, for a page without scripts. Default false. */
  readonly isStatic?: boolean;
}

const WIDTH = 1000;
const HEIGHT = 300;
const MOST_LINES = 6; // of the grid
const ASIDE = 7; // of a fill from its price, so that a buy and a sell at one place are both seen

/**
 * A chart as static SVG under labels that are text of the page: the drawing stretches with the page, and letters keep their size on any
 * screen. What a reader points at is told by `CHART_SCRIPT` from the values beside it; without scripts the picture is whole.
 */
export function htmlChart({
  id,
  title,
  line,
  format,
  axis = format,
  fill = "none",
  marks = [],
  isStatic = false,
  isFromZero = false,
}: ChartOptions): string {
  const { atUs, values } = line;
  const first = atUs[0] ?? 0;
  const last = Math.max(atUs.at(-1) ?? 1, first + 1);
  const shown = marks.map(({ value }) => value);
  const low = Math.min(...values, ...shown, ...(fill === "below" ? [0] : []));
  const high = Math.max(...values, ...shown, ...(fill === "below" ? [0] : []));
  const room = high === low ? Math.max(1, Math.abs(high)) * 0.01 : (high - low) * 0.04;
  const bottom = isFromZero ? 0 : low - room;
  const top = fill === "below" ? Math.max(0, high) : high + room;
  const x = (us: number) => round(((us - first) / (last - first)) * WIDTH);
  const y = (value: number) => round(((top - value) / (top - bottom)) * HEIGHT);
  const path = values.map((value, i) => `${i === 0 ? "M" : "L"}${x(atUs[i] as number)} ${y(value)}`).join("");
  const area =
    fill === "below" && values.length > 0 ? `<path class="area" d="${path}L${WIDTH} ${y(0)}L0 ${y(0)}Z"/>` : "";
  const { values: ticks, digits } = niceTicks(bottom, top, MOST_LINES);
  const grid = ticks.map((value) => `<path class="grid" d="M0 ${y(value)}H${WIDTH}"/>`).join("");
  const texts = ticks.map((value) => axis(value, digits));
  const labels = ticks
    .map(
      (value, i) =>
        `<span class="y" style="top:${round((y(value) / HEIGHT) * 100)}%">${escapeHtml(texts[i] as string)}</span>`,
    )
    .join("");
  const times = ["begin", "between", "middle", "between", "end"]
    .map(
      (place, i, { length }) =>
        `<span class="x ${place}" style="left:${(i / (length - 1)) * 100}%">${timeLabel(first + (i / (length - 1)) * (last - first), last - first)}</span>`,
    )
    .join("");
  const yOf = ({ value, kind }: Mark) => round(y(value) + (kind === "buy" ? ASIDE : kind === "sell" ? -ASIDE : 0));
  const pointed = () => {
    const data = {
      first,
      last,
      atUs,
      text: values.map((value) => format(value, digits + 1)),
      y: values.map(y),
      marks: marks.map((mark) => [x(mark.atUs), yOf(mark), mark.text]),
    };
    return `<i class="rule"></i><output></output></div>
<script type="application/json">${scriptJson(data)}</script>`;
  };
  return `<figure class="chart" id="${id}" role="img" aria-label="${escapeHtml(title)}"><figcaption>${escapeHtml(title)}${legend(marks)}</figcaption>
<div class="plot" style="--wide:${Math.max(9, ...texts.map(({ length }) => length))}"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">${grid}${area}<path class="line" d="${path}"/>${halts(marks, x)}${dots(marks, "sell", x, yOf)}${dots(marks, "buy", x, yOf)}</svg>${labels}${times}${isStatic ? "</div>" : pointed()}</figure>`;
}

/** All dots of a kind in one path: a line of no length with a cap is a dot that stretching does not change. */
function dots(
  marks: readonly Mark[],
  kind: Mark["kind"],
  x: (us: number) => number,
  y: (mark: Mark) => number,
): string {
  const own = marks.filter((mark) => mark.kind === kind);
  if (own.length === 0) return "";
  return `<path class="${kind}" d="${own.map((mark) => `M${x(mark.atUs)} ${y(mark)}h0`).join("")}"/>`;
}

function halts(marks: readonly Mark[], x: (us: number) => number): string {
  const own = marks.filter(({ kind }) => kind === "halt");
  return own.length === 0
    ? ""
    : `<path class="halt" d="${own.map(({ atUs }) => `M${x(atUs)} 0V${HEIGHT}`).join("")}"/>`;
}

function legend(marks: readonly Mark[]): string {
  if (marks.length === 0) return "";
  const isHalt = marks.some(({ kind }) => kind === "halt");
  return isHalt
    ? ' <small><b class="key halt"></b>trading halted</small>'
    : ' <small><b class="key buy"></b>bought, below the price <b class="key sell"></b>sold, above it</small>';
}

function timeLabel(us: number, spanUs: number): string {
  const iso = new Date(us / 1000).toISOString();
  if (spanUs > 3 * 86_400e6) return iso.slice(0, 10);
  return spanUs > 600e6 ? `${iso.slice(5, 10)} ${iso.slice(11, 16)}` : iso.slice(11, 19);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Shows the value and the fill nearest to the pointer, of every chart of the page. */
export const CHART_SCRIPT = `for (const chart of document.querySelectorAll(".chart")) {
  const { first, last, atUs, text, y, marks } = JSON.parse(chart.querySelector("script").textContent);
  const plot = chart.querySelector(".plot"), rule = chart.querySelector(".rule"), out = chart.querySelector("output");
  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const us = first + share * (last - first);
    let i = atUs.findIndex((at) => at >= us);
    if (i < 0) i = atUs.length - 1;
    if (i < 0) return;
    const height = ((event.clientY - box.top) / box.height) * ${HEIGHT};
    let near = "", least = 400;
    for (const [mx, my, said] of marks) {
      const far = ((mx - share * ${WIDTH}) * box.width / ${WIDTH}) ** 2 + ((my - height) * box.height / ${HEIGHT}) ** 2;
      if (far < least) { least = far; near = said; }
    }
    rule.style.left = share * 100 + "%";
    out.textContent = new Date(atUs[i] / 1000).toISOString().replace("T", " ").slice(0, 23) + "  " + text[i] + (near === "" ? "" : "  |  " + near);
    out.style[share < 0.5 ? "left" : "right"] = (share < 0.5 ? share : 1 - share) * 100 + "%";
    out.style[share < 0.5 ? "right" : "left"] = "auto";
    chart.classList.add("on");
  });
  plot.addEventListener("pointerleave", () => chart.classList.remove("on"));
}`;

/** Looks of the charts: blue and orange of Okabe and Ito's palette, told apart with any colour vision; bought is round, sold is square. */
export const CHART_STYLE = `.chart{margin:0 0 24px;padding-bottom:26px}
.chart figcaption{font-weight:600;margin-bottom:8px}
.chart small{font-weight:400;color:var(--soft);margin-left:12px}
.plot{position:relative;height:240px;margin:0 8px 0 calc(var(--wide,10)*7.2px + 14px);touch-action:pan-y}
.plot svg{position:absolute;inset:0;width:100%;height:100%;overflow:visible}
.plot path{fill:none;vector-effect:non-scaling-stroke}
.plot .grid{stroke:var(--rule);stroke-width:1}
.plot .line{stroke:var(--ink);stroke-width:1.5;stroke-linejoin:round}
.plot .area{fill:var(--sell);fill-opacity:.18}
.plot .buy{stroke:var(--buy);stroke-width:7;stroke-linecap:round}
.plot .sell{stroke:var(--sell);stroke-width:6;stroke-linecap:square}
.plot .halt{stroke:var(--sell);stroke-width:2;stroke-dasharray:6 4}
.plot span{position:absolute;font-size:12px;color:var(--soft);white-space:nowrap;font-variant-numeric:tabular-nums}
.plot .y{right:calc(100% + 8px);transform:translateY(-50%)}
.plot .x{top:calc(100% + 6px);transform:translateX(-50%)}
.plot .begin{transform:none}.plot .end{transform:translateX(-100%)}
.rule{display:none;position:absolute;top:0;bottom:0;border-left:1px solid var(--soft)}
.plot output{display:none;position:absolute;top:0;margin:4px 8px;padding:4px 8px;border-radius:4px;background:var(--ink);color:var(--page);font-size:12px;white-space:pre-wrap;max-width:70%;pointer-events:none}
.chart.on .rule,.chart.on output{display:block}
.key{display:inline-block;width:9px;height:9px;margin:0 4px 0 10px}
.key.buy{background:var(--buy);border-radius:50%}.key.sell{background:var(--sell)}.key.halt{width:0;border-left:2px dashed var(--sell)}
@media(max-width:600px){.plot{height:190px}.plot .between{display:none}}`;
