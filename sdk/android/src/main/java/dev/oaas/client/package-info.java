/** Inside of the SDK: regions, tickets, candidates and calls. Apps use {@code dev.oaas}. */
package dev.oaas.client;
