import type { MarketView } from "../../src/protocol.ts";
import { decimal } from "../lib/format.ts";
import { Empty } from "./basic.tsx";

type Level = MarketView["bids"][number];

/** The book as a ladder: asks above, bids beneath, sizes as bars. Sizes add up from the best price outwards. */
export function Ladder(props: {
  readonly market: MarketView;
  readonly priceDecimals: number;
  readonly sizeDecimals: number;
  readonly levels: number;
}) {
  const { market, priceDecimals, sizeDecimals, levels } = props;
  if (!market.isSynced)
    return <Empty>The book has a hole and is being fetched anew: no levels until it is whole.</Empty>;
  const asks = summed(market.asks.slice(0, levels));
  const bids = summed(market.bids.slice(0, levels));
  const most = Math.max(1e-12, asks.at(-1)?.sum ?? 0, bids.at(-1)?.sum ?? 0);
  // Of these levels, not the quote: that comes by a stream of its own and may be a moment older or newer.
  const bestAsk = asks[0]?.price;
  const bestBid = bids[0]?.price;
  const row = (side: "ask" | "bid") => (level: ReturnType<typeof summed>[number]) => (
    <tr key={level.price} class={side}>
      <td class="figure price">{decimal(level.price, priceDecimals)}</td>
      <td class="figure">{decimal(level.size, sizeDecimals)}</td>
      <td class="depth-cell">
        <div class={`depth ${side}`} style={{ width: `${(level.sum / most) * 100}%` }} />
        <span class="figure">{decimal(level.sum.toFixed(sizeDecimals), sizeDecimals)}</span>
      </td>
    </tr>
  );
  return (
    <table class="ladder">
      <caption class="visually-hidden">Order book, best prices in the middle</caption>
      <thead>
        <tr>
          <th scope="col" class="figure">
            price
          </th>
          <th scope="col" class="figure">
            size
          </th>
          <th scope="col" class="figure">
            depth
          </th>
        </tr>
      </thead>
      <tbody>{asks.toReversed().map(row("ask"))}</tbody>
      <tbody class="gap">
        <tr>
          <td colSpan={3}>
            {bestAsk === undefined || bestBid === undefined ? (
              "one side is empty"
            ) : (
              <>
                <span class="side ask">ask {decimal(bestAsk, priceDecimals)}</span>
                <span class="note">spread {spread(bestBid, bestAsk, priceDecimals)}</span>
                <span class="side bid">bid {decimal(bestBid, priceDecimals)}</span>
              </>
            )}
          </td>
        </tr>
      </tbody>
      <tbody>{bids.map(row("bid"))}</tbody>
    </table>
  );
}

/** Levels with their sums, as the length of a bar: a float will do. */
function summed(levels: readonly Level[]) {
  let sum = 0;
  return levels.map(([price, size]) => {
    sum += Number(size);
    return { price, size, sum };
  });
}

/** The difference of two decimal texts of `places` decimals, exactly, and in basis points of the middle. */
function spread(bid: string, ask: string, places: number): string {
  const units = (text: string) => {
    const [whole = "0", fraction = ""] = text.split(".");
    return BigInt(whole + fraction.padEnd(places, "0").slice(0, places));
  };
  const gap = (units(ask) - units(bid)).toString().padStart(places + 1, "0");
  const textual = places === 0 ? gap : `${gap.slice(0, -places)}.${gap.slice(-places)}`;
  const basisPoints = ((Number(ask) - Number(bid)) / ((Number(ask) + Number(bid)) / 2)) * 1e4;
  return `${textual}, ${basisPoints.toFixed(2)} bp`;
}
