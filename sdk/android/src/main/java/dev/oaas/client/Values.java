package dev.oaas.client;

import dev.oaas.wire.Payload;
import dev.oaas.wire.WireException;
import java.lang.reflect.Array;

/** Results as declared types. */
final class Values {
  private Values() {}

  /** @throws WireException when it is no value of that type */
  static Object checked(Object value, Class<?> type) {
    Class<?> boxed = type.isPrimitive() ? Array.get(Array.newInstance(type, 1), 0).getClass() : type;
    boolean fits = value == null ? !type.isPrimitive() : boxed.isInstance(value);
    if (fits) return value;
    throw new WireException("the result is a " + (value == null ? "null" : value.getClass().getName()) + ", declared is " + type.getName());
  }

  /** Bytes of another content type, such as a JavaScript app's {@code Uint8Array}. */
  static Object ofBytes(Payload payload, Class<?> type) {
    return checked(payload.bytes(), type);
  }
}
