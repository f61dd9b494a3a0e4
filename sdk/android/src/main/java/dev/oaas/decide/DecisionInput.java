package dev.oaas.decide;

import dev.oaas.PowerProfile;

/** Everything that the decision looks at. */
public final class DecisionInput {
  /** {@code null}: there is no local implementation. */
  public LocalView local;
  public RemoteView remote;
  /** 0 time only, 1 energy only. */
  public double energyWeight;
  public PowerProfile power = PowerProfile.DEFAULT;
  /** Time left in ms; {@code null}: no deadline. */
  public Double deadlineMs;
  /** Where the last call of the method ran; {@code null}: first call. */
  public Where last;
  public boolean explore = true;
  /** Calls since the last exploration. */
  public int sinceExplore;
  public SecondRun second = SecondRun.NEVER;
}
