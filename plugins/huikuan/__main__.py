"""``python -m huikuan``."""

from huikuan.cli import main

if __name__ == "__main__":
    main()
