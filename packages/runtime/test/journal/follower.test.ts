import { join } from "node:path";
import { ManualClock } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { JournalFollower } from "../../src/journal/follower.ts";
import { Journal } from "../../src/journal/journal.ts";
import { newFolder } from "./support.ts";

test("a journal is followed while it is written: each look has what was committed by then, and holds nobody up", async () => {
  const path = join(newFolder(), "journal.db");
  const journal = Journal.create({ path, clock: new ManualClock() });
  const follower = new JournalFollower(path);
  const rowsFrom = async (fromSeq: number) => {
    const found: number[] = [];
    for await (const { seq } of follower.rows({ fromSeq, untilSeq: follower.lastSeq() })) found.push(seq);
    return found;
  };
  expect(follower.lastSeq()).toBe(0);
  for (let look = 1; look <= 20; look++) {
    journal.append("note", { look });
    expect(follower.lastSeq()).toBe(look - 1); // what is not committed is not there yet
    journal.commit();
    expect(await rowsFrom(look)).toEqual([look]);
  }
  expect(await rowsFrom(15)).toEqual([15, 16, 17, 18, 19, 20]);
  journal.close();
  expect(follower.lastSeq()).toBe(20);
  follower.close();
});

test("a file that is not there or no journal is told as such", () => {
  expect(() => new JournalFollower(join(newFolder(), "gone.db"))).toThrow("gone.db");
});
