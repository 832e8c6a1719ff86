import { expect, test } from "vitest";
import { RecordedSnapshots } from "../../src/models/recorded-snapshots.ts";

test("hands out the newest snapshot, once", async () => {
  const snapshots = new RecordedSnapshots();
  snapshots.offer("A", "1");
  snapshots.offer("A", "2");
  snapshots.offer("B", "9");
  expect(await snapshots.take("A")).toBe("2");
  const late = snapshots.take("A");
  snapshots.offer("A", "3");
  expect(await late).toBe("3");
  expect(await snapshots.take("B")).toBe("9");
});

test("gives one snapshot to all who wait for it", async () => {
  const snapshots = new RecordedSnapshots();
  const waiting = [snapshots.take("A"), snapshots.take("A")];
  snapshots.offer("A", "1");
  expect(await Promise.all(waiting)).toEqual(["1", "1"]);
});

test("tells those who wait, and those who come later, that there is no more", async () => {
  const snapshots = new RecordedSnapshots();
  const waiting = snapshots.take("A");
  snapshots.offer("B", "left over");
  snapshots.end();
  expect(await waiting).toBeUndefined();
  expect(await snapshots.take("B")).toBe("left over");
  expect(await snapshots.take("B")).toBeUndefined();
  snapshots.begin();
  const again = snapshots.take("A");
  snapshots.offer("A", "1");
  expect(await again).toBe("1");
});

test("tells when a held snapshot has been taken", async () => {
  const snapshots = new RecordedSnapshots();
  await snapshots.taken("A"); // none is held
  snapshots.offer("A", "1");
  let isTaken = false;
  const taken = snapshots.taken("A").then(() => {
    isTaken = true;
  });
  await Promise.resolve();
  expect(isTaken).toBe(false);
  await snapshots.take("A");
  await taken;
});
