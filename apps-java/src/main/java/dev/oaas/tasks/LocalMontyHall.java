package dev.oaas.tasks;

/** Plays with mulberry32, whose sequence is the same on every machine and in every language. */
public class LocalMontyHall implements MontyHall {
  /** Next value of the generator, 0 to 2^32 - 1. */
  private long seed = 1;
  private long games;
  private long stay;
  private long change;

  private static final class Generator {
    private int a;

    Generator(long seed) {
      a = (int) seed;
    }

    double next() {
      a += 0x6d2b79f5;
      int t = (a ^ a >>> 15) * (1 | a);
      t = t + (t ^ t >>> 7) * (61 | t) ^ t;
      return ((t ^ t >>> 14) & 0xffffffffL) / 4_294_967_296.0;
    }

    int door() {
      return (int) (next() * 3);
    }
  }

  @Override
  public Outcome play(int rounds, long from) {
    return play(rounds, new Generator(from));
  }

  @Override
  public Outcome continueGame(int rounds) {
    Generator random = new Generator(seed);
    Outcome now = play(rounds, random);
    seed = random.a & 0xffffffffL;
    games += now.games;
    stay += now.stay;
    change += now.change;
    return new Outcome(games, stay, change);
  }

  private static Outcome play(int games, Generator random) {
    Checks.range("games", games, 1, 50_000_000);
    long stay = 0;
    long change = 0;
    for (int i = 0; i < games; i++) {
      int prize = random.door();
      int choice = random.door();
      // The host opens one of the doors that hold no prize and were not chosen.
      int opened = random.door();
      while (opened == prize || opened == choice) opened = (opened + 1) % 3;
      int other = 3 - choice - opened;
      if (choice == prize) stay++;
      if (other == prize) change++;
    }
    return new Outcome(games, stay, change);
  }
}
