import type { Instrument } from "../../model/instrument.ts";
import { FilledTradeSequence } from "../../stream/backfill.ts";
import type { TradeSequence } from "../../stream/trade-sequence.ts";
import type { TradeFrame } from "./frames.ts";
import type { KeptTrade, SequencePlace } from "./trade-keeper.ts";

/** Trades that a feed has missed. */
export interface TradeWish {
  readonly instrument: Instrument;
  readonly isAggregate: boolean;
  readonly first: number;
  readonly last: number;
  /** Takes what was fetched, oldest first; any number of times. */
  filled(trades: readonly KeptTrade[], receivedAtUs: number, receivedNs: number): void;
  /** No more comes: what is still missing stays so. */
  filledAll(receivedAtUs: number, receivedNs: number): void;
}

/** How missed trades are fetched. */
export interface TradeFilling {
  /** Longest hole, in trades; 0 to 1,000,000. */
  readonly limit: number;
  /** Single trades are not fetched: futures give old ones to holders of a key alone. Default false. */
  readonly isOfAggregates?: boolean;
  readonly onWanted: (wish: TradeWish) => void;
  readonly onUnwanted: (instrument: Instrument, isAggregate: boolean) => void;
}

/** What makes the sequences of a feed whose holes are filled. */
export function fillingSequences(filling: TradeFilling): (place: SequencePlace) => TradeSequence<TradeFrame> {
  return ({ track, isAggregate, output, options }) => {
    const sequence: FilledTradeSequence<TradeFrame> = new FilledTradeSequence({
      ...options,
      fillLimit: filling.isOfAggregates && !isAggregate ? 0 : filling.limit,
      sink: {
        ...options.sink,
        wish: (first, last) => {
          const { instrument } = track();
          filling.onWanted({
            instrument,
            isAggregate,
            first,
            last,
            filled: (trades, receivedAtUs, receivedNs) => {
              output.at(receivedAtUs, receivedNs);
              sequence.filled(trades);
            },
            filledAll: (receivedAtUs, receivedNs) => {
              output.at(receivedAtUs, receivedNs);
              sequence.filledAll();
            },
          });
        },
        dropWish: () => filling.onUnwanted(track().instrument, isAggregate),
      },
    });
    return sequence;
  };
}
