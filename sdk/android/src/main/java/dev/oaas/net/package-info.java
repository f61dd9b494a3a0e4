/**
 * HTTP/1.1 over sockets of our own. {@code HttpURLConnection} repeats a POST by itself when a kept connection turns out to be dead, which would
 * break the promise that a task runs at most once, and Android has no {@code java.net.http}.
 */
package dev.oaas.net;
