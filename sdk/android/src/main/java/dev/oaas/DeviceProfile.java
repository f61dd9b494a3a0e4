package dev.oaas;

/**
 * How much the device's energy counts, from its battery: nothing while it charges, more and more as it empties.
 *
 * <p>Android's {@code BatteryManager} gives both numbers; the SDK itself reads no sensor.
 */
public final class DeviceProfile {
  /** On mains: only time counts. */
  public static final DeviceProfile MAINS = new DeviceProfile(PowerProfile.DEFAULT, 1, true);

  public final PowerProfile power;
  /** Charge left, 0 to 1. */
  public final double battery;
  public final boolean charging;

  /** @throws IllegalArgumentException for a battery beyond 0 to 1 */
  public DeviceProfile(PowerProfile power, double battery, boolean charging) {
    if (!(battery >= 0 && battery <= 1)) throw new IllegalArgumentException("battery is a share from 0 to 1, received " + battery);
    this.power = power;
    this.battery = battery;
    this.charging = charging;
  }

  /** The decision's w: 0 while charging or above 80 %, 1 below 15 %, in between by line. */
  public double energyWeight() {
    if (charging) return 0;
    return Math.max(0, Math.min(1, (0.8 - battery) / (0.8 - 0.15)));
  }
}
