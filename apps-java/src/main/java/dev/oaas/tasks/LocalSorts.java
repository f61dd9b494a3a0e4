package dev.oaas.tasks;

/** In place, on a copy. */
public class LocalSorts implements Sorts {
  @Override
  public double[] bubble(double[] numbers) {
    double[] a = numbers.clone();
    for (int end = a.length - 1; end > 0; ) {
      int last = 0;
      for (int i = 0; i < end; i++) {
        if (a[i] <= a[i + 1]) continue;
        swap(a, i, i + 1);
        last = i;
      }
      end = last;
    }
    return a;
  }

  @Override
  public double[] quick(double[] numbers) {
    double[] a = numbers.clone();
    sort(a, 0, a.length - 1);
    return a;
  }

  @Override
  public Digest bubbleSeeded(int count, long seed) {
    return digest(bubble(make(count, seed)));
  }

  @Override
  public Digest quickSeeded(int count, long seed) {
    return digest(quick(make(count, seed)));
  }

  /** The smaller part first, so that the stack stays short. */
  private static void sort(double[] a, int from, int to) {
    int low = from;
    int high = to;
    while (low < high) {
      double pivot = median(a[low], a[(low + high) >>> 1], a[high]);
      int i = low;
      int j = high;
      while (i <= j) {
        while (a[i] < pivot) i++;
        while (a[j] > pivot) j--;
        if (i <= j) swap(a, i++, j--);
      }
      if (j - low < high - i) {
        sort(a, low, j);
        low = i;
      } else {
        sort(a, i, high);
        high = j;
      }
    }
  }

  private static double median(double x, double y, double z) {
    return Math.max(Math.min(x, y), Math.min(Math.max(x, y), z));
  }

  private static void swap(double[] a, int i, int j) {
    double kept = a[i];
    a[i] = a[j];
    a[j] = kept;
  }

  private static double[] make(int count, long seed) {
    Checks.range("count", count, 1, 1_000_000);
    double[] numbers = new double[count];
    int x = (int) seed;
    for (int i = 0; i < count; i++) {
      x = x * 1_664_525 + 1_013_904_223;
      numbers[i] = x & 0xffffffffL;
    }
    return numbers;
  }

  private static Digest digest(double[] sorted) {
    Digest digest = new Digest();
    int checksum = 0;
    for (int i = 0; i < sorted.length; i++) checksum += (i + 1) * (int) (long) sorted[i];
    digest.count = sorted.length;
    digest.first = sorted[0];
    digest.last = sorted[sorted.length - 1];
    digest.checksum = checksum & 0xffffffffL;
    return digest;
  }
}
