"""One comparison: its sample, the tests, effect sizes, checks, and the result of many."""
