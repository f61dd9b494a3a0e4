package dev.oaas.tasks;

/** Arguments come from strangers. */
final class Checks {
  private Checks() {}

  static void range(String name, long value, long least, long most) {
    if (value >= least && value <= most) return;
    throw new IllegalArgumentException(
        name + " must be a whole number from " + least + " to " + most + ", received " + value);
  }
}
