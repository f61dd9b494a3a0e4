package dev.oaas.client;

import dev.oaas.OffloadOptions;
import dev.oaas.Requirements;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a ticket is for; equal specs share one. */
final class Spec {
  final String appId;
  private final Map<String, Object> fields = new LinkedHashMap<>();

  Spec(String appId, OffloadOptions options) {
    this.appId = appId;
    fields.put("appId", appId);
    put(fields, "slaId", options.slaId());
    put(fields, "acceleration", options.acceleration());
    Requirements wanted = options.requirements();
    if (wanted == null) return;
    Map<String, Object> requirements = new LinkedHashMap<>();
    put(requirements, "runtime", wanted.runtime);
    put(requirements, "os", wanted.os);
    put(requirements, "memoryMiB", wanted.memoryMiB);
    put(requirements, "vcpus", wanted.vcpus);
    fields.put("requirements", requirements);
  }

  private static void put(Map<String, Object> into, String name, Object value) {
    if (value != null) into.put(name, value);
  }

  /** The fields of a placement request; a copy. */
  Map<String, Object> toRequest() {
    return new LinkedHashMap<>(fields);
  }

  String key() {
    return fields.toString();
  }
}
