"""moto's server with what a deployment of OaaS needs and moto lacks. Usage: server.py PORT [FAULTS_FILE]

Prints "listening" once it answers. Ends when its standard input closes, so that it never outlives the test that started it.
"""

import sys
import threading

import cloudformation
import launches
import mended
import ordering
import recorded
import resources
from moto.server import ThreadedMotoServer

def main() -> None:
    port = int(sys.argv[1])
    ordering.install()
    cloudformation.install()
    mended.install()
    resources.install()
    recorded.install()
    launches.install(sys.argv[2] if len(sys.argv) > 2 else None)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    print("listening", flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), server.stop())).start()

main()
