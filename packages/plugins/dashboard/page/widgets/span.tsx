import { useState } from "preact/hooks";
import { Segmented } from "./basic.tsx";

export type Span = "50" | "300" | "900";

const SPANS: readonly (readonly [Span, string])[] = [
  ["50", "50 s"],
  ["300", "5 min"],
  ["900", "15 min"],
];

/** How far back charts reach: the last 50 points of a second each, or longer. */
export function useSpan(): { readonly seconds: number; readonly picker: preact.JSX.Element } {
  const [span, setSpan] = useState<Span>("50");
  return {
    seconds: Number(span),
    picker: <Segmented label="Time shown" value={span} options={SPANS} onPick={setSpan} />,
  };
}
