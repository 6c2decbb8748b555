"""Speed and memory against the usual peers; scripts to run by hand, never part of the tests."""
