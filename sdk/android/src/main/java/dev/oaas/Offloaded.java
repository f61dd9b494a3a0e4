package dev.oaas;

/** A method declared by name. */
public interface Offloaded<R> {
  /** @throws Exception an {@link OffloadException}, or what the local implementation threw */
  R call(Object... arguments) throws Exception;

  /** The same with timings and the reason of where it ran. */
  Detailed<R> detailed(Object... arguments) throws Exception;
}
