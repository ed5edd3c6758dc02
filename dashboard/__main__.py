"""`python -m dashboard` is `nightglass`."""

from dashboard.cli.main import run

run()
