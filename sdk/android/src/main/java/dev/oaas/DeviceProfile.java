package dev.oaas;

/** What the decision knows of the device: its powers, and how much its energy counts beside time. The SDK itself reads no sensor. */
public final class DeviceProfile {
  /** Above this charge energy does not count. */
  private static final double FULL = 0.8;
  /** Below this charge nothing else counts. */
  private static final double EMPTY = 0.15;

  /** Only time counts. */
  public static final DeviceProfile MAINS = new DeviceProfile(PowerProfile.DEFAULT, 0);

  public final PowerProfile power;
  /** The decision's w: 0 only time counts, 1 only energy. */
  public final double energyWeight;

  private DeviceProfile(PowerProfile power, double energyWeight) {
    this.power = power;
    this.energyWeight = energyWeight;
  }

  /**
   * A fixed weight.
   *
   * @param energyWeight 0: only time counts; 1: only the device's energy
   * @throws IllegalArgumentException beyond 0 to 1
   */
  public static DeviceProfile ofWeight(PowerProfile power, double energyWeight) {
    return new DeviceProfile(power, share("the energy's weight (0 time only, 1 energy only)", energyWeight));
  }

  /**
   * A weight by the battery: nothing while it charges or above 80 %, all below 15 %, in between by line. Android's {@code BatteryManager} gives
   * both numbers.
   *
   * @param battery charge left, 0 to 1
   * @throws IllegalArgumentException beyond 0 to 1
   */
  public static DeviceProfile ofBattery(PowerProfile power, double battery, boolean charging) {
    double left = share("the battery's charge", battery);
    return new DeviceProfile(power, charging ? 0 : Math.max(0, Math.min(1, (FULL - left) / (FULL - EMPTY))));
  }

  private static double share(String what, double value) {
    if (value >= 0 && value <= 1) return value;
    throw new IllegalArgumentException(what + " is from 0 to 1, received " + value);
  }
}
