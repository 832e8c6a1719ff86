import { useEffect, useState } from "preact/hooks";
import type {
  JournalHead,
  JournalPage,
  JournalRowInfo,
  MomentInfo,
  OrderStoryInfo,
  StoryPhase,
} from "../../src/protocol.ts";
import { query } from "../lib/api.ts";
import { useApp } from "../lib/context.ts";
import { useFetched } from "../lib/fetched.ts";
import { count, duration } from "../lib/format.ts";
import { routeTo } from "../lib/route.ts";
import { useScene } from "../lib/scene.ts";
import { useStore } from "../lib/store.ts";
import { Badge, Card, Empty, Time } from "../widgets/basic.tsx";
import { Icon } from "../widgets/icon.tsx";

/** The journal's tail, a search in it, and one order from its cause to its last report. */
export function Journal() {
  const { live, route } = useApp();
  const { query: asked } = useStore(route);
  const { isPast, moment } = useScene();
  const tail = useStore(live.rows);
  const order = asked["order"];
  return (
    <>
      {order !== undefined && <Story clientOrderId={order} />}
      <Card title={isPast ? "Rows before this moment" : "Tail"} note="newest first, as they are written">
        <Heads rows={isPast ? headsOf(moment?.rows ?? []) : tail.slice(0, 100)} />
      </Card>
      <Search />
    </>
  );
}

/** The rows of a moment as the tail's, newest first. */
function headsOf(rows: MomentInfo["rows"]): readonly JournalHead[] {
  return rows.map(({ text, ...row }) => ({ ...row, summary: text, clientOrderId: null })).reverse();
}

function Heads({ rows }: { readonly rows: readonly JournalHead[] }) {
  if (rows.length === 0) return <Empty>No row has been written since this page was opened.</Empty>;
  return (
    <ol class="rows scrolls">
      {rows.map((row) => (
        <li key={row.seq}>
          <Head row={row} />
        </li>
      ))}
    </ol>
  );
}

function Head({ row: { seq, atUs, kind, clientOrderId, summary } }: { readonly row: JournalHead }) {
  return (
    <>
      <span class="figure seq">{seq}</span> <Time us={atUs} ms /> <span class="chip">{kind}</span>{" "}
      {clientOrderId !== null && <a href={routeTo("journal", { order: clientOrderId })}>{clientOrderId}</a>}{" "}
      <span class="summary">{summary}</span>
    </>
  );
}

function Search() {
  const { api } = useApp();
  const [kind, setKind] = useState("");
  const [text, setText] = useState("");
  const [asked, setAsked] = useState({ kind: "", text: "" });
  const [older, setOlder] = useState<readonly JournalRowInfo[]>([]);
  const [next, setNext] = useState<number | null>(null);
  const [looked, setLooked] = useState(0);
  const [problem, setProblem] = useState("");
  const path = `journal${query({ limit: 30, ...asked })}`;
  const page = useFetched<JournalPage>(path);
  const { data } = page;
  useEffect(() => {
    setOlder([]);
    setNext(data?.nextBefore ?? null);
    setLooked(data?.looked ?? 0);
  }, [data]);
  const more = async () => {
    if (next === null) return;
    try {
      const answer = await api.get<JournalPage>(`journal${query({ limit: 30, before: next, ...asked })}`);
      setOlder((rows) => [...rows, ...answer.rows]);
      setNext(answer.nextBefore);
      setLooked((before) => before + answer.looked);
      setProblem("");
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setAsked({ kind, text });
    page.again();
  };
  const rows = [...(data?.rows ?? []), ...older];
  return (
    <Card title="Search" note="of this run's journal, newest first; opened rows show their body">
      <search>
        <form class="search" onSubmit={submit}>
          <label>
            <span>Kind</span>
            <select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
              <option value="">any</option>
              {(data?.kinds ?? []).map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label class="grow">
            <span>Text</span>
            <input
              type="search"
              value={text}
              maxLength={100}
              placeholder="an order id, an instrument, a word of the row"
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="main">
            <Icon name="search" /> Search
          </button>
        </form>
      </search>
      {page.problem !== "" && <Empty>{page.problem}</Empty>}
      {rows.length === 0 && page.problem === "" ? (
        <Empty>{data === undefined ? "No data yet." : `Nothing found in ${count(looked)} rows.`}</Empty>
      ) : (
        <ol class="rows opened">
          {rows.map((row) => (
            <li key={row.seq}>
              <details>
                <summary>
                  <Head row={row} />
                </summary>
                {row.records !== null && <p class="note">{count(row.records)} records of market data and reports</p>}
                <pre>{row.text}</pre>
                {row.isCut && <p class="note">The body goes on: `pitlane journal` shows all of it.</p>}
              </details>
            </li>
          ))}
        </ol>
      )}
      <p class="row-tools">
        <button type="button" disabled={next === null} onClick={more}>
          Older rows
        </button>
        <span class="note">
          {count(looked)} rows looked at{next === null && looked > 0 ? ", up to the journal's start" : ""}
        </span>
      </p>
      {problem !== "" && <Empty>{problem}</Empty>}
    </Card>
  );
}

const PHASES: Readonly<Record<StoryPhase, string>> = {
  event: "event it answers",
  hook: "wish of a strategy's hook",
  shape: "changed by a hook",
  risk: "risk's verdicts",
  request: "request to the venue",
  report: "the venue's report",
  other: "more",
};

/** Steps of one phase from one row as one: a risk stage has many votes. Pure. */
function grouped(steps: OrderStoryInfo["steps"]): OrderStoryInfo["steps"] {
  const groups: OrderStoryInfo["steps"][number][] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (last !== undefined && last.phase === step.phase && last.seq === step.seq && step.phase === "risk")
      groups[groups.length - 1] = { ...last, text: `${last.text}, ${step.text}` };
    else groups.push(step);
  }
  return groups;
}

/** One order end to end: event, hook changes, risk verdicts, request, reports. */
function Story({ clientOrderId }: { readonly clientOrderId: string }) {
  const { data, problem, again } = useFetched<OrderStoryInfo>(`orders/${encodeURIComponent(clientOrderId)}/story`);
  return (
    <Card
      title={`Order ${clientOrderId}`}
      note="from what it answered to its last report"
      id="story"
      tools={
        <>
          <button type="button" onClick={again}>
            Read again
          </button>
          <a class="button" href={routeTo("journal")}>
            Close
          </a>
        </>
      }
    >
      {data === undefined ? (
        <Empty>{problem === "" ? "The journal is being read." : problem}</Empty>
      ) : (
        <>
          {!data.isWhole && (
            <p class="note">
              <Badge tone="warn">not whole</Badge> The journal is larger than is read at once: earlier rows may name
              this order too.
            </p>
          )}
          <ol class="story">
            {grouped(data.steps).map((step) => (
              <li key={`${step.seq} ${step.kind} ${step.text}`} class={step.phase}>
                <div class="story-head">
                  <span class="phase">{PHASES[step.phase]}</span>
                  <Time us={step.atUs} ms />
                  <span class="figure">
                    {step.sinceIntentUs < 0 ? "−" : "+"}
                    {duration(Math.abs(step.sinceIntentUs))}
                  </span>
                  <span class="note">row {step.seq}</span>
                </div>
                <details>
                  <summary>{step.text}</summary>
                  <pre>{JSON.stringify(step.body, null, 2)}</pre>
                </details>
              </li>
            ))}
          </ol>
          {data.steps.length === 0 && <Empty>The journal has no row that names this order.</Empty>}
        </>
      )}
    </Card>
  );
}
