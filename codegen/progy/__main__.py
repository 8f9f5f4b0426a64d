"""`python -m progy`."""

from progy.cli.main import main

main()
