"""evalkit: surveys and mixed-methods evaluation, from the spreadsheet to tables that can go to print.

Public names are loaded when first used; `import evalkit as ek` costs next to nothing.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "evalkit.instrument": "load_instrument parse_instrument",
    "evalkit.ingest": "read_responses find_personal_data",
    "evalkit.ingest.casebook": "read_casebook",
    "evalkit.ingest.casebook.saving": "save_casebook",
    "evalkit.ingest.desk": "collect read_roster append",
    "evalkit.ingest.entry_workbook": "write_entry_workbook",
    "evalkit.scoring": "score",
    "evalkit.quality": "disclosure flag respondent_checks item_checks interviewer_checks missing_answers",
    "evalkit.quality.double_entry": "compare_entries",
    "evalkit.sampling": "Design estimates rake poststratify calibrate trim sample_size",
    "evalkit.sampling.sheet_reader": "read_sampling_sheet",
    "evalkit.sampling.sheet_writer": "write_sampling_sheet",
    "evalkit.simulation": "simulate",
    "evalkit.descriptive": "profile describe crosstab correlate compare measures",
    "evalkit.measurement": "aggregation icc reliability efa cfa sem factor_scores irt dif",
    "evalkit.measurement.method_effects": "method_bias compare_models",
    "evalkit.measurement.ladder": "invariance",
    "evalkit.measurement.latent_paths": "latent_mediate",
    "evalkit.measurement.panel_paths": "longitudinal_mediate",
    "evalkit.measurement.validation": "validity item_analysis content_validity "
    "multitrait criterion_validity known_groups",
    "evalkit.models.causal": "did iv propensity interrupted_series",
    "evalkit.models": "regress relative_importance outcome_model mediate",
    "evalkit.models.multilevel": "mixed",
    "evalkit.models.nested_mediation": "multilevel_mediate",
    "evalkit.models.examination": "diagnostics",
    "evalkit.models.predicted": "predict",
    "evalkit.qualitative.describing": "code_profile",
    "evalkit.qualitative.agreeing": "agreement",
    "evalkit.qualitative.answering": "open_answers",
    "evalkit.cases.quantitising": "quantitise",
    "evalkit.cases.qualitising": "qualitise",
    "evalkit.cases.tracing": "process_tracing",
    "evalkit.cases.calibrating": "calibrate_sets",
    "evalkit.cases.anchors": "qca_robustness",
    "evalkit.cases.configurations": "qca necessity",
    "evalkit.cases.ties": "network qap",
    "evalkit.cases.ledger": "problem_flow",
    "evalkit.qualitative.saturating": "saturation",
    "evalkit.studies": "scale_dossier impute pool adjust_tests",
    "evalkit.studies.power": "power simulate_power",
    "evalkit.studies.variants": "robustness heterogeneity specification_curve",
    "evalkit.models.moderation": "moderate response_surface",
    "evalkit.ingest.claims_sheet": "read_claims",
    "evalkit.ingest.coding_sheet": "coding_sheet",
    "evalkit.ingest.themes": "read_themes",
    "evalkit.ingest.word_lists": "read_words",
    "evalkit.integrate.printed": "check_claims",
    "evalkit.integrate.convergence": "triangulate",
    "evalkit.integrate.displays": "joint_display",
    "evalkit.plan": "read_plan run verify",
    "evalkit.report": "write draw",
    "evalkit.report.coded_document": "write_comments",
    "evalkit.report.data_files": "save",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME)
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
