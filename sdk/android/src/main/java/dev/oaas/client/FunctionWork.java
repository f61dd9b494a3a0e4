package dev.oaas.client;

import dev.oaas.Encoding;
import dev.oaas.LocalFunction;
import dev.oaas.wire.Codec;
import dev.oaas.wire.JsonBinder;
import dev.oaas.wire.Payload;
import java.lang.reflect.Type;
import java.util.Arrays;

/** A call of a method that is declared by name, without an interface. It has no state. */
final class FunctionWork implements Work {
  /** How the method's calls travel; shared by all of them. */
  static final class Carrier {
    final Encoding encoding;
    final Codec codec;
    final JsonBinder binder;
    final Type resultType;
    final Class<?> resultClass;
    /** {@code null}: it can only run remotely. */
    final LocalFunction<?> local;

    Carrier(Encoding encoding, Codec codec, JsonBinder binder, Class<?> resultClass, LocalFunction<?> local) {
      this.encoding = encoding;
      this.codec = codec;
      this.binder = binder;
      this.resultType = resultClass;
      this.resultClass = resultClass;
      this.local = local;
    }
  }

  private static final Runnable NOTHING = () -> {};

  private final Carrier carrier;
  private final Object[] arguments;

  FunctionWork(Carrier carrier, Object[] arguments) {
    this.carrier = carrier;
    this.arguments = arguments;
  }

  @Override
  public Object[] arguments() {
    return arguments;
  }

  @Override
  public boolean hasLocal() {
    return carrier.local != null;
  }

  @Override
  public Payload args() {
    if (carrier.encoding == Encoding.JSON) return Payload.ofJson(carrier.binder.toJson(Arrays.asList(arguments)));
    return Payload.ofBytes(Codec.TYPE, carrier.codec.encode(arguments));
  }

  @Override
  public Payload state() {
    return null;
  }

  @Override
  public boolean canRunAside() {
    return carrier.local != null;
  }

  @Override
  public Done runLocal(boolean aside) throws Throwable {
    return new Done(carrier.local.run(arguments), NOTHING);
  }

  @Override
  public Done read(Payload result, Payload state) {
    if (carrier.resultClass == Void.class) return new Done(null, NOTHING);
    Object value;
    if (result.isJson()) value = carrier.binder.fromJson(result.json(), carrier.resultType);
    else if (result.type.equals(Codec.TYPE)) value = carrier.codec.decode(result.bytes());
    else value = Values.ofBytes(result, carrier.resultClass);
    return new Done(Values.checked(value, carrier.resultClass), NOTHING);
  }
}
