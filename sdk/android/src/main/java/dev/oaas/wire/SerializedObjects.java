package dev.oaas.wire;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InvalidClassException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * Objects of allowed classes that can only be carried by Java serialization (no constructor without parameters, a form of their own).
 * Reading is closed twice: the stream resolves nothing but allowed classes, and where the virtual machine has {@link ObjectInputFilter} one
 * also bounds what the stream may cost. Where it has none, nothing that has a length is let in.
 */
final class SerializedObjects {
  private static final Set<String> SCALARS = names("java.lang.String java.lang.Number java.lang.Boolean java.lang.Byte java.lang.Short "
      + "java.lang.Character java.lang.Integer java.lang.Long java.lang.Float java.lang.Double java.lang.Enum");

  /** What has a length: only where a filter bounds it. {@code CollSer} stands for {@code List.of} and the like. */
  private static final Set<String> CONTAINERS = names("java.math.BigInteger java.math.BigDecimal java.util.UUID java.util.ArrayList "
      + "java.util.LinkedList java.util.ArrayDeque java.util.HashSet java.util.LinkedHashSet java.util.TreeSet java.util.HashMap "
      + "java.util.LinkedHashMap java.util.TreeMap java.util.CollSer java.util.Arrays$ArrayList java.util.Date "
      // What CollSer turns into.
      + "java.util.ImmutableCollections$ListN java.util.ImmutableCollections$List12 java.util.ImmutableCollections$SetN "
      + "java.util.ImmutableCollections$Set12 java.util.ImmutableCollections$MapN java.util.ImmutableCollections$Map1 "
      // HashMap and its kind announce the size of their table as an array of these.
      + "java.util.Map$Entry java.lang.Object");

  private SerializedObjects() {}

  static byte[] write(Object value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    } catch (IOException e) {
      throw new WireException(value.getClass().getName() + " cannot be serialised: " + e, e);
    }
    return bytes.toByteArray();
  }

  static Object read(byte[] bytes, Class<?> expected, AllowList allowed) {
    return read(bytes, expected, allowed, hasFilter());
  }

  static Object read(byte[] bytes, Class<?> expected, AllowList allowed, boolean filtered) {
    try (GuardedStream in = new GuardedStream(new ByteArrayInputStream(bytes), allowed, filtered)) {
      if (filtered) Filter.set(in, allowed, bytes.length);
      Object value = in.readObject();
      if (value == null || value.getClass() != expected) {
        throw new WireException("a serialised " + (value == null ? "null" : value.getClass().getName()) + " in place of a " + expected.getName());
      }
      if (in.read() != -1) throw new WireException("bytes after a serialised " + expected.getName());
      return value;
    } catch (IOException | ClassNotFoundException | RuntimeException e) {
      if (e instanceof WireException) throw (WireException) e;
      throw new WireException("a serialised " + expected.getName() + " is refused: " + e.getMessage(), e);
    }
  }

  private static boolean hasFilter() {
    try {
      Class.forName("java.io.ObjectInputFilter");
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  private static Set<String> names(String list) {
    return new HashSet<>(Arrays.asList(list.split(" ")));
  }

  /** Whether a stream may name the class; arrays count as what they are arrays of. */
  private static Class<?> resolve(String name, AllowList allowed, boolean filtered) throws ClassNotFoundException {
    boolean array = name.startsWith("[");
    if (array && !filtered) return null;
    int dimensions = name.lastIndexOf('[') + 1;
    if (dimensions > 8) return null;
    String element = array && name.endsWith(";") ? name.substring(dimensions + 1, name.length() - 1) : name;
    if (array && !name.endsWith(";")) return name.length() == dimensions + 1 ? Class.forName(name) : null;
    Class<?> type = allowed.find(element);
    if (type == null && (SCALARS.contains(element) || (filtered && CONTAINERS.contains(element)))) type = Class.forName(element);
    if (type == null || !array) return type;
    Class<?> made = type;
    for (int i = 0; i < dimensions; i++) made = java.lang.reflect.Array.newInstance(made, 0).getClass();
    return made;
  }

  /** Resolves by the allow-list alone, never by a class loader, and no proxies. */
  private static final class GuardedStream extends ObjectInputStream {
    private final AllowList allowed;
    private final boolean filtered;

    GuardedStream(InputStream in, AllowList allowed, boolean filtered) throws IOException {
      super(in);
      this.allowed = allowed;
      this.filtered = filtered;
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
      Class<?> type = resolve(description.getName(), allowed, filtered);
      if (type == null) throw new InvalidClassException(description.getName(), "not on the allow-list");
      return type;
    }

    @Override
    protected Class<?> resolveProxyClass(String[] interfaces) throws IOException {
      throw new InvalidClassException("a proxy of " + Arrays.toString(interfaces) + " is not on the allow-list");
    }
  }

  /** Apart, so that a virtual machine without {@link ObjectInputFilter} never links it. */
  @NeedsNewerAndroid
  private static final class Filter {
    static void set(ObjectInputStream in, AllowList allowed, int bytes) {
      in.setObjectInputFilter(info -> check(info, allowed, bytes));
    }

    private static ObjectInputFilter.Status check(ObjectInputFilter.FilterInfo info, AllowList allowed, int bytes) {
      // An element takes at least a byte of the stream; hash tables announce up to four times their size.
      boolean costly = info.depth() > Bounds.MAX_SERIAL_DEPTH || info.references() > Bounds.MAX_SERIAL_REFERENCES
          || info.arrayLength() > 4L * bytes + 16 || info.streamBytes() > bytes;
      if (costly) return ObjectInputFilter.Status.REJECTED;
      Class<?> type = info.serialClass();
      if (type == null || type.isPrimitive()) return ObjectInputFilter.Status.UNDECIDED;
      try {
        boolean known = resolve(type.getName(), allowed, true) == type;
        return known ? ObjectInputFilter.Status.ALLOWED : ObjectInputFilter.Status.REJECTED;
      } catch (ClassNotFoundException e) {
        return ObjectInputFilter.Status.REJECTED;
      }
    }
  }
}
