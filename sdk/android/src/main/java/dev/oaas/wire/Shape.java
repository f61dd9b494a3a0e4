package dev.oaas.wire;

import java.lang.ref.SoftReference;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;

/**
 * How a class of the app is taken apart and put together again: its state fields, and how an instance is made.
 *
 * <p>Records are recognised by reflection, since neither Java 11 nor older Androids know them: there D8 turns a record into a final class of
 * fields, which is made without its constructor, as every serialiser on Android does it.
 */
final class Shape {
  /** How an instance is made; {@code null} in {@link #maker}: not at all. */
  private enum Maker {
    RECORD,
    CONSTRUCTOR,
    ALLOCATE
  }

  private static final Cache CACHE = new Cache();

  final Class<?> type;
  /** By name, those of superclasses first; for a record its components in order. */
  final Map<String, Field> fields;
  private final Maker maker;
  private final Constructor<?> constructor;

  private Shape(Class<?> type) {
    this.type = type;
    Constructor<?> canonical = recordConstructor(type);
    Map<String, Field> found = new LinkedHashMap<>();
    if (canonical != null) {
      for (String name : recordComponents(type)) found.put(name, open(declared(type, name)));
    } else {
      collectFields(type, found);
    }
    fields = Collections.unmodifiableMap(found);
    // What a superclass of the platform keeps is out of reach.
    boolean whole = canonical != null || isWhole(type);
    Constructor<?> plain = canonical != null || !whole ? null : emptyConstructor(type);
    constructor = canonical != null ? canonical : plain;
    if (canonical != null) maker = Maker.RECORD;
    else if (plain != null) maker = Maker.CONSTRUCTOR;
    else maker = whole && isDesugaredRecord(type) ? Maker.ALLOCATE : null;
  }

  /** @throws WireException where fields cannot be reached, or two of a hierarchy have the same name */
  static Shape of(Class<?> type) {
    return CACHE.get(type);
  }

  /** Whether an instance can be made from fields. */
  boolean canMake() {
    return maker != null;
  }

  boolean isRecord() {
    return maker == Maker.RECORD;
  }

  /** A new instance without values, so that what it contains may refer to it; {@code null} for a record. */
  Object makeEmpty() {
    try {
      if (maker == Maker.CONSTRUCTOR) return constructor.newInstance();
      if (maker == Maker.ALLOCATE) return allocate(type);
      return null;
    } catch (InvocationTargetException e) {
      throw new WireException("the constructor of " + type.getName() + " failed: " + e.getCause(), e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new WireException("cannot make a " + type.getName() + ": " + e, e);
    }
  }

  /** @param values one per field, in the order of {@link #fields} */
  Object makeRecord(Object[] values) {
    int i = 0;
    for (Field field : fields.values()) values[i] = fitting(field, values[i++]);
    try {
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      throw new WireException("the constructor of record " + type.getName() + " refused: " + e.getCause(), e.getCause());
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      throw new WireException("cannot make record " + type.getName() + ": " + e, e);
    }
  }

  Object get(Object instance, Field field) {
    try {
      return field.get(instance);
    } catch (IllegalAccessException e) {
      throw new WireException("cannot read " + type.getName() + "." + field.getName(), e);
    }
  }

  void set(Object instance, Field field, Object value) {
    Object fit = fitting(field, value);
    try {
      field.set(instance, fit);
    } catch (IllegalAccessException | IllegalArgumentException e) {
      throw new WireException("cannot set " + type.getName() + "." + field.getName() + ": " + e, e);
    }
  }

  /** Takes every field of one instance over into another. */
  void copy(Object from, Object to) {
    for (Field field : fields.values()) set(to, field, get(from, field));
  }

  private Object fitting(Field field, Object value) {
    Class<?> wanted = boxed(field.getType());
    boolean fits = value == null ? !field.getType().isPrimitive() : wanted.isInstance(value);
    if (fits) return value;
    throw new WireException(type.getName() + "." + field.getName() + " is a " + field.getType().getName()
        + ", received " + (value == null ? "null" : "a " + value.getClass().getName()));
  }

  static Class<?> boxed(Class<?> type) {
    // An array of the primitive holds its box.
    return type.isPrimitive() && type != void.class ? Array.get(Array.newInstance(type, 1), 0).getClass() : type;
  }

  private static void collectFields(Class<?> type, Map<String, Field> into) {
    if (type == null || type == Object.class || Platform.isPlatform(type)) return;
    collectFields(type.getSuperclass(), into);
    Field[] declared = type.getDeclaredFields();
    // The order of reflection differs between virtual machines.
    Arrays.sort(declared, (a, b) -> a.getName().compareTo(b.getName()));
    for (Field field : declared) {
      int modifiers = field.getModifiers();
      if (Modifier.isStatic(modifiers) || Modifier.isTransient(modifiers) || field.isSynthetic()) continue;
      if (into.put(field.getName(), open(field)) != null) {
        throw new WireException("two fields " + field.getName() + " in " + type.getName()
            + " and a superclass: rename one, or make it transient");
      }
    }
  }

  private static boolean isWhole(Class<?> type) {
    Class<?> parent = type;
    while (parent != null && !Platform.isPlatform(parent)) parent = parent.getSuperclass();
    return parent == Object.class || isDesugaredRecord(type);
  }

  private static Field open(Field field) {
    try {
      field.setAccessible(true);
      return field;
    } catch (RuntimeException e) {
      throw new WireException("cannot reach " + field + ": open its package to dev.oaas.wire", e);
    }
  }

  private static Field declared(Class<?> type, String name) {
    try {
      return type.getDeclaredField(name);
    } catch (NoSuchFieldException e) {
      throw new WireException("record " + type.getName() + " has no field " + name, e);
    }
  }

  private static Constructor<?> emptyConstructor(Class<?> type) {
    // An inner class without its outer instance, an abstract class: nothing to make.
    if (Modifier.isAbstract(type.getModifiers())) return null;
    try {
      Constructor<?> constructor = type.getDeclaredConstructor();
      constructor.setAccessible(true);
      return constructor;
    } catch (NoSuchMethodException | RuntimeException e) {
      return null;
    }
  }

  private static boolean isDesugaredRecord(Class<?> type) {
    Class<?> parent = type.getSuperclass();
    return parent != null && parent.getName().equals("com.android.tools.r8.RecordTag");
  }

  /** Only for what was a record: all of its fields are set right after. */
  private static Object allocate(Class<?> type) throws ReflectiveOperationException {
    Class<?> unsafe = Class.forName("sun.misc.Unsafe");
    Field instance = unsafe.getDeclaredField("theUnsafe");
    instance.setAccessible(true);
    return unsafe.getMethod("allocateInstance", Class.class).invoke(instance.get(null), type);
  }

  private static boolean isRecordClass(Class<?> type) {
    Class<?> parent = type.getSuperclass();
    return parent != null && parent.getName().equals("java.lang.Record");
  }

  private static List<String> recordComponents(Class<?> type) {
    List<String> names = new ArrayList<>();
    for (Object component : components(type)) names.add((String) call(component, "getName"));
    return names;
  }

  private static Constructor<?> recordConstructor(Class<?> type) {
    if (!isRecordClass(type)) return null;
    Object[] components = components(type);
    Class<?>[] types = new Class<?>[components.length];
    for (int i = 0; i < types.length; i++) types[i] = (Class<?>) call(components[i], "getType");
    try {
      Constructor<?> canonical = type.getDeclaredConstructor(types);
      canonical.setAccessible(true);
      return canonical;
    } catch (NoSuchMethodException | RuntimeException e) {
      throw new WireException("cannot reach the constructor of record " + type.getName(), e);
    }
  }

  private static Object[] components(Class<?> type) {
    return (Object[]) call(type, "getRecordComponents");
  }

  private static Object call(Object target, String method) {
    try {
      Method found = target.getClass().getMethod(method);
      return found.invoke(target);
    } catch (ReflectiveOperationException e) {
      throw new WireException("this virtual machine has records but not " + method, e);
    }
  }

  /** {@code ClassValue} is missing on Android 8; soft values, because a shape refers to its class, let unused apps go again. */
  private static final class Cache {
    private final Map<Class<?>, SoftReference<Shape>> shapes = new WeakHashMap<>();

    synchronized Shape get(Class<?> type) {
      SoftReference<Shape> known = shapes.get(type);
      Shape shape = known == null ? null : known.get();
      if (shape == null) {
        shape = new Shape(type);
        shapes.put(type, new SoftReference<>(shape));
      }
      return shape;
    }
  }
}
