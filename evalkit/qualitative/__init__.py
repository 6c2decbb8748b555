"""What people said: codings, whether coders agree, whether the material is saturated, words in open answers.

In: frames of codings, sources and codes, or one column a coder. Out: results.
"""
