package dev.oaas.wire;

/** What a payload may cost. All are part of the wire's contract, see {@code docs/jvm-wire.md}. */
final class Bounds {
  /** Of one payload; a surrogate accepts no larger body. */
  static final int MAX_BYTES = 6 * 1024 * 1024;

  /** Values within values. */
  static final int MAX_DEPTH = 200;

  /** Names of classes and fields. */
  static final int MAX_NAME_BYTES = 1_000;

  /** Of a serialised object: values within values, references in all. */
  static final int MAX_SERIAL_DEPTH = 20;

  static final int MAX_SERIAL_REFERENCES = 100_000;

  private Bounds() {}
}
