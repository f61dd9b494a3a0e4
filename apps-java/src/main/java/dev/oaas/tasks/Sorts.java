package dev.oaas.tasks;

import dev.oaas.Offloadable;

/** Sorting: the numbers themselves, or numbers made from a seed, of which only a digest of the sorted sequence travels back. */
@Offloadable
public interface Sorts {
  /** Of the sorted sequence: the sum is of position times value, modulo 2^32. */
  class Digest {
    public int count;
    public double first;
    public double last;
    public long checksum;
  }

  /** Bubble sort, ascending: O(n^2). */
  double[] bubble(double[] numbers);

  /** Quicksort, ascending, median of three. */
  double[] quick(double[] numbers);

  /** Bubble sort of numbers made from the seed (x' = 1664525 x + 1013904223 modulo 2^32); count from 1 to 1,000,000. */
  Digest bubbleSeeded(int count, long seed);

  /** Quicksort of numbers made from the seed; count from 1 to 1,000,000. */
  Digest quickSeeded(int count, long seed);
}
