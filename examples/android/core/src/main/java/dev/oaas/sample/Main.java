package dev.oaas.sample;

import dev.oaas.OaasOptions;
import dev.oaas.Prefer;
import dev.oaas.tasks.LocalChess;
import dev.oaas.tasks.LocalNQueens;
import dev.oaas.wire.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The sample on a plain JVM, against a system that runs on this machine ({@code npm start}):
 *
 * <pre>java -jar core.jar [--system .oaas/system.json] [--runtime jvm|art|node] [--prefer auto|local|remote]
 *     [--rounds N] [--json]</pre>
 *
 * <p>Every answer is compared with a run of the same code here; a difference ends it with status 1.
 */
public final class Main {
  private static final String START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1";
  private static final String KIWIPETE = "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1";

  private Main() {}

  public static void main(String[] args) throws Exception {
    Map<String, String> options = parse(args);
    Prefer prefer = Prefer.valueOf(options.getOrDefault("prefer", "auto").toUpperCase(Locale.ROOT));
    String runtime = options.getOrDefault("runtime", "jvm");
    int rounds = Integer.parseInt(options.getOrDefault("rounds", "3"));
    boolean json = options.containsKey("json");
    List<Object> reports = new ArrayList<>();
    int remote = 0;
    int calls = 0;
    boolean same = true;
    try (Solver solver = new Solver(system(Paths.get(options.getOrDefault("system", ".oaas/system.json"))), prefer, runtime)) {
      for (int round = 0; round < rounds; round++) {
        for (Solver.Answer answer : round(solver)) {
          calls++;
          if (answer.isRemote()) remote++;
          boolean right = answer.answer.equals(expected(answer.question));
          same &= right;
          reports.add(report(answer, right));
          if (!json) System.out.println(answer.line() + (right ? "" : "  DIFFERS from a run here"));
        }
      }
    }
    if (json) System.out.println(Json.write(reports));
    else System.out.println(remote + " of " + calls + " calls ran on a surrogate; every answer " + (same ? "is" : "is NOT") + " the device's own.");
    System.exit(same ? 0 : 1);
  }

  private static List<Solver.Answer> round(Solver solver) throws Exception {
    List<Solver.Answer> answers = new ArrayList<>();
    answers.add(solver.countQueens(8));
    answers.add(solver.countQueens(11));
    answers.add(solver.firstQueens(3));
    answers.add(solver.firstQueens(16));
    answers.add(solver.bestMove(START, 3));
    answers.add(solver.bestMove(KIWIPETE, 4));
    return answers;
  }

  private static String expected(String question) {
    switch (question) {
      case "8 queens: how many ways":
        return "92";
      case "11 queens: how many ways":
        return "2680";
      case "3 queens: the first way":
        return "none";
      case "16 queens: the first way":
        return java.util.Arrays.toString(new LocalNQueens().first(16));
      case "best move, depth 3":
        return move(new LocalChess().bestMove(START, 3));
      case "best move, depth 4":
        return move(new LocalChess().bestMove(KIWIPETE, 4));
      default:
        throw new IllegalArgumentException(question);
    }
  }

  private static String move(dev.oaas.tasks.Chess.Best best) {
    return best.move + " (" + best.score + " cp, " + best.nodes + " nodes)";
  }

  private static Map<String, Object> report(Solver.Answer answer, boolean right) {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("question", answer.question);
    report.put("answer", answer.answer);
    report.put("right", right);
    report.put("where", answer.isRemote() ? "remote" : "local");
    report.put("vmId", answer.detailed.vmId);
    report.put("region", answer.detailed.region);
    report.put("reason", answer.detailed.reason);
    report.put("why", answer.detailed.why);
    report.put("t1Ms", answer.detailed.timings.t1Ms);
    report.put("t2Ms", answer.detailed.timings.t2Ms);
    report.put("cloudMs", answer.detailed.timings.cloudMs);
    report.put("queueMs", answer.detailed.timings.queueMs);
    report.put("localMs", answer.detailed.timings.localMs);
    report.put("totalMs", answer.detailed.timings.totalMs);
    return report;
  }

  /** Endpoints and device key of a system that runs on this machine. */
  private static OaasOptions system(Path file) throws IOException {
    if (!Files.exists(file)) throw new IOException(file + " is missing: start the system with npm start, or name its file with --system");
    Map<?, ?> system = (Map<?, ?>) Json.parse(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
    OaasOptions options = OaasOptions.withKey((String) ((Map<?, ?>) system.get("keys")).get("device"));
    for (Object each : (List<?>) system.get("regions")) {
      Map<?, ?> region = (Map<?, ?>) each;
      options.endpoint((String) region.get("id"), (String) region.get("endpoint"));
    }
    return options;
  }

  private static Map<String, String> parse(String[] args) {
    Map<String, String> options = new LinkedHashMap<>();
    for (int i = 0; i < args.length; i++) {
      if (args[i].equals("--json")) options.put("json", "");
      else if (args[i].matches("--(system|runtime|prefer|rounds)") && i + 1 < args.length) options.put(args[i].substring(2), args[++i]);
      else throw new IllegalArgumentException("unknown option " + args[i] + "; there are --system FILE, --runtime jvm|art|node, --prefer auto|local|remote, --rounds N, --json");
    }
    return options;
  }
}
