import { styleText } from 'node:util';

/** Colour only where a person sees it: a terminal, and no NO_COLOR (https://no-color.org). */
const enabled = (): boolean => process.stdout.isTTY === true && !process.env.NO_COLOR;

export const warn = (text: string): string => (enabled() ? styleText('red', text) : text);
export const strong = (text: string): string => (enabled() ? styleText('bold', text) : text);
