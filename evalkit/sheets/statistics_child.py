"""Runs alone, as a script, in a process of its own: tries to read an SPSS or Stata file within limits.

Nothing is sent back but the exit code: 0 where the library reads the file or refuses it properly.
"""

import sys


def limit(megabytes: int, seconds: int) -> None:
    """Bound memory and processor time where the system knows how."""
    try:
        import resource
    except ImportError:  # Windows: the parent's clock alone
        return
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def main(path: str, form: str, megabytes: str, seconds: str) -> int:
    """Read a file of format `sav` or `dta`; what the library refuses is for the program to tell."""
    limit(int(megabytes), int(seconds))
    import pyreadstat

    read = pyreadstat.read_sav if form == '"sav"' else pyreadstat.read_dta
    try:
        read(path, user_missing=True)
    except MemoryError:
        return 1
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, ArithmeticError, LookupError):
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
