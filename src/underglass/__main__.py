"""`python -m underglass` is the command `underglass`."""

import sys

from underglass.cli import main

sys.exit(main())
