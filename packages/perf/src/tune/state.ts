import type { AuditEntry } from "./audit.ts";
import { afterKeep, afterReject, type KnobSearch, startSearch } from "./search.ts";

/** What an optimizer knows; its audit trail, folded. */
export interface TuneState {
  /** Number of the campaign, from 1; 0 before the first. */
  readonly campaign: number;
  /** Whether that campaign has ended. */
  readonly isOver: boolean;
  /** Trials of all campaigns so far, and of this one. */
  readonly trials: number;
  readonly trialsOfCampaign: number;
  /** By knob. */
  readonly searches: Readonly<Record<string, KnobSearch>>;
  /** When each knob was last decided on, in microseconds since the epoch. */
  readonly decidedAtUs: Readonly<Record<string, number>>;
  /** The trial that has begun and is not decided. */
  readonly open: { readonly knob: string; readonly from: number; readonly to: number } | undefined;
}

export const FRESH: TuneState = {
  campaign: 0,
  isOver: true,
  trials: 0,
  trialsOfCampaign: 0,
  searches: {},
  decidedAtUs: {},
  open: undefined,
};

/** The state after one more entry. Pure: the same trail gives the same state in any process. */
export function applyEntry(state: TuneState, entry: AuditEntry): TuneState {
  switch (entry.event) {
    case "campaign": {
      const starts = Object.entries(entry.values).map(([knob, value]) => [knob, startSearch(value)] as const);
      return {
        ...state,
        campaign: entry.campaign,
        isOver: false,
        trialsOfCampaign: 0,
        searches: Object.fromEntries(starts),
        open: undefined,
      };
    }
    case "trial": {
      const { trial, knob, from, to, search } = entry;
      const open = { knob, from, to };
      return { ...withSearch(state, knob, search), trials: trial, trialsOfCampaign: state.trialsOfCampaign + 1, open };
    }
    case "kept":
      return decided(state, entry, (search) => afterKeep(search, entry.to));
    case "rejected":
      return decided(state, entry, (search) => afterReject(search, entry.to));
    case "rolled-back": {
      if (state.open !== undefined) return { ...state, open: undefined }; // an interrupted trial: to be tried again
      return decided(state, entry, (search) => afterReject({ ...search, value: entry.to, beaten: [] }, entry.from));
    }
    case "end":
      return { ...state, isOver: true };
    case "pair":
      return state;
  }
}

function decided(
  state: TuneState,
  { knob, atUs }: { readonly knob: string; readonly atUs: number },
  next: (search: KnobSearch) => KnobSearch,
): TuneState {
  const search = state.searches[knob];
  if (search === undefined) return state;
  const decidedAtUs = { ...state.decidedAtUs, [knob]: atUs };
  return { ...withSearch(state, knob, next(search)), decidedAtUs, open: undefined };
}

function withSearch(state: TuneState, knob: string, search: KnobSearch): TuneState {
  return { ...state, searches: { ...state.searches, [knob]: search } };
}
