/** What this client knows of the VMs it talks to: its own load there, the link, and who failed it lately. */
import { monotonicMs } from './clock.ts';
import { LinkEstimator } from './estimators.ts';

/** How long a VM that did not answer is left alone. */
const avoidMs = 10_000;
/** A VM that answered so lately is not given up for a silence. */
const aliveMs = 2_000;
const mostRemembered = 512;

export class Surrogates {
  readonly inFlight = new Map<string, number>();
  readonly #avoidUntil = new Map<string, number>();
  readonly #answeredAtMs = new Map<string, number>();
  readonly #links = new Map<string, LinkEstimator>();

  enter(vmId: string): void {
    this.inFlight.set(vmId, (this.inFlight.get(vmId) ?? 0) + 1);
  }

  leave(vmId: string): void {
    const left = (this.inFlight.get(vmId) ?? 1) - 1;
    if (left > 0) this.inFlight.set(vmId, left);
    else this.inFlight.delete(vmId);
  }

  /**
   * The VM was not there (`certain`) or silent: not asked again for a while. One that answered another call a moment ago
   * is alive, and its silence the fault of the link or of this device.
   */
  avoid(vmId: string, certain: boolean): void {
    const nowMs = monotonicMs();
    if (!certain && nowMs - (this.#answeredAtMs.get(vmId) ?? Number.NEGATIVE_INFINITY) < aliveMs) return;
    this.#avoidUntil.set(vmId, nowMs + avoidMs);
  }

  answered(vmId: string): void {
    this.#answeredAtMs.delete(vmId);
    this.#answeredAtMs.set(vmId, monotonicMs());
    if (this.#answeredAtMs.size > mostRemembered) {
      this.#answeredAtMs.delete(this.#answeredAtMs.keys().next().value!);
    }
  }

  avoided(vmId: string): boolean {
    const until = this.#avoidUntil.get(vmId);
    if (until === undefined) return false;
    if (until > monotonicMs()) return true;
    this.#avoidUntil.delete(vmId);
    return false;
  }

  /** VMs to exclude from a new placement. */
  avoidedIds(): string[] {
    return [...this.#avoidUntil.keys()].filter((id) => this.avoided(id));
  }

  /** Link to a VM or, in proxy mode, to a region. */
  link(target: string): LinkEstimator {
    let link = this.#links.get(target);
    if (link === undefined) {
      if (this.#links.size >= mostRemembered) this.#links.delete(this.#links.keys().next().value!);
      link = new LinkEstimator();
      this.#links.set(target, link);
    }
    return link;
  }
}

/** A VM over one of the device's networks; @param network '' where the device cannot tell */
export const linkName = (network: string, target: string): string => (network === '' ? target : `${network} ${target}`);
