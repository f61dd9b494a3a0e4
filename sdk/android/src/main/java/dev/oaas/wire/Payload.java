package dev.oaas.wire;

import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/** Arguments, state or result on the wire: a JSON value inline, or bytes of a content type. */
public final class Payload {
  /** Content type of JSON values, which travel inline. */
  public static final String JSON = "application/json";

  /** Content type. */
  public final String type;
  private final Object json;
  private final byte[] bytes;

  private Payload(String type, Object json, byte[] bytes) {
    this.type = type;
    this.json = json;
    this.bytes = bytes;
  }

  /** A JSON value, of the classes that {@link Json} knows. */
  public static Payload ofJson(Object json) {
    return new Payload(JSON, json, null);
  }

  /** Bytes of a content type; the array is not copied. */
  public static Payload ofBytes(String type, byte[] bytes) {
    return new Payload(type, null, bytes);
  }

  /** Whether it is a JSON value. */
  public boolean isJson() {
    return bytes == null;
  }

  /** The JSON value; {@code null} also for bytes. */
  public Object json() {
    return json;
  }

  /** The bytes; {@code null} for JSON. */
  public byte[] bytes() {
    return bytes;
  }

  /** As it stands in a task request. */
  public Map<String, Object> toJson() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("type", type);
    if (bytes == null) map.put("json", json);
    else map.put("base64", Base64.getEncoder().encodeToString(bytes));
    return map;
  }

  /** @throws WireException when it is no payload */
  public static Payload fromJson(Object value) {
    if (value instanceof Map && ((Map<?, ?>) value).get("type") instanceof String) {
      Map<?, ?> map = (Map<?, ?>) value;
      String type = (String) map.get("type");
      Object base64 = map.get("base64");
      if (base64 == null && type.equals(JSON)) return ofJson(map.get("json"));
      if (base64 instanceof String) return ofBytes(type, decode((String) base64));
    }
    throw new WireException("not a payload: {type, json | base64} is wanted");
  }

  private static byte[] decode(String base64) {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw new WireException("not base64: " + e.getMessage(), e);
    }
  }
}
