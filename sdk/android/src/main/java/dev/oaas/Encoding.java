package dev.oaas;

/** How arguments, state and results travel. */
public enum Encoding {
  /** As typed bytes, for apps of the runtimes {@code jvm} and {@code art}: all declared types, shared references, cycles. */
  JAVA,
  /** As JSON, for apps of any runtime. */
  JSON
}
