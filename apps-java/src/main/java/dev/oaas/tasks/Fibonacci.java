package dev.oaas.tasks;

import dev.oaas.Offloadable;

/** Fibonacci numbers. */
@Offloadable
public interface Fibonacci {
  /** F(n) by the definition: exponentially many additions; n from 0 to 45. */
  long recursive(int n);

  /** F(n) exactly, as decimal digits; n from 0 to 100,000. */
  String iterative(int n);
}
