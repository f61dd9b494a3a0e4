package dev.oaas;

/**
 * The process's own client, for apps that need only one:
 *
 * <pre>{@code
 * OaaS.start(OaasOptions.withKey(key).endpoints("https://eu.example.org", "https://us.example.org"));
 * Chess chess = OaaS.proxy(Chess.class, new LocalChess());
 * Move move = chess.bestMove(fen, 5);   // here or on a surrogate
 * }</pre>
 */
public final class OaaS {
  private static OaasClient client;

  private OaaS() {}

  /** Starts it; one that was started before is closed. */
  public static synchronized OaasClient start(OaasOptions options) {
    OaasClient started = new OaasClient(options);
    if (client != null) client.close();
    client = started;
    return started;
  }

  /** @throws IllegalStateException before {@link #start} */
  public static synchronized OaasClient client() {
    if (client == null) throw new IllegalStateException("call OaaS.start(OaasOptions) first");
    return client;
  }

  /** See {@link OaasClient#proxy(Class, Object)}. */
  public static <T> T proxy(Class<T> type, T local) {
    return client().proxy(type, local);
  }

  /** See {@link OaasClient#proxy(Class, Object, OffloadOptions)}. */
  public static <T> T proxy(Class<T> type, T local, OffloadOptions options) {
    return client().proxy(type, local, options);
  }

  /** Closes it; safe to repeat. */
  public static synchronized void stop() {
    if (client != null) client.close();
    client = null;
  }
}
