package dev.oaas.wire;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.UUID;

/** Classes of the platform that an array may be declared of, by name; nothing is looked up beyond them. */
final class Components {
  private static final Map<String, Class<?>> PLATFORM = new HashMap<>();

  static {
    Class<?>[] types = {
      Object.class, String.class, CharSequence.class, Comparable.class, Number.class, Boolean.class, Byte.class, Short.class,
      Character.class, Integer.class, Long.class, Float.class, Double.class, BigInteger.class, BigDecimal.class, UUID.class,
      Iterable.class, Collection.class, List.class, Set.class, SortedSet.class, Queue.class, Deque.class, Map.class, SortedMap.class,
      java.util.ArrayList.class, java.util.LinkedList.class, java.util.ArrayDeque.class, java.util.PriorityQueue.class,
      java.util.HashSet.class, java.util.LinkedHashSet.class, java.util.TreeSet.class, HashMap.class, java.util.LinkedHashMap.class,
      java.util.TreeMap.class,
    };
    for (Class<?> type : types) PLATFORM.put(type.getName(), type);
  }

  private Components() {}

  /** {@code null}: none of them. */
  static Class<?> platform(String name) {
    return PLATFORM.get(name);
  }

  static Class<?> primitive(char descriptor) {
    switch (descriptor) {
      case 'Z':
        return boolean.class;
      case 'B':
        return byte.class;
      case 'S':
        return short.class;
      case 'C':
        return char.class;
      case 'I':
        return int.class;
      case 'J':
        return long.class;
      case 'F':
        return float.class;
      case 'D':
        return double.class;
      default:
        return null;
    }
  }
}
