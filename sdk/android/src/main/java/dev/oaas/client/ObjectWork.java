package dev.oaas.client;

import dev.oaas.Encoding;
import dev.oaas.wire.Codec;
import dev.oaas.wire.JsonBinder;
import dev.oaas.wire.Payload;
import dev.oaas.wire.State;
import dev.oaas.wire.WireException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.util.Arrays;

/** A call of an interface's method on the app's object. */
final class ObjectWork implements Work {
  /** How an object's calls travel; shared by all of them. */
  static final class Carrier {
    final Encoding encoding;
    final Codec codec;
    final JsonBinder binder;
    /** {@code null}: no local object, or one without state. */
    final State state;
    final Object target;

    Carrier(Encoding encoding, Codec codec, JsonBinder binder, State state, Object target) {
      this.encoding = encoding;
      this.codec = codec;
      this.binder = binder;
      this.state = state;
      this.target = target;
    }
  }

  private static final Runnable NOTHING = () -> {};

  private final Carrier carrier;
  private final Method method;
  private final Object[] arguments;
  /** State at the time of the call, from which a run aside starts; {@code null}: none, or it cannot be copied. */
  private byte[] snapshot;

  ObjectWork(Carrier carrier, Method method, Object[] arguments) {
    this.carrier = carrier;
    this.method = method;
    this.arguments = arguments == null ? new Object[0] : arguments;
  }

  @Override
  public Object[] arguments() {
    return arguments;
  }

  @Override
  public boolean hasLocal() {
    return carrier.target != null;
  }

  @Override
  public Payload args() {
    if (carrier.encoding == Encoding.JSON) return Payload.ofJson(carrier.binder.toJson(Arrays.asList(arguments)));
    return Payload.ofBytes(Codec.TYPE, carrier.codec.encode(arguments));
  }

  @Override
  public Payload state() {
    if (carrier.state == null) return null;
    snapshot = carrier.codec.encode(carrier.target);
    if (carrier.encoding == Encoding.JSON) return Payload.ofJson(carrier.binder.toJson(carrier.target));
    return Payload.ofBytes(Codec.TYPE, snapshot);
  }

  @Override
  public boolean canRunAside() {
    return carrier.target != null && (carrier.state == null || snapshot != null);
  }

  @Override
  public Done runLocal(boolean aside) throws Throwable {
    boolean copied = aside && carrier.state != null;
    Object receiver = copied ? carrier.codec.decode(snapshot) : carrier.target;
    Object result = invoke(receiver, method, arguments);
    return new Done(result, copied ? () -> carrier.state.copy(receiver, carrier.target) : NOTHING);
  }

  @Override
  public Done read(Payload result, Payload state) {
    Object value = readResult(result);
    if (carrier.state == null) return new Done(value, NOTHING);
    if (state == null) throw new WireException("the state did not come back");
    Object after = readState(state);
    return new Done(value, () -> carrier.state.copy(after, carrier.target));
  }

  private Object readResult(Payload payload) {
    Type type = method.getGenericReturnType();
    // Of nothing there is nothing to read, whatever came.
    if (type == void.class) return null;
    if (payload.isJson()) return carrier.binder.fromJson(payload.json(), type);
    if (!payload.type.equals(Codec.TYPE)) return Values.ofBytes(payload, method.getReturnType());
    return Values.checked(carrier.codec.decode(payload.bytes()), method.getReturnType());
  }

  private Object readState(Payload payload) {
    Class<?> type = carrier.target.getClass();
    Object after = payload.isJson() ? carrier.binder.fromJson(payload.json(), type) : carrier.codec.decode(payload.bytes());
    if (!type.isInstance(after)) throw new WireException("the state that came back is no " + type.getName());
    return after;
  }

  /** @throws Throwable what the method threw, as it is */
  static Object invoke(Object receiver, Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(receiver, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
