package dev.oaas.wire;

import dev.oaas.Offloadable;
import java.lang.reflect.Method;
import java.util.LinkedHashMap;
import java.util.Map;

/** Which methods of an interface may be offloaded, and what they are called on the wire. */
public final class OffloadableMethods {
  private OffloadableMethods() {}

  /**
   * Offloadable methods of an interface and those it extends, by wire name.
   *
   * @throws WireException when two have the same name
   */
  public static Map<String, Method> of(Class<?> type) {
    Map<String, Method> found = new LinkedHashMap<>();
    for (Method method : type.getMethods()) {
      if (!method.getDeclaringClass().isInterface() || annotation(method) == null || method.isSynthetic()) continue;
      Method other = found.put(nameOf(method), method);
      if (other != null && !sameSignature(other, method)) {
        throw new WireException("two offloadable methods named \"" + nameOf(method) + "\" in " + type.getName() + ": give one @Offloadable(name = ...)");
      }
    }
    return found;
  }

  /** The annotation of the method or of its interface; {@code null}: it stays on the device. */
  public static Offloadable annotation(Method method) {
    Offloadable own = method.getAnnotation(Offloadable.class);
    return own != null ? own : method.getDeclaringClass().getAnnotation(Offloadable.class);
  }

  /** Name on the wire. */
  public static String nameOf(Method method) {
    Offloadable own = method.getAnnotation(Offloadable.class);
    return own == null || own.name().isEmpty() ? method.getName() : own.name();
  }

  static boolean sameSignature(Method a, Method b) {
    return a.getName().equals(b.getName()) && java.util.Arrays.equals(a.getParameterTypes(), b.getParameterTypes());
  }
}
