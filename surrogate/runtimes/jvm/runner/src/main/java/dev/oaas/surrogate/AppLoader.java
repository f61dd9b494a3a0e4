package dev.oaas.surrogate;

import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;

/** Loads the app's classes below the runner's, so that both have the same annotation and wire classes. */
final class AppLoader {
  private AppLoader() {}

  /** @throws ReflectiveOperationException on an Android without its own class loader */
  static ClassLoader of(String code) throws ReflectiveOperationException, java.net.MalformedURLException {
    File file = new File(code);
    ClassLoader parent = AppLoader.class.getClassLoader();
    if (!"Dalvik".equals(System.getProperty("java.vm.name"))) {
      return new URLClassLoader(new URL[] {file.toURI().toURL()}, parent);
    }
    return (ClassLoader)
        Class.forName("dalvik.system.PathClassLoader")
            .getConstructor(String.class, ClassLoader.class)
            .newInstance(file.getPath(), parent);
  }
}
