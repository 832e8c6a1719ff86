/**
 * Whether `text` matches `pattern`: `*` is any run of characters, none included, `?` is exactly one, all others stand for themselves.
 *
 * There is no escape: a key that holds `*` or `?` is invalidated by its name. Takes at most `pattern.length * text.length`
 * steps, whatever the pattern, because only the last `*` is ever tried again.
 *
 * @example
 * matchesGlob("orders:*:open", "orders:binance:open"); // true
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0; // in text
  let next = 0; // in pattern
  let star = -1; // the last * met
  let starAt = 0; // where in text its run ends so far
  while (at < text.length) {
    const wanted = pattern[next];
    if (wanted === "*") {
      star = next++;
      starAt = at;
    } else if (wanted === "?") {
      at += text.codePointAt(at)! > 0xffff ? 2 : 1;
      next++;
    } else if (wanted === text[at]) {
      at++;
      next++;
    } else if (star >= 0) {
      at = ++starAt;
      next = star + 1;
    } else {
      return false;
    }
  }
  while (pattern[next] === "*") next++;
  return next === pattern.length;
}
