"""The front door: `python run.py [serve|migrate|sample]`, serve when nothing is said."""

from web.cli.main import main

if __name__ == "__main__":
    main()
