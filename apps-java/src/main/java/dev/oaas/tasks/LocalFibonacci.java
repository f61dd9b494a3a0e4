package dev.oaas.tasks;

import java.math.BigInteger;

/** Both ways to get there. */
public class LocalFibonacci implements Fibonacci {
  @Override
  public long recursive(int n) {
    Checks.range("n", n, 0, 45);
    return of(n);
  }

  private static long of(int n) {
    return n < 2 ? n : of(n - 1) + of(n - 2);
  }

  @Override
  public String iterative(int n) {
    Checks.range("n", n, 0, 100_000);
    BigInteger a = BigInteger.ZERO;
    BigInteger b = BigInteger.ONE;
    for (int i = 0; i < n; i++) {
      BigInteger next = a.add(b);
      a = b;
      b = next;
    }
    return a.toString();
  }
}
