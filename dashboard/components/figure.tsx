import type { ComponentChildren } from 'preact';

/** A number with its name, so that tests (and people's scripts) find what is shown. */
export function Figure(props: { name: string; value: number | null | undefined; children: ComponentChildren }) {
  return (
    <span class="figure" data-figure={props.name} data-value={props.value ?? ''}>
      {props.children}
    </span>
  );
}
