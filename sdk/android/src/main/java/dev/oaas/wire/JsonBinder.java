package dev.oaas.wire;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/** Java values as JSON values and back, guided by declared types: how Java and JavaScript apps call each other. */
public final class JsonBinder {
  private final AllowList allowed;

  /** @param allowed classes of the app that may be made of JSON objects */
  public JsonBinder(AllowList allowed) {
    this.allowed = allowed;
  }

  /** @throws WireException for a value that JSON cannot carry */
  public Object toJson(Object value) {
    return toJson(value, 0);
  }

  private Object toJson(Object value, int depth) {
    if (depth > Bounds.MAX_DEPTH) throw new WireException("values within values deeper than " + Bounds.MAX_DEPTH + ", or a cycle: not for JSON");
    if (value == null || value instanceof Boolean || value instanceof Number || value instanceof String) return value;
    if (value instanceof Character || value instanceof UUID) return value.toString();
    if (value instanceof Enum) return ((Enum<?>) value).name();
    if (value.getClass().isArray()) {
      List<Object> list = new ArrayList<>();
      for (int i = 0; i < Array.getLength(value); i++) list.add(toJson(Array.get(value, i), depth + 1));
      return list;
    }
    if (value instanceof Collection) {
      List<Object> list = new ArrayList<>();
      for (Object element : (Collection<?>) value) list.add(toJson(element, depth + 1));
      return list;
    }
    Map<String, Object> map = new LinkedHashMap<>();
    if (value instanceof Map) {
      for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
        map.put(String.valueOf(toJson(entry.getKey(), depth + 1)), toJson(entry.getValue(), depth + 1));
      }
      return map;
    }
    if (!allowed.allows(value.getClass())) throw new WireException(value.getClass().getName() + " is not on the app's list of classes");
    Shape shape = Shape.of(value.getClass());
    for (Map.Entry<String, Field> field : shape.fields.entrySet()) {
      map.put(field.getKey(), toJson(shape.get(value, field.getValue()), depth + 1));
    }
    return map;
  }

  /**
   * The JSON value as a value of the type.
   *
   * @param json as {@link Json#parse} gives it
   * @throws WireException naming what was received and what the type wants
   */
  public Object fromJson(Object json, Type type) {
    if (type instanceof ParameterizedType) return fromParameterized(json, (ParameterizedType) type);
    if (type instanceof GenericArrayType) return array(json, ((GenericArrayType) type).getGenericComponentType());
    if (type instanceof WildcardType) return fromJson(json, ((WildcardType) type).getUpperBounds()[0]);
    if (type instanceof TypeVariable) return fromJson(json, ((TypeVariable<?>) type).getBounds()[0]);
    return fromClass(json, (Class<?>) type);
  }

  private Object fromParameterized(Object json, ParameterizedType type) {
    Class<?> raw = (Class<?>) type.getRawType();
    Type[] arguments = type.getActualTypeArguments();
    if (json == null) return null;
    if (Collection.class.isAssignableFrom(raw) || raw == Iterable.class) return collection(json, raw, arguments[0]);
    if (Map.class.isAssignableFrom(raw)) return map(json, raw, arguments[0], arguments[1]);
    return fromClass(json, raw);
  }

  private Object fromClass(Object json, Class<?> type) {
    if (type == void.class || type == Void.class) return null;
    if (json == null) {
      if (type.isPrimitive()) throw mismatch(null, type);
      return null;
    }
    if (type == Object.class) return json;
    Class<?> boxed = Shape.boxed(type);
    if (Number.class.isAssignableFrom(boxed)) return number(json, boxed);
    if (boxed == Boolean.class && json instanceof Boolean) return json;
    if (boxed == Character.class && json instanceof String && ((String) json).length() == 1) return ((String) json).charAt(0);
    if (type.isAssignableFrom(String.class) && json instanceof String) return json;
    if (type == UUID.class && json instanceof String) return uuid((String) json);
    if (type.isEnum()) return constant(json, type);
    if (type.isArray()) return array(json, type.getComponentType());
    if (Collection.class.isAssignableFrom(type) || type == Iterable.class) return collection(json, type, Object.class);
    if (Map.class.isAssignableFrom(type)) return map(json, type, Object.class, Object.class);
    if (json instanceof Map && allowed.allows(type)) return object((Map<?, ?>) json, type);
    throw mismatch(json, type);
  }

  private static UUID uuid(String text) {
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      throw mismatch(text, UUID.class);
    }
  }

  private static Object number(Object json, Class<?> type) {
    if (!(json instanceof Number)) throw mismatch(json, type);
    Number number = (Number) json;
    double value = number.doubleValue();
    if (type == Double.class) return value;
    if (type == Float.class) return (float) value;
    if (type == BigDecimal.class) return new BigDecimal(number.toString());
    if (type == Number.class) return number;
    if (value != Math.rint(value) || Double.isInfinite(value)) throw mismatch(json, type);
    if (type == BigInteger.class) {
      // 1e308 is a whole number as well, of 309 digits: bounded by the exponents that a double has.
      return number instanceof Long ? BigInteger.valueOf(number.longValue()) : new BigDecimal(value).toBigInteger();
    }
    if (!(number instanceof Long) && Math.abs(value) > 9.2e18) throw mismatch(json, type);
    long whole = number.longValue();
    if (type == Long.class) return whole;
    if (type == Integer.class && whole == (int) whole) return (int) whole;
    if (type == Short.class && whole == (short) whole) return (short) whole;
    if (type == Byte.class && whole == (byte) whole) return (byte) whole;
    throw mismatch(json, type);
  }

  private static Object constant(Object json, Class<?> type) {
    for (Object constant : type.getEnumConstants()) if (((Enum<?>) constant).name().equals(json)) return constant;
    throw mismatch(json, type);
  }

  private Object array(Object json, Type component) {
    if (json == null) return null;
    if (!(json instanceof List)) throw new WireException("an array is wanted, received " + Json.write(json));
    List<?> list = (List<?>) json;
    Object array = Array.newInstance(raw(component), list.size());
    for (int i = 0; i < list.size(); i++) Array.set(array, i, fromJson(list.get(i), component));
    return array;
  }

  private Object collection(Object json, Class<?> type, Type element) {
    if (!(json instanceof List)) throw mismatch(json, type);
    Collection<Object> into;
    if (type == LinkedList.class) into = new LinkedList<>();
    else if (SortedSet.class.isAssignableFrom(type)) into = new TreeSet<>();
    else if (Set.class.isAssignableFrom(type)) into = new LinkedHashSet<>();
    else if (type == Deque.class || type == Queue.class || type == ArrayDeque.class) into = new ArrayDeque<>();
    else into = new ArrayList<>();
    if (!type.isInstance(into)) throw mismatch(json, type);
    for (Object value : (List<?>) json) into.add(fromJson(value, element));
    return into;
  }

  private Object map(Object json, Class<?> type, Type key, Type value) {
    if (!(json instanceof Map)) throw mismatch(json, type);
    Map<Object, Object> into = SortedMap.class.isAssignableFrom(type) ? new TreeMap<>() : new LinkedHashMap<>();
    if (!type.isInstance(into)) throw mismatch(json, type);
    for (Map.Entry<?, ?> entry : ((Map<?, ?>) json).entrySet()) {
      into.put(key((String) entry.getKey(), raw(key)), fromJson(entry.getValue(), value));
    }
    return into;
  }

  /** JSON's names are strings; the type says what they stand for. */
  private Object key(String name, Class<?> type) {
    if (Number.class.isAssignableFrom(type)) {
      try {
        return number(type == Double.class || type == Float.class ? (Number) Double.valueOf(name) : (Number) Long.valueOf(name), type);
      } catch (NumberFormatException e) {
        throw mismatch(name, type);
      }
    }
    if (type == Boolean.class) return Boolean.valueOf(name);
    return fromClass(name, type);
  }

  private Object object(Map<?, ?> json, Class<?> type) {
    Shape shape = Shape.of(type);
    if (!shape.canMake()) throw new WireException(type.getName() + " cannot be made of JSON: it needs a constructor without parameters, or to be a record");
    for (Object name : json.keySet()) {
      if (!shape.fields.containsKey(name)) throw new WireException(type.getName() + " has no field \"" + name + "\"");
    }
    Object instance = shape.makeEmpty();
    List<Object> values = new ArrayList<>();
    for (Map.Entry<String, Field> field : shape.fields.entrySet()) {
      boolean given = json.containsKey(field.getKey());
      Object value = given ? fromJson(json.get(field.getKey()), field.getValue().getGenericType()) : null;
      values.add(value);
      // What JSON leaves out stays as the constructor made it.
      if (instance != null && given) shape.set(instance, field.getValue(), value);
    }
    return instance != null ? instance : shape.makeRecord(values.toArray());
  }

  private static Class<?> raw(Type type) {
    if (type instanceof Class) return (Class<?>) type;
    if (type instanceof ParameterizedType) return (Class<?>) ((ParameterizedType) type).getRawType();
    if (type instanceof GenericArrayType) return Array.newInstance(raw(((GenericArrayType) type).getGenericComponentType()), 0).getClass();
    if (type instanceof WildcardType) return raw(((WildcardType) type).getUpperBounds()[0]);
    return raw(((TypeVariable<?>) type).getBounds()[0]);
  }

  private static WireException mismatch(Object json, Class<?> type) {
    String shown = Json.write(json);
    return new WireException("a " + type.getName() + " is wanted, received " + (shown.length() > 80 ? shown.substring(0, 80) + "..." : shown));
  }
}
