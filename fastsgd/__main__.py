"`python -m fastsgd` is the command `fastsgd`"
from fastsgd.cli import main

if __name__ == '__main__': main()
