package dev.oaas.net;

/** Where an agent is and how it proves who it is. */
public final class Address {
  /** Server name in its certificate. */
  public final String vmId;
  public final String url;
  public final String certPem;

  public Address(String vmId, String url, String certPem) {
    this.vmId = vmId;
    this.url = url;
    this.certPem = certPem;
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof Address)) return false;
    Address that = (Address) other;
    return vmId.equals(that.vmId) && url.equals(that.url) && certPem.equals(that.certPem);
  }

  @Override
  public int hashCode() {
    return vmId.hashCode() * 31 + url.hashCode();
  }
}
