"""The program that runs moto's S3 server in a process of its own: `s3_server.py PORT`."""

import logging
import sys

from moto.server import main

if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # no line a request
    main(["-H", "127.0.0.1", "-p", sys.argv[1]])
