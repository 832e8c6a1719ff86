// Market models draw several times for every event they make. The peers draw from V8's own generator, which takes no seed.
import { createRandom, poisson, type Random, studentT } from "@pitlane/perf";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";

const drawing = (draw: (random: Random) => number): Case => ({
  loop: () => {
    const random = createRandom(1);
    return (n) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += draw(random);
      return sum;
    };
  },
});

const unseeded = (draw: () => number): Case => ({
  loop: () => (n) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += draw();
    return sum;
  },
});

const boxMuller = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

const poissonByKnuth = (mean: number) => {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = Math.random(); product > limit; product *= Math.random()) count++;
  return count;
};

const suite: Suite = {
  name: "random",
  comparisons: [
    {
      name: "random, uniform",
      unit: "ns/op",
      rounds: 3,
      ours: drawing((random) => random.next()),
      peers: {
        "Math.random": { case: unseeded(Math.random), note: "cannot be seeded, so repeats no run" },
      },
    },
    {
      name: "random, normal",
      unit: "ns/op",
      rounds: 3,
      ours: drawing((random) => random.normal()),
      peers: { "Box-Muller over Math.random": { case: unseeded(boxMuller), note: "cannot be seeded" } },
    },
    {
      name: "random, Poisson with mean 100",
      unit: "ns/op",
      rounds: 3,
      ours: drawing((random) => poisson(random, 100)),
      peers: {
        "Knuth's product over Math.random": { case: unseeded(() => poissonByKnuth(100)), note: "cannot be seeded" },
      },
    },
    {
      name: "random, Student's t",
      unit: "ns/op",
      rounds: 3,
      ours: drawing((random) => studentT(random, 4)),
      peers: {
        "a normal over the root of four squared normals": {
          case: unseeded(() => {
            const squares = boxMuller() ** 2 + boxMuller() ** 2 + boxMuller() ** 2 + boxMuller() ** 2;
            return boxMuller() / Math.sqrt(squares / 4);
          }),
          note: "cannot be seeded",
        },
      },
    },
  ],
};

export default suite;
