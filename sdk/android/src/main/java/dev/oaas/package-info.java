/**
 * OaaS for Android 8 and newer and for any JVM: runs a method of an interface on the device or on a surrogate, whichever is better at that
 * moment. Start at {@link dev.oaas.OaaS}.
 */
package dev.oaas;
