package dev.oaas.net;

import java.io.IOException;
import java.net.Socket;

/** How connections to one peer become usable. */
interface Dialer {
  /** Longest time for connecting and shaking hands, in ms. */
  double timeoutMs();

  /**
   * Makes the connection ready for a request. Nothing of a request has been written before it returns.
   *
   * @param raw connected
   */
  Socket secure(Socket raw) throws IOException;
}
