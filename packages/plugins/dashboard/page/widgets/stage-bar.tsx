import type { SlowOrder } from "../../src/protocol.ts";
import { duration } from "../lib/format.ts";

/** In the order in which they follow each other. */
export const ORDER_STAGES = ["decide", "check", "queue", "send", "venue"] as const;

/** What a stage is, for people. */
export const STAGE_WORDS: Readonly<Record<(typeof ORDER_STAGES)[number], string>> = {
  decide: "from the frame's receipt until the strategy wants the order",
  check: "risk and journal",
  queue: "until its turn",
  send: "until its bytes are handed to the socket",
  venue: "until the venue's answer",
};

/** One order's way as parts of a bar; each part has its name and time in words where there is room, and in its title always. */
export function StageBar({ order }: { readonly order: SlowOrder }) {
  const parts = ORDER_STAGES.map((stage) => ({ stage, us: order.stages[stage] ?? 0 })).filter(({ us }) => us > 0);
  const all = parts.reduce((sum, { us }) => sum + us, 0);
  const label = parts.map(({ stage, us }) => `${stage} ${duration(us)}`).join(", ");
  return (
    <div class="stage-bar" role="img" aria-label={label}>
      {parts.map(({ stage, us }) => (
        <div
          key={stage}
          class={`stage ${stage}`}
          style={{ width: `${(us / all) * 100}%` }}
          title={`${stage}: ${duration(us)}, ${STAGE_WORDS[stage]}`}
        >
          {us / all > 0.16 && (
            <span>
              {stage} {duration(us)}
            </span>
          )}
        </div>
      ))}
    </div>
  );
}
