/** @typedef {{ name: string, peer: string, ours: number, theirs: number, ratio: number, unit: string, note: string }} Row */

/**
 * The rows of one comparison. Pure. A ratio is taken within each round, of cases that ran close together, and the median counts.
 *
 * @param {import("./suite.ts").Comparison | import("./suite.ts").WindowedComparison} comparison
 * @param {readonly Readonly<Record<string, number>>[]} rounds A figure for each peer, and ours as "".
 * @returns {Row[]}
 */
export function toRows(comparison, rounds) {
  return Object.entries(comparison.peers).map(([peer, { aim = 1, note = "" }]) => {
    const ratio = median(rounds.map((figures) => (figures[""] ?? Number.NaN) / (figures[peer] ?? Number.NaN)));
    return {
      name: comparison.name,
      peer,
      ours: digits(median(rounds.map((figures) => figures[""] ?? Number.NaN))),
      theirs: digits(median(rounds.map((figures) => figures[peer] ?? Number.NaN))),
      ratio: digits(ratio),
      unit: comparison.unit,
      note: [verdict(ratio, aim), note].filter((part) => part !== "").join("; "),
    };
  });
}

/**
 * The rows of a trial: for each case its figures beside the reference's, then beside its own targets. Pure.
 *
 * @param {import("./suite.ts").Trial} trial
 * @param {readonly Readonly<Record<string, Readonly<Record<string, number>>>>[]} rounds The figures by case.
 * @returns {Row[]}
 */
export function toTrialRows({ name, units, cases, reference }, rounds) {
  /** @type {Row[]} */
  const rows = [];
  const figureOf = (/** @type {string} */ of, /** @type {string} */ figure) =>
    rounds.map((round) => round[of]?.[figure] ?? Number.NaN);
  for (const [of, { aims = {}, against = {}, targets = {}, note = "" }] of Object.entries(cases)) {
    const row = (
      /** @type {string} */ figure,
      /** @type {string} */ peer,
      /** @type {readonly number[]} */ theirs,
      /** @type {import("./suite.ts").Bound | undefined} */ bound,
    ) => {
      const ours = figureOf(of, figure);
      const ratio = median(ours.map((value, i) => ratioOf(value, theirs[i] ?? Number.NaN)));
      rows.push({
        name: `${name}: ${of}, ${figure}`,
        peer,
        ours: digits(median(ours)),
        theirs: digits(median(theirs)),
        ratio: digits(ratio),
        unit: units[figure] ?? "",
        note: [bound === undefined ? "" : boundVerdict(ratio, bound), note].filter((part) => part !== "").join("; "),
      });
    };
    for (const figure of Object.keys(units)) {
      if (reference !== undefined && of !== reference)
        row(figure, reference, figureOf(reference, figure), aims[figure]);
      for (const [other, bounds] of Object.entries(against))
        if (bounds[figure] !== undefined) row(figure, other, figureOf(other, figure), bounds[figure]);
      const target = targets[figure];
      if (target === undefined) continue;
      const limit = "atMost" in target ? target.atMost : target.atLeast;
      row(
        figure,
        "target",
        [...rounds.keys()].map(() => limit),
        "atMost" in target ? { atMost: 1 } : { atLeast: 1 },
      );
    }
    if (reference === undefined || of === reference) {
      const shown = Object.keys(units).filter((figure) => targets[figure] === undefined);
      for (const figure of shown) row(figure, "-", figureOf(of, figure), undefined);
    }
  }
  return rows;
}

/** Nothing is as much as nothing, a count that must be 0 keeps to its target; and what has no end is as long as itself. @param {number} ours @param {number} theirs */
function ratioOf(ours, theirs) {
  return ours === theirs ? 1 : ours / theirs;
}

/** @param {number} ratio @param {import("./suite.ts").Bound} bound */
function boundVerdict(ratio, bound) {
  const held = "atMost" in bound ? ratio <= bound.atMost : ratio >= bound.atLeast;
  const words = "atMost" in bound ? `${bound.atMost}x or less` : `${bound.atLeast}x or more`;
  return `aim ${words}: ${held ? "held" : "missed"}`;
}

/**
 * @param {number} ratio
 * @param {number | null} aim
 */
function verdict(ratio, aim) {
  return aim === null ? "" : boundVerdict(ratio, { atMost: aim });
}

/**
 * The rows as a table for a terminal.
 *
 * @param {readonly Row[]} rows
 */
export function toTable(rows) {
  const cells = rows.map((row) => [
    row.name,
    row.peer,
    String(row.ours),
    String(row.theirs),
    `${row.ratio}x`,
    row.unit,
  ]);
  const head = ["what", "peer", "ours", "theirs", "ratio", "unit"];
  const widths = head.map((text, i) => Math.max(text.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (/** @type {readonly string[]} */ row, /** @type {string} */ note) =>
    `${row.map((text, i) => (i >= 2 && i <= 4 ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0))).join("  ")}  ${note}`.trimEnd();
  return [line(head, "note"), ...cells.map((row, i) => line(row, rows[i]?.note ?? ""))].join("\n");
}

/** @param {readonly number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** Three significant digits: more would pretend. @param {number} value */
function digits(value) {
  return Number(value.toPrecision(3));
}
