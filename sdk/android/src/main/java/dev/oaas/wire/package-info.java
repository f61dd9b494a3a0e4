/**
 * How calls of Java methods are written as bytes, and read again without trusting them: shared by the SDK on the device and by the
 * runtimes of the surrogate. Specified in {@code docs/jvm-wire.md}.
 */
package dev.oaas.wire;
