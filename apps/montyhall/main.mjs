/** mulberry32: the same sequence from the same seed on every machine. */
function generator(state) {
  let a = state >>> 0;
  return {
    next() {
      a = (a + 0x6d2b79f5) >>> 0;
      let t = Math.imul(a ^ (a >>> 15), 1 | a);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
    },
    get state() {
      return a;
    },
  };
}

function rounds(games, random) {
  if (!Number.isInteger(games) || games < 1 || games > 50_000_000) {
    throw new RangeError(`games must be a whole number from 1 to 50000000, received ${games}`);
  }
  let stay = 0;
  let change = 0;
  for (let i = 0; i < games; i++) {
    const prize = Math.floor(random.next() * 3);
    const choice = Math.floor(random.next() * 3);
    // The host opens one of the doors that hold no prize and were not chosen.
    let opened = Math.floor(random.next() * 3);
    while (opened === prize || opened === choice) opened = (opened + 1) % 3;
    const other = 3 - choice - opened;
    if (choice === prize) stay += 1;
    if (other === prize) change += 1;
  }
  return { games, stay, change };
}

/** Plays the Monty Hall game; who changes the door wins two times in three. */
export function play(games, seed = 1) {
  return rounds(games, generator(seed));
}

/** Plays on from where the last call stopped: generator and totals travel as the state. */
export function continueGame(games, ctx) {
  const before = ctx.state ?? { seed: 1, games: 0, stay: 0, change: 0 };
  const random = generator(before.seed);
  const now = rounds(games, random);
  ctx.state = {
    seed: random.state,
    games: before.games + now.games,
    stay: before.stay + now.stay,
    change: before.change + now.change,
  };
  return { games: ctx.state.games, stay: ctx.state.stay, change: ctx.state.change };
}
