import type { ComponentChildren } from 'preact';

/** A table that may be wider than the screen. It takes the focus, since arrow keys are how it scrolls without a mouse. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section class="scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
