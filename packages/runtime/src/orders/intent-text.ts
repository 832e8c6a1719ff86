import type { Intent, Order } from "./order.ts";

/**
 * The text of an `intent` row of an order that risk has admitted, byte for byte what `bodyText` makes of the row's body.
 *
 * It is made on the way of every order to the wire. V8 would take as long for the body as an object as risk takes for its votes: fields
 * behind a spread give each such object a class of its own, and the votes are the same names nearly always.
 *
 * @param votes JSON of what the voters have said.
 * @param quoted JSON of a word that comes again and again: an id of a strategy or an instrument.
 */
export function admittedText({ clientOrderId, strategy, intent }: Order, votes: string, quoted: Quoted): string {
  const { expectedProfit } = intent;
  let text = `{"clientOrderId":${JSON.stringify(clientOrderId)},"strategy":${quoted.of(strategy)},"instrument":${quoted.of(intent.instrument.id)}`;
  for (const name in intent) {
    const value = intent[name as keyof Intent];
    // What else there is: undefined is left out, the instrument and the profit, which is no number in JSON, have places of their own.
    if (typeof value === "number") text += `,"${name}":${Number.isFinite(value) ? value : null}`;
    else if (typeof value === "string")
      text += `,"${name}":${name === "tag" ? JSON.stringify(value) : quoted.of(value)}`;
    else if (typeof value === "boolean") text += `,"${name}":${value}`;
  }
  if (expectedProfit !== undefined) text += `,"expectedProfit":"${expectedProfit}"`;
  return `${text},"approved":true,"votes":${votes}}`;
}

/** Words in JSON. For those of which there are few. */
export class Quoted {
  readonly #texts = new Map<string, string>();

  of(word: string): string {
    let text = this.#texts.get(word);
    if (text === undefined) {
      text = JSON.stringify(word);
      this.#texts.set(word, text);
    }
    return text;
  }
}
