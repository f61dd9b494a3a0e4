package dev.oaas.client;

import dev.oaas.net.Exchange;
import dev.oaas.wire.Json;
import dev.oaas.wire.WireException;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** JSON documents of the wire, read without trust in their shape. */
final class Docs {
  static final String PLACEMENTS = "/v1/placements";
  static final String INVOCATIONS = "/v1/invocations";
  static final String TASKS = "/v1/tasks";
  static final String REGIONS = "/v1/regions";
  static final String PING = "/v1/ping";

  private Docs() {}

  /** {@code null}: not a JSON object. */
  static Map<?, ?> object(String text) {
    try {
      Object value = Json.parse(text);
      return value instanceof Map ? (Map<?, ?>) value : null;
    } catch (WireException e) {
      return null;
    }
  }

  static Map<?, ?> object(Map<?, ?> doc, String name) {
    Object value = doc == null ? null : doc.get(name);
    return value instanceof Map ? (Map<?, ?>) value : null;
  }

  static List<?> list(Map<?, ?> doc, String name) {
    Object value = doc == null ? null : doc.get(name);
    return value instanceof List ? (List<?>) value : Collections.emptyList();
  }

  static String text(Map<?, ?> doc, String name) {
    Object value = doc == null ? null : doc.get(name);
    return value instanceof String ? (String) value : null;
  }

  static Double number(Map<?, ?> doc, String name) {
    Object value = doc == null ? null : doc.get(name);
    return value instanceof Number ? ((Number) value).doubleValue() : null;
  }

  static double number(Map<?, ?> doc, String name, double otherwise) {
    Double value = number(doc, name);
    return value == null ? otherwise : value;
  }

  /** Reads an answer that is not 2xx; one that is no problem document is named {@code unreadable}. */
  static Problem problem(Exchange reply) {
    Map<?, ?> doc = object(reply.body);
    String type = text(doc, "type");
    if (type == null) {
      return new Problem("unreadable", "status " + reply.status + " without a problem document", reply.retryAfterMs, reply.status);
    }
    String detail = text(doc, "detail") != null ? text(doc, "detail") : text(doc, "title");
    Double retryAfterMs = number(doc, "retryAfterMs") != null ? number(doc, "retryAfterMs") : reply.retryAfterMs;
    return new Problem(type.substring(type.lastIndexOf('/') + 1), detail == null ? "" : detail, retryAfterMs, reply.status);
  }
}
