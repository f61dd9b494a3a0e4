/** The decision where a call runs: the twin of {@code sdk/typescript/src/decide.ts}, held to {@code sdk/vectors/decide.json}. */
package dev.oaas.decide;
