import { useApp } from "./lib/context.ts";
import { span } from "./lib/format.ts";
import { useStore } from "./lib/store.ts";
import { Badge, type Tone } from "./widgets/basic.tsx";
import { Icon } from "./widgets/icon.tsx";

const LINKS: Readonly<Record<string, readonly [Tone, string]>> = {
  connecting: ["idle", "connecting"],
  live: ["good", "live"],
  lost: ["bad", "disconnected"],
  locked: ["bad", "locked out"],
};
const TRADING: Readonly<Record<string, readonly [Tone, string]>> = {
  active: ["good", "trading"],
  reduceOnly: ["warn", "reduce only"],
  halted: ["bad", "halted"],
};

/** Which session this is, how it stands, and what may be done to it. */
export function TopBar() {
  const { live, actions, theme, toggleTheme, travel } = useApp();
  const session = useStore(live.session);
  const sample = useStore(live.sample);
  const link = useStore(live.link);
  const isHeld = useStore(live.heldSinceMs) !== undefined;
  const isPast = useStore(travel.state) !== undefined;
  const isTravelling = useStore(travel.isOpen);
  const colours = useStore(theme);
  const [linkTone, linkWord] = isHeld && link === "live" ? (["warn", "held"] as const) : LINKS[link]!;
  const trading = sample?.trading.state;
  const [tone, word] = trading === undefined ? (["idle", "no data yet"] as const) : TRADING[trading]!;
  return (
    <header class="topbar">
      <div class="brand">
        <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
          <path class="brand-line" d="M5 23 L12 12 L18 18 L27 7" />
          <path class="brand-lane" d="M5 27.5 H27" />
        </svg>
        <strong>Pitlane</strong>
      </div>
      <div class="run">
        <span
          class="run-id"
          title={
            session === undefined
              ? ""
              : `version ${session.version}, Node ${session.run.node}, process ${session.run.pid}`
          }
        >
          {session?.run.id ?? "no session yet"}
        </span>
        <span class="note">
          {session === undefined ? "" : `${session.run.mode}, ${session.run.strategies.join(", ")}`}
          {sample !== undefined && `, up ${span(sample.uptimeMs)}`}
        </span>
      </div>
      <div class="standing">
        <Badge tone={linkTone}>{linkWord}</Badge>
        <Badge tone={tone}>{word}</Badge>
      </div>
      <div class="acts">
        <label class="switch">
          <input
            type="checkbox"
            role="switch"
            checked={!isHeld}
            aria-checked={!isHeld}
            onChange={(event) => live.hold(!event.currentTarget.checked)}
          />
          <span>Auto-refresh</span>
        </label>
        {session?.hasTimeTravel === true && (
          <button
            type="button"
            aria-label="Time travel"
            aria-pressed={isTravelling}
            onClick={() => (isTravelling ? travel.leave() : travel.isOpen.set(true))}
          >
            <Icon name="history" /> <span class="on-wide">Time travel</span>
          </button>
        )}
        {trading !== undefined && trading !== "active" && (
          <button type="button" onClick={actions.resume} disabled={isPast}>
            <Icon name="play" /> Resume
          </button>
        )}
        {trading === "active" && (
          <button type="button" onClick={actions.reduceOnly} disabled={isPast} class="on-wide">
            Reduce only
          </button>
        )}
        <button type="button" class="grave" onClick={actions.halt} disabled={isPast || trading === "halted"}>
          <Icon name="halt" /> Halt
        </button>
        <button type="button" class="grave" onClick={actions.flatten} disabled={isPast}>
          <Icon name="flatten" /> Flatten
        </button>
        <button
          type="button"
          class="plain"
          aria-label={colours === "dark" ? "Light colours" : "Dark colours"}
          title={colours === "dark" ? "Light colours" : "Dark colours"}
          onClick={toggleTheme}
        >
          <Icon name={colours === "dark" ? "sun" : "moon"} />
        </button>
      </div>
    </header>
  );
}
