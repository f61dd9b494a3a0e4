package dev.oaas.sample;

import dev.oaas.Detailed;
import dev.oaas.Encoding;
import dev.oaas.OaasClient;
import dev.oaas.OaasOptions;
import dev.oaas.OffloadOptions;
import dev.oaas.Prefer;
import dev.oaas.decide.Where;
import dev.oaas.tasks.Chess;
import dev.oaas.tasks.LocalChess;
import dev.oaas.tasks.LocalNQueens;
import dev.oaas.tasks.NQueens;
import java.util.Locale;
import java.util.concurrent.Callable;

/** What the app does, without a screen: chess moves and queens, computed here or on a surrogate. */
public final class Solver implements AutoCloseable {
  /** What was asked, the answer, and where it came from. */
  public static final class Answer {
    public final String question;
    public final String answer;
    public final Detailed<?> detailed;

    Answer(String question, String answer, Detailed<?> detailed) {
      this.question = question;
      this.answer = answer;
      this.detailed = detailed;
    }

    public boolean isRemote() {
      return detailed.ranOn == Where.REMOTE;
    }

    /** One line for people. */
    public String line() {
      String where = isRemote() ? detailed.vmId + " in " + detailed.region : "this device";
      return String.format(Locale.ROOT, "%-28s %-34s %8.1f ms  on %s (%s)", question, answer, detailed.timings.totalMs, where, detailed.reason);
    }
  }

  private final OaasClient client;
  private final Chess chess;
  private final NQueens queens;

  /**
   * @param prefer AUTO: the SDK decides call by call
   * @param runtime which of the registered apps to use: {@code jvm} and {@code art} run these very classes, {@code node} the same
   *     algorithms in JavaScript, called with JSON
   */
  public Solver(OaasOptions options, Prefer prefer, String runtime) {
    client = new OaasClient(options);
    chess = client.proxy(Chess.class, new LocalChess(), of("chess", runtime, prefer));
    queens = client.proxy(NQueens.class, new LocalNQueens(), of("nqueens", runtime, prefer));
  }

  private static OffloadOptions of(String app, String runtime, Prefer prefer) {
    boolean node = runtime.equals("node");
    OffloadOptions options = OffloadOptions.ofApp(node ? app : app + "-" + runtime).encoding(node ? Encoding.JSON : Encoding.JAVA);
    return options.prefer(prefer).idempotent(true).deadlineMs(20_000);
  }

  /** The client behind it, to listen to. */
  public OaasClient client() {
    return client;
  }

  /** Blocks; never from the main thread. */
  public Answer bestMove(String fen, int depth) throws Exception {
    Detailed<Chess.Best> detailed = asked(() -> chess.bestMove(fen, depth));
    Chess.Best best = detailed.result;
    String answer = best.move + " (" + best.score + " cp, " + best.nodes + " nodes)";
    return new Answer("best move, depth " + depth, answer, detailed);
  }

  /** Blocks; never from the main thread. */
  public Answer countQueens(int n) throws Exception {
    Detailed<Long> detailed = asked(() -> queens.count(n));
    return new Answer(n + " queens: how many ways", String.valueOf(detailed.result), detailed);
  }

  /** Blocks; never from the main thread. The answer is null for 2 and 3 queens. */
  public Answer firstQueens(int n) throws Exception {
    Detailed<int[]> detailed = asked(() -> queens.first(n));
    return new Answer(n + " queens: the first way", detailed.result == null ? "none" : java.util.Arrays.toString(detailed.result), detailed);
  }

  private <R> Detailed<R> asked(Callable<R> call) throws Exception {
    return client.detailed(call);
  }

  @Override
  public void close() {
    client.close();
  }
}
