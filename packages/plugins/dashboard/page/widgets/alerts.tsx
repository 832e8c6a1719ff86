import type { Alert } from "../../src/protocol.ts";
import { useApp } from "../lib/context.ts";
import { inUnit } from "../lib/format.ts";
import { useStore } from "../lib/store.ts";
import { Badge, Card, Empty, Time } from "./basic.tsx";

/** Alerts that are raised, and the last that were resolved. New ones are read out. */
export function AlertList({ span }: { readonly span: 6 | 12 }) {
  const { live, actions } = useApp();
  const { active, resolved, rules } = useStore(live.alerts);
  return (
    <Card title="Alerts" span={span} note={`${active.length} raised, ${rules.length} rules`} id="alerts">
      <div aria-live="polite">
        {active.length === 0 ? (
          <Empty>None is raised.</Empty>
        ) : (
          <ul class="alerts">
            {active.map((alert) => (
              <li key={alert.id} class={alert.severity}>
                <Badge tone={alert.severity === "critical" ? "bad" : "warn"}>{alert.severity}</Badge>
                <AlertWords alert={alert} />
                {alert.acknowledgedBy === null ? (
                  <button type="button" onClick={() => actions.acknowledge(alert)}>
                    Acknowledge
                  </button>
                ) : (
                  <span class="note">seen by {alert.acknowledgedBy}</span>
                )}
              </li>
            ))}
          </ul>
        )}
      </div>
      {resolved.length > 0 && (
        <details>
          <summary>{resolved.length} resolved</summary>
          <ul class="alerts">
            {resolved.slice(0, 20).map((alert) => (
              <li key={alert.id}>
                <Badge tone="idle">resolved</Badge>
                <AlertWords alert={alert} />
                <span class="note">over since {alert.resolvedAtUs !== null && <Time us={alert.resolvedAtUs} />}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </Card>
  );
}

function AlertWords({ alert: { title, subject, value, threshold, unit, raisedAtUs } }: { readonly alert: Alert }) {
  return (
    <span class="alert-words">
      <strong>{title}</strong>
      {subject !== "" && ` · ${subject}`}
      <span class="note">
        {" "}
        {inUnit(value, unit)}, limit {inUnit(threshold, unit)}, since <Time us={raisedAtUs} />
      </span>
    </span>
  );
}
