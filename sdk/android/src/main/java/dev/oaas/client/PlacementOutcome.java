package dev.oaas.client;

/** What asking the regions for a placement came to. Exactly one of {@code placed}, {@code local}, {@code problem} or none. */
final class PlacementOutcome {
  /** The region says remote. */
  final Placed placed;
  /** The region says: run it yourself. */
  final boolean local;
  /** The region answered that it cannot or will not. */
  final Problem problem;
  final Region region;
  /** For {@code local}, and where no region could be reached. */
  final String detail;
  final Double retryAfterMs;
  final double ms;

  private PlacementOutcome(Placed placed, boolean local, Problem problem, Region region, String detail, Double retryAfterMs, double ms) {
    this.placed = placed;
    this.local = local;
    this.problem = problem;
    this.region = region;
    this.detail = detail;
    this.retryAfterMs = retryAfterMs;
    this.ms = ms;
  }

  static PlacementOutcome placed(Placed placed, Region region, double ms) {
    return new PlacementOutcome(placed, false, null, region, "", null, ms);
  }

  static PlacementOutcome local(String detail, Double retryAfterMs, Region region, double ms) {
    return new PlacementOutcome(null, true, null, region, detail, retryAfterMs, ms);
  }

  static PlacementOutcome problem(Problem problem, Region region) {
    return new PlacementOutcome(null, false, problem, region, problem.detail, problem.retryAfterMs, 0);
  }

  static PlacementOutcome unreachable(String detail) {
    return new PlacementOutcome(null, false, null, null, detail, null, 0);
  }

  boolean isUnreachable() {
    return placed == null && !local && problem == null;
  }
}
