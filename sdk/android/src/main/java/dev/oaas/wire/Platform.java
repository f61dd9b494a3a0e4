package dev.oaas.wire;

/** What belongs to the virtual machine rather than to an app: never in an allow-list. */
final class Platform {
  private static final String[] PREFIXES = {
    "java.", "javax.", "jdk.", "sun.", "com.sun.", "android.", "androidx.", "dalvik.", "libcore.", "com.android.", "kotlin.", "org.ietf.",
    "org.w3c.", "org.xml.", "org.omg.",
  };

  private Platform() {}

  static boolean isPlatform(Class<?> type) {
    Class<?> element = type;
    while (element.isArray()) element = element.getComponentType();
    return element.isPrimitive() || element.getClassLoader() == null || isPlatform(element.getName());
  }

  static boolean isPlatform(String className) {
    for (String prefix : PREFIXES) if (className.startsWith(prefix)) return true;
    return false;
  }
}
