"""What the note of every mediation table says: interval, rows, clusters, weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.contract import Label, Note
from evalkit.models.mediation.intervals import BOOTSTRAP, MONTE_CARLO_DRAWS

if TYPE_CHECKING:
    from evalkit.models.mediation.path_result import PathModelResult
    from evalkit.models.mediation.result import ChainResult


def sample_notes(result: ChainResult | PathModelResult) -> list[Note]:
    """How the printed interval was made, from how many people, drawn and weighted how."""
    level, method = f"{100 * result.conf_level:g}", result.ci[0]
    notes = [
        Note("general", Label(f"mediation.note_{method}", level=level, n=result.resamples or MONTE_CARLO_DRAWS)),
        Note("general", "mediation.note_zero"),
        Note("general", Label("n", n=result.n_obs)),
    ]
    if method not in BOOTSTRAP and result.resamples:
        notes.append(Note("general", Label("mediation.note_boot_se", n=result.resamples)))
    if result.cluster is not None:
        key = "mediation.note_cluster" if result.resamples else "mediation.note_cluster_se"
        notes.append(Note("general", Label(key, cluster=result.labels[result.cluster])))
    if result.weighted:
        notes.append(Note("general", "regression.note_weighted"))
    return notes
