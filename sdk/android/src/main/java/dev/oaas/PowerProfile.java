package dev.oaas;

/** Power of the device in watts; only the ratios matter. */
public final class PowerProfile {
  /** The handheld measured by Kumar and Lu, IEEE Computer 43(4), 2010. */
  public static final PowerProfile DEFAULT = new PowerProfile(0.9, 1.3, 0.3);

  /** While computing. */
  public final double computeW;
  /** While sending or receiving. */
  public final double transferW;
  /** While waiting for an answer. */
  public final double idleW;

  /** @throws IllegalArgumentException for a power that is negative or no number */
  public PowerProfile(double computeW, double transferW, double idleW) {
    for (double watts : new double[] {computeW, transferW, idleW}) {
      if (!(watts >= 0) || Double.isInfinite(watts)) throw new IllegalArgumentException("a power is 0 W or more, received " + watts);
    }
    this.computeW = computeW;
    this.transferW = transferW;
    this.idleW = idleW;
  }

  /**
   * From what Android's {@code power_profile.xml} and its like give: currents in mA at the battery's voltage.
   *
   * @param cpuActiveMa computing on one core
   * @param radioActiveMa sending or receiving
   * @param idleMa waiting with the radio on
   * @param volts of the battery, usually 3.8
   */
  public static PowerProfile ofCurrents(double cpuActiveMa, double radioActiveMa, double idleMa, double volts) {
    return new PowerProfile(cpuActiveMa * volts / 1000, radioActiveMa * volts / 1000, idleMa * volts / 1000);
  }
}
