/**
 * Properties for `Object.defineProperties` that are worked out when they are read. They are an object's own and enumerable, so that a copy
 * by spread has them, and the same functions for all objects, so that V8 sees one kind of object and calls none of them.
 */
export function defineFields<Row>(
  fields: Readonly<Record<string, () => unknown>> & ThisType<Row>,
): PropertyDescriptorMap {
  return Object.fromEntries(Object.entries(fields).map(([name, get]) => [name, { enumerable: true, get }]));
}
