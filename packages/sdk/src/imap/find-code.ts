/** Six digits that stand alone: no part of a longer number, a colour or a character reference. */
const SIX_DIGITS = /(?<![\d#&])\d{6}(?!\d)/;

/**
 * The code in a text: what `pattern` finds first, of which its first group, where it has one; six digits standing alone unless
 * told. Undefined where there is none. Pure.
 */
export function findCode(text: string, pattern: RegExp = SIX_DIGITS): string | undefined {
  // Without the flags that would make the result depend on the search before.
  const match = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, "")).exec(text);
  return match?.[1] ?? match?.[0];
}

/** What a reader sees of an HTML mail: without styles, scripts, comments, tags and character references. For finding, not for showing. Pure. */
export function textOfHtml(html: string): string {
  return html
    .replace(/<!--[\s\S]*?(-->|$)/g, " ")
    .replace(/<(style|script|title)\b[\s\S]*?(<\/\1\s*>|$)/gi, " ")
    .replace(/<[^>]*(>|$)/g, " ")
    .replace(/&#?\w{1,31};/g, " ")
    .replace(/\s+/g, " ");
}
