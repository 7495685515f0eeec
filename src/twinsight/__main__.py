"""`python -m twinsight` is the `twinsight` command."""

from twinsight.cli import main

main()
