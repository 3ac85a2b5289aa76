"""``python -m rx_phoenix`` is the command line ``rx-phoenix``."""

from rx_phoenix._cli import main

if __name__ == "__main__":
    main()
