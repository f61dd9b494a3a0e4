package dev.oaas;

/** A method's implementation on the device, called with the arguments of the call. */
@FunctionalInterface
public interface LocalFunction<R> {
  R run(Object... arguments) throws Exception;
}
