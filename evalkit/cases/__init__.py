"""Which cases succeed and who works with whom: calibration, set-theoretic comparison, networks, evidence.

In: frames of cases, ties or evidence. Out: results.
"""
