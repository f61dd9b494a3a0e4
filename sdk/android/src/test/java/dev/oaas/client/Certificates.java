package dev.oaas.client;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** Self-signed P-256 certificates as agents make them at boot, by the JDK's own keytool. */
public final class Certificates {
  private static final Map<String, Identity> MADE = new ConcurrentHashMap<>();
  private static final char[] PASSWORD = "change-it".toCharArray();

  private Certificates() {}

  /** A certificate and the TLS that serves it. */
  public static final class Identity {
    public final String certPem;
    public final SSLContext server;

    Identity(String certPem, SSLContext server) {
      this.certPem = certPem;
      this.server = server;
    }
  }

  /** @param key makes another pair of the same name */
  public static Identity of(String name, String key) {
    return MADE.computeIfAbsent(name + "/" + key, each -> make(name));
  }

  private static Identity make(String name) {
    try {
      Path dir = Files.createTempDirectory("oaas-cert");
      Path file = dir.resolve("store.p12");
      Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair", "-alias", "vm",
          "-keyalg", "EC", "-groupname", "secp256r1", "-sigalg", "SHA256withECDSA", "-dname", "CN=" + name, "-ext", "san=dns:" + name, "-validity",
          // Already expired: a device's clock must not matter.
          "1", "-startdate", "-30d", "-keystore", file.toString(), "-storetype", "PKCS12", "-storepass", new String(PASSWORD)).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
      if (keytool.waitFor() != 0) throw new IOException("keytool failed");
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(new ByteArrayInputStream(Files.readAllBytes(file)), PASSWORD);
      Files.delete(file);
      Files.delete(dir);
      KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, PASSWORD);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), null, null);
      byte[] der = store.getCertificate("vm").getEncoded();
      String pem = "-----BEGIN CERTIFICATE-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END CERTIFICATE-----\n";
      return new Identity(pem, context);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
