import { useEffect, useRef } from "preact/hooks";
import { useApp } from "./lib/context.ts";
import { clockTime } from "./lib/format.ts";
import { routeTo, VIEWS, type ViewName } from "./lib/route.ts";
import { useStore } from "./lib/store.ts";
import { TopBar } from "./topbar.tsx";
import { Journal } from "./views/journal.tsx";
import { Latency } from "./views/latency.tsx";
import { Market } from "./views/market.tsx";
import { Memory } from "./views/memory.tsx";
import { Network } from "./views/network.tsx";
import { Optimizer } from "./views/optimizer.tsx";
import { Overview } from "./views/overview.tsx";
import { Plugins } from "./views/plugins.tsx";
import { AskDialog } from "./widgets/dialog.tsx";
import { Icon } from "./widgets/icon.tsx";
import { Toasts } from "./widgets/toasts.tsx";
import { TravelBar } from "./widgets/travel-bar.tsx";

const PAGES: Readonly<Record<ViewName, { readonly title: string; readonly view: () => preact.JSX.Element }>> = {
  overview: { title: "Overview", view: Overview },
  latency: { title: "Latency", view: Latency },
  market: { title: "Market", view: Market },
  plugins: { title: "Plugins", view: Plugins },
  network: { title: "Network", view: Network },
  journal: { title: "Journal", view: Journal },
  optimizer: { title: "Optimizer", view: Optimizer },
  memory: { title: "Memory", view: Memory },
};

/** The page around its views: what is always there. */
export function Shell() {
  const { live, route } = useApp();
  const { view } = useStore(route);
  const { active } = useStore(live.alerts);
  const main = useRef<HTMLElement>(null);
  const { title, view: View } = PAGES[view];
  const before = useRef(view);
  useEffect(() => {
    document.title = `${title} · Pitlane`;
    // Another view is another page for who listens instead of looks.
    if (before.current !== view) main.current?.focus({ preventScroll: true });
    if (before.current !== view) window.scrollTo(0, 0);
    before.current = view;
  }, [view, title]);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the view
      </button>
      <TopBar />
      <nav class="views" aria-label="Views">
        {VIEWS.map((name) => (
          <a key={name} href={routeTo(name)} {...(name === view ? { "aria-current": "page" as const } : {})}>
            <Icon name={name} />
            <span>{PAGES[name].title}</span>
            {name === "overview" && active.length > 0 && (
              <span class="count" title={`${active.length} alerts are raised`}>
                {active.length}
              </span>
            )}
          </a>
        ))}
      </nav>
      <main id="main" ref={main} tabIndex={-1} data-view={view}>
        <Banners />
        <TravelBar />
        <h1 class="visually-hidden">{title}</h1>
        <div class="grid" key={view}>
          <View />
        </div>
      </main>
      <Toasts />
      <AskDialog />
    </>
  );
}

/** What the reader must know of the figures: that they are old, or of another time. */
function Banners() {
  const { live } = useApp();
  const link = useStore(live.link);
  const heldSinceMs = useStore(live.heldSinceMs);
  const sample = useStore(live.sample);
  const missed = useStore(live.missed);
  return (
    <div role="status" aria-live="polite">
      {link === "lost" && (
        <p class="banner bad">
          <Icon name="reconnect" />
          <span>
            <strong>Disconnected.</strong> Trying again every second
            {sample !== undefined && `; figures are of ${clockTime(sample.atUs)}`}.
          </span>
        </p>
      )}
      {link === "locked" && (
        <p class="banner bad">
          <Icon name="cross" />
          <span>
            <strong>The session does not know this page.</strong> Open the link that the terminal printed; this page
            goes on by itself then.
          </span>
        </p>
      )}
      {link === "connecting" && (
        <p class="banner info">
          <Icon name="reconnect" />
          <span>Connecting to the session …</span>
        </p>
      )}
      {heldSinceMs !== undefined && (
        <p class="banner warn">
          <Icon name="pause" />
          <span>
            <strong>Refresh is off</strong> since {clockTime(heldSinceMs * 1000)}: figures stay as they were. Alerts
            still come.
          </span>
          <button type="button" onClick={() => live.hold(false)}>
            Refresh again
          </button>
        </p>
      )}
      {missed > 0 && link === "live" && (
        <p class="banner info">
          <Icon name="info" />
          <span>This page was too slow for {missed} updates: it shows the newest ones.</span>
        </p>
      )}
    </div>
  );
}
