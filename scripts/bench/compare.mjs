/** @typedef {{ name: string, peer: string, ours: number, theirs: number, ratio: number, unit: string, note: string }} Row */

/**
 * The rows of one comparison. Pure. A ratio is taken within each round, of cases that ran close together, and the median counts.
 *
 * @param {import("./suite.ts").Comparison} comparison
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
 * @param {number} ratio
 * @param {number | null} aim
 */
function verdict(ratio, aim) {
  if (aim === null) return "";
  return `aim ${aim}x or less: ${ratio <= aim ? "held" : "missed"}`;
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
