package dev.oaas.surrogate;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** CPU time of this process from /proc; the management classes would cost more to load than most tasks take. */
final class CpuTime {
  private CpuTime() {}

  /** Microseconds of all live threads since a reading before; never less than nothing, though threads may have ended. */
  static long sinceUs(long beforeUs) {
    return Math.max(0, usedUs() - beforeUs);
  }

  /** Microseconds of all live threads; 0 where the kernel does not tell. */
  static long usedUs() {
    String[] threads = new File("/proc/self/task").list();
    long ns = 0;
    if (threads != null) for (String thread : threads) ns += runNs("/proc/self/task/" + thread + "/schedstat");
    return ns / 1000;
  }

  private static long runNs(String file) {
    byte[] bytes = new byte[64];
    try (InputStream in = new FileInputStream(file)) {
      int length = Math.max(0, in.read(bytes));
      String text = new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
      return Long.parseLong(text.substring(0, text.indexOf(' ')));
    } catch (IOException | RuntimeException threadEnded) {
      return 0;
    }
  }
}
