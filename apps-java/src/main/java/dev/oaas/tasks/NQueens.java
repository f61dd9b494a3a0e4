package dev.oaas.tasks;

import dev.oaas.Offloadable;

/** The n-queens puzzle. */
@Offloadable
public interface NQueens {
  /** In how many ways n queens stand on an n x n board without attacking each other; n from 1 to 15. */
  long count(int n);

  /** The first arrangement in lexical order: column of the queen in each row; null where there is none; n from 1 to 24. */
  int[] first(int n);
}
