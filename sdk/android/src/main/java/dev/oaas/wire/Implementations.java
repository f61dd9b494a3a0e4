package dev.oaas.wire;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The surrogate's side: the offloadable methods of an app's implementations, called with payloads. Each call gets an instance of its
 * own. One allow-list serves the whole app.
 */
public final class Implementations {
  private static final class Target {
    final Method method;
    final State state;
    /** Parsed from the signature by the first who asks: not to be the request. */
    final Type[] types;

    Target(Method method, State state) {
      this.method = method;
      this.state = state;
      types = method.getGenericParameterTypes();
    }
  }

  private final Map<String, Target> targets;
  private final Codec codec;
  private final JsonBinder binder;

  private Implementations(Map<String, Target> targets, AllowList allowed) {
    this.targets = targets;
    codec = new Codec(allowed);
    binder = new JsonBinder(allowed);
  }

  /**
   * Loads an app.
   *
   * @param loader of the app's JAR
   * @param implementationNames {@code java.implementations} of its manifest
   * @param classNames {@code java.classes} of its manifest
   * @throws WireException what is wrong with the app: a class that is missing, without offloadable methods, names that clash
   */
  public static Implementations load(ClassLoader loader, List<String> implementationNames, List<String> classNames) {
    AllowList.Builder allowed = AllowList.builder();
    Map<String, Target> targets = new HashMap<>();
    for (String name : implementationNames) {
      Class<?> type = load(loader, name);
      State state = new State(type);
      state.makeEmpty();
      allowed.add(type);
      boolean any = false;
      for (Class<?> face : interfacesOf(type)) {
        for (Map.Entry<String, Method> entry : OffloadableMethods.of(face).entrySet()) {
          any = true;
          Method method = entry.getValue();
          allowed.signature(method);
          Target other = targets.put(entry.getKey(), new Target(open(method), state));
          if (other != null && !(other.state == state && OffloadableMethods.sameSignature(other.method, method))) {
            throw new WireException("two offloadable methods named \"" + entry.getKey() + "\": give one @Offloadable(name = ...)");
          }
        }
      }
      if (!any) throw new WireException(name + " implements no interface with an @Offloadable method");
    }
    for (String name : classNames) allowed.add(load(loader, name));
    return new Implementations(targets, allowed.build());
  }

  /** Names of the methods that can be called. */
  public Set<String> methods() {
    return Collections.unmodifiableSet(targets.keySet());
  }

  /**
   * Calls a method on a new instance.
   *
   * @param args payload of the request
   * @param state payload of the request; {@code null}: none
   * @throws WireException when there is no such method, or the payloads do not fit it
   * @throws Throwable what the method threw, as it is
   */
  public Reply invoke(String method, Payload args, Payload state) throws Throwable {
    Target target = targets.get(method);
    if (target == null) throw new WireException("no offloadable method \"" + method + "\"; there are " + new java.util.TreeSet<>(targets.keySet()));
    Object[] values = arguments(target, args);
    Object instance = target.state.makeEmpty();
    if (state != null) target.state.copy(read(state, instance.getClass()), instance);
    Object result;
    try {
      result = target.method.invoke(instance, values);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
    return new Reply(write(result, args.isJson()), state == null ? null : write(instance, state.isJson()));
  }

  private Object[] arguments(Target target, Payload payload) {
    Method method = target.method;
    Type[] types = target.types;
    if (payload.isJson()) {
      Object json = payload.json();
      List<?> list = json instanceof List ? (List<?>) json : Collections.singletonList(json);
      checkCount(method, types.length, list.size());
      Object[] values = new Object[types.length];
      for (int i = 0; i < values.length; i++) values[i] = binder.fromJson(list.get(i), types[i]);
      return values;
    }
    Object decoded = read(payload, Object[].class);
    if (!(decoded instanceof Object[])) throw new WireException("the arguments are an Object[]");
    Object[] values = (Object[]) decoded;
    checkCount(method, types.length, values.length);
    Class<?>[] classes = method.getParameterTypes();
    for (int i = 0; i < values.length; i++) {
      boolean fits = values[i] == null ? !classes[i].isPrimitive() : Shape.boxed(classes[i]).isInstance(values[i]);
      if (!fits) throw new WireException("argument " + i + " of " + method.getName() + " is a " + classes[i].getName()
          + ", received " + (values[i] == null ? "null" : "a " + values[i].getClass().getName()));
    }
    return values;
  }

  private Object read(Payload payload, Class<?> type) {
    if (payload.isJson()) return binder.fromJson(payload.json(), type);
    if (!payload.type.equals(Codec.TYPE)) throw new WireException("content type \"" + payload.type + "\": " + Codec.TYPE + " or " + Payload.JSON + " is wanted");
    return codec.decode(payload.bytes());
  }

  private Payload write(Object value, boolean json) {
    return json ? Payload.ofJson(binder.toJson(value)) : Payload.ofBytes(Codec.TYPE, codec.encode(value));
  }

  private static void checkCount(Method method, int wanted, int received) {
    if (wanted != received) throw new WireException(method.getName() + " takes " + wanted + " arguments, received " + received);
  }

  private static Class<?> load(ClassLoader loader, String name) {
    try {
      return Class.forName(name, true, loader);
    } catch (ClassNotFoundException | LinkageError e) {
      throw new WireException("class " + name + " of the manifest cannot be loaded: " + e, e);
    }
  }

  /** The interface's method may be of a package-private interface: it is opened. */
  private static Method open(Method method) {
    method.setAccessible(true);
    return method;
  }

  private static List<Class<?>> interfacesOf(Class<?> type) {
    Set<Class<?>> faces = new LinkedHashSet<>();
    for (Class<?> at = type; at != null; at = at.getSuperclass()) Collections.addAll(faces, at.getInterfaces());
    return new ArrayList<>(faces);
  }
}
