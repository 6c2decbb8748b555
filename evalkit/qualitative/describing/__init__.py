"""The codebook as a tree, and how often its codes occur in whose material."""

from evalkit.qualitative.describing.analysis import code_profile
from evalkit.qualitative.describing.result import CodeProfileResult

__all__ = ["CodeProfileResult", "code_profile"]
