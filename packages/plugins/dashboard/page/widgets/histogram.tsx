import type { HistogramInfo } from "../../src/protocol.ts";
import { count, duration, percent } from "../lib/format.ts";
import { Empty } from "./basic.tsx";

const WIDTH = 680;
const HEIGHT = 150;
const FLOOR = 22; // room for the words beneath

/** How durations are spread: a bar a bucket, buckets growing to the right; beneath it which share was faster than what. */
export function Histogram({ info }: { readonly info: HistogramInfo }) {
  const { buckets, count: all } = info;
  if (all === 0 || buckets.length === 0) return <Empty>No data yet: nothing has passed this stage.</Empty>;
  const most = Math.max(...buckets.map(({ count: held }) => held));
  const step = WIDTH / buckets.length;
  const labels = [0, 0.25, 0.5, 0.75, 1].map((part) =>
    Math.min(buckets.length - 1, Math.round(part * (buckets.length - 1))),
  );
  return (
    <figure class="chart">
      <svg
        class="histogram"
        viewBox={`0 0 ${WIDTH} ${HEIGHT + FLOOR}`}
        role="img"
        aria-label={`How ${count(all)} durations are spread`}
      >
        <line class="axis" x1="0" y1={HEIGHT} x2={WIDTH} y2={HEIGHT} />
        {buckets.map(({ fromUs, toUs, count: held }, index) => (
          <rect
            key={fromUs}
            x={index * step + 0.75}
            width={Math.max(1, step - 1.5)}
            // One duration of a million still shows.
            height={held === 0 ? 0 : Math.max(1.5, (held / most) * (HEIGHT - 10))}
            y={HEIGHT - (held === 0 ? 0 : Math.max(1.5, (held / most) * (HEIGHT - 10)))}
          >
            <title>{`${duration(fromUs)} to ${duration(toUs)}: ${count(held)}, ${percent(held / all)}`}</title>
          </rect>
        ))}
        {labels.map((index, at) => (
          <text
            key={`${index} ${at}`}
            x={at === 0 ? 0 : at === labels.length - 1 ? WIDTH : (index + 0.5) * step}
            y={HEIGHT + 16}
            text-anchor={at === 0 ? "start" : at === labels.length - 1 ? "end" : "middle"}
          >
            {duration(at === labels.length - 1 ? buckets[index]!.toUs : buckets[index]!.fromUs)}
          </text>
        ))}
      </svg>
      <figcaption>
        <table class="legend">
          <caption class="visually-hidden">Share of durations that were no longer than this</caption>
          <thead>
            <tr>
              <th scope="row">faster than</th>
              {quantiles(info).map(({ share, toUs }) => (
                <th scope="col" class="figure" key={share}>
                  {duration(toUs)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">share of {count(all)}</th>
              {quantiles(info).map(({ share, reached }) => (
                <td class="figure" key={share}>
                  {percent(reached)}
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </figcaption>
    </figure>
  );
}

/** Ends of the buckets where these shares are reached, and the share that is. */
function quantiles({ buckets, count: all }: HistogramInfo) {
  const wanted = [0.5, 0.9, 0.99, 0.999];
  let sum = 0;
  const found: { share: number; toUs: number; reached: number }[] = [];
  for (const { toUs, count: held } of buckets) {
    sum += held;
    while (found.length < wanted.length && sum >= wanted[found.length]! * all)
      found.push({ share: wanted[found.length]!, toUs, reached: sum / all });
  }
  return found;
}
