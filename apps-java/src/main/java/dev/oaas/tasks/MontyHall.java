package dev.oaas.tasks;

import dev.oaas.Offloadable;

/** The Monty Hall game; who changes the door wins two times in three. */
@Offloadable
public interface MontyHall {
  /** What came of a number of games. */
  class Outcome {
    public long games;
    public long stay;
    public long change;

    public Outcome() {}

    Outcome(long games, long stay, long change) {
      this.games = games;
      this.stay = stay;
      this.change = change;
    }
  }

  /** Plays from a seed; 1 to 50,000,000 games. */
  Outcome play(int games, long seed);

  /** Plays on from where the last call stopped: generator and totals are this object's state. */
  Outcome continueGame(int games);
}
