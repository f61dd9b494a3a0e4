package dev.oaas.surrogate.dex;

import com.googlecode.d2j.Method;
import com.googlecode.d2j.dex.Dex2jar;
import com.googlecode.d2j.dex.DexExceptionHandler;
import com.googlecode.d2j.node.DexMethodNode;
import com.googlecode.d2j.reader.MultiDexFileReader;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Translates an APK (all of its classes*.dex) or a DEX file to a JAR, which it writes to standard output. The APK's other files are kept,
 * so that the code finds its resources; what only Android reads is left out.
 *
 * <p>A method that cannot be translated does not stop the others: it throws when it is called, and is named on standard error.
 */
public final class Translate {
  private Translate() {}

  public static void main(String[] args) throws IOException {
    byte[] input = Files.readAllBytes(Paths.get(args[0]));
    // The library prints; standard output carries the JAR.
    OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out));
    System.setOut(System.err);
    Path classes = Files.createTempFile("translated", ".jar");
    Files.delete(classes);
    Dex2jar.from(MultiDexFileReader.open(input))
        .withExceptionHandler(new Handler())
        .topoLogicalSort(true)
        .skipDebug(false)
        .optimizeSynchronized(true)
        .computeFrames(true)
        .to(classes);
    try (ZipOutputStream jar = new ZipOutputStream(out)) {
      copy(Files.readAllBytes(classes), jar, false);
      copy(input, jar, true);
    }
  }

  /** @param resourcesOnly leaves out what is not for the code */
  private static void copy(byte[] zip, ZipOutputStream to, boolean resourcesOnly) throws IOException {
    try (ZipInputStream from = new ZipInputStream(new ByteArrayInputStream(zip))) {
      byte[] buffer = new byte[65_536];
      for (ZipEntry entry = from.getNextEntry(); entry != null; entry = from.getNextEntry()) {
        String name = entry.getName();
        if (entry.isDirectory() || resourcesOnly && forAndroid(name)) continue;
        to.putNextEntry(new ZipEntry(name));
        for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) to.write(buffer, 0, n);
        to.closeEntry();
      }
    }
  }

  private static boolean forAndroid(String name) {
    return name.matches("classes\\d*\\.dex|AndroidManifest\\.xml|resources\\.arsc|(res|lib)/.*")
        || name.matches("META-INF/(MANIFEST\\.MF|[^/]+\\.(SF|RSA|DSA|EC))")
        || name.endsWith(".class");
  }

  /** Keeps going; what could not be translated throws at run time. */
  private static final class Handler implements DexExceptionHandler {
    @Override
    public void handleFileException(Exception problem) {
      throw new IllegalArgumentException("the DEX file cannot be read: " + problem, problem);
    }

    @Override
    public void handleMethodTranslateException(
        Method method, DexMethodNode node, MethodVisitor visitor, Exception problem) {
      System.err.println("not translated: " + method + ": " + problem);
      String text = "not translated from DEX: " + method;
      visitor.visitTypeInsn(Opcodes.NEW, "java/lang/UnsupportedOperationException");
      visitor.visitInsn(Opcodes.DUP);
      visitor.visitLdcInsn(text);
      visitor.visitMethodInsn(
          Opcodes.INVOKESPECIAL, "java/lang/UnsupportedOperationException", "<init>", "(Ljava/lang/String;)V", false);
      visitor.visitInsn(Opcodes.ATHROW);
    }
  }
}
