package dev.oaas.surrogate;

import dev.oaas.Offloadable;
import java.util.List;
import java.util.Map;

/** What is rehearsed: parameters of the common kinds. */
@Offloadable
public interface Play {
  /** Anything will do. */
  List<String> play(String text, int number, double[] numbers, Map<String, Long> map);
}
