package dev.oaas.wire;

import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Classes of an app that may appear in its payloads, by name. A name from the wire is only ever looked up here: nothing is loaded
 * because a payload says so.
 */
public final class AllowList {
  private final Map<String, Class<?>> classes;

  private AllowList(Map<String, Class<?>> classes) {
    this.classes = classes;
  }

  /** A list under construction. */
  public static Builder builder() {
    return new Builder();
  }

  /** The class of that name; {@code null}: not allowed. */
  Class<?> find(String name) {
    return classes.get(name);
  }

  boolean allows(Class<?> type) {
    return classes.get(type.getName()) == type;
  }

  /** Names of the allowed classes, sorted. */
  public Set<String> names() {
    return Collections.unmodifiableSet(new TreeSet<>(classes.keySet()));
  }

  /** Collects what signatures and fields declare. */
  public static final class Builder {
    private final Map<String, Class<?>> classes = new HashMap<>();
    private final Set<Type> seen = new HashSet<>();
    private final Deque<Type> open = new ArrayDeque<>();

    private Builder() {}

    /** The types of parameters and result. */
    public Builder signature(Method method) {
      Collections.addAll(open, method.getGenericParameterTypes());
      open.add(method.getGenericReturnType());
      return this;
    }

    /**
     * A class of the app by itself.
     *
     * @throws WireException for an interface or a class of the platform, which cannot be allowed
     */
    public Builder add(Class<?> type) {
      if (type.isInterface() || type.isArray() || Platform.isPlatform(type)) {
        throw new WireException(type.getName() + " cannot be allowed: only classes, records and enums of the app can");
      }
      open.add(type);
      return this;
    }

    /** The finished list. */
    public AllowList build() {
      while (!open.isEmpty()) visit(open.remove());
      return new AllowList(new HashMap<>(classes));
    }

    private void visit(Type type) {
      if (!seen.add(type)) return;
      if (type instanceof ParameterizedType) {
        open.add(((ParameterizedType) type).getRawType());
        Collections.addAll(open, ((ParameterizedType) type).getActualTypeArguments());
      } else if (type instanceof GenericArrayType) {
        open.add(((GenericArrayType) type).getGenericComponentType());
      } else if (type instanceof WildcardType) {
        Collections.addAll(open, ((WildcardType) type).getUpperBounds());
        Collections.addAll(open, ((WildcardType) type).getLowerBounds());
      } else if (type instanceof TypeVariable) {
        Collections.addAll(open, ((TypeVariable<?>) type).getBounds());
      } else if (type instanceof Class) {
        visitClass((Class<?>) type);
      }
    }

    private void visitClass(Class<?> type) {
      if (type.isArray()) {
        open.add(type.getComponentType());
        return;
      }
      if (type.isInterface() || Platform.isPlatform(type)) return;
      classes.put(type.getName(), type);
      if (type.isEnum()) return;
      for (Field field : Shape.of(type).fields.values()) open.add(field.getGenericType());
      Type parent = type.getGenericSuperclass();
      if (parent != null) open.add(parent);
    }
  }
}
