"""The closed list of column and cell names, each with the quantity it is. Styles give a quantity its digits."""

from __future__ import annotations

KEYS = ("model", "outcome", "group", "term", "level")
VALUES = ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high", "n_obs")

# name -> quantity. A result may add any of these columns to the key and value columns, and no other;
# a table cell's kind is one of these names too.
GLOSSARY: dict[str, str] = {
    # keys and plain text
    **dict.fromkeys(KEYS, "text"),
    "label": "text",
    "text": "text",
    "reason": "text",
    # values every result has
    "estimate": "coefficient",
    "std_error": "coefficient",
    "statistic": "statistic",
    "df": "df",
    "df2": "df",
    "p_value": "p",
    "p_adjusted": "p",
    "conf_low": "coefficient",
    "conf_high": "coefficient",
    "interval": "coefficient",
    "n_obs": "count",
    # counting
    "count": "count",
    "n_missing": "count",
    "n_clusters": "count",
    "n_failed": "count",
    "rank": "count",
    "percent": "percent",
    "percent_valid": "percent",
    "percent_cumulative": "percent",
    "percent_row": "percent",
    "percent_column": "percent",
    "percent_cases": "percent",
    "percent_responses": "percent",
    "share": "percent",
    # disclosure
    "n_classes": "count",
    "smallest_class": "count",
    "n_unique": "count",
    "risk": "bounded",
    "l_diversity": "count",
    # location and spread
    "mean": "mean",
    "sd": "mean",
    "mean_sd": "mean",
    "median": "mean",
    "trimmed": "mean",
    "mad": "mean",
    "min": "mean",
    "max": "mean",
    "range": "mean",
    "skew": "coefficient",
    "kurtosis": "coefficient",
    "q05": "mean",
    "q10": "mean",
    "q25": "mean",
    "q75": "mean",
    "q90": "mean",
    "q95": "mean",
    "iqr": "mean",
    "variance": "mean",
    "cv": "coefficient",
    "shapiro_w": "bounded",
    "shapiro_p": "p",
    # sampling
    "deff": "mean",
    "n_effective": "mean",
    "n_strata": "count",
    "weight_sum": "mean",
    "weight_ratio": "mean",
    "percent_start": "percent",
    "percent_target": "percent",
    "iterations": "count",
    "largest_gap": "coefficient",
    "error": "coefficient",
    # association
    "correlation": "bounded",
    "chi2": "statistic",
    "cramers_v": "bounded",
    "phi": "bounded",
    "expected": "mean",
    "residual": "coefficient",
    # reliability
    "alpha": "bounded",
    "alpha_low": "bounded",
    "alpha_high": "bounded",
    "alpha_standardised": "bounded",
    "omega": "bounded",
    "item_rest": "bounded",
    "alpha_if_dropped": "bounded",
    "omega_if_dropped": "bounded",
    "loading": "bounded",
    "n_items": "count",
    # factors
    "communality": "bounded",
    "uniqueness": "bounded",
    "complexity": "coefficient",
    "msa": "bounded",
    "kmo": "bounded",
    "reference": "coefficient",
    "n_factors": "count",
    "tli": "bounded",
    "rmsea": "bounded",
    "rmsea_low": "bounded",
    "rmsea_high": "bounded",
    "rmsr": "bounded",
    # regression
    "beta": "coefficient",
    "vif": "vif",
    "tolerance": "bounded",
    "r_squared": "bounded",
    "r_squared_adj": "bounded",
    "r_squared_change": "bounded",
    "f_change": "statistic",
    "f_statistic": "statistic",
    "sigma": "coefficient",
    "log_likelihood": "statistic",
    "aic": "statistic",
    "bic": "statistic",
    "ssr": "statistic",
    # mediation
    "boot_mean": "coefficient",
    "boot_se": "coefficient",
    "perc_low": "coefficient",
    "perc_high": "coefficient",
    "bc_low": "coefficient",
    "bc_high": "coefficient",
    "bca_low": "coefficient",
    "bca_high": "coefficient",
    "mc_low": "coefficient",
    "mc_high": "coefficient",
    "product_low": "coefficient",
    "product_high": "coefficient",
    "z0": "coefficient",
    "acceleration": "coefficient",
    "p_boot": "p",
    "sobel_se": "coefficient",
    "sobel_z": "statistic",
    "sobel_p": "p",
    "aroian_se": "coefficient",
    "aroian_z": "statistic",
    "goodman_se": "coefficient",
    "goodman_z": "statistic",
    "ratio": "coefficient",
    "partially_standardised": "coefficient",
    "completely_standardised": "coefficient",
    "resamples": "count",
}


def quantity(kind: str) -> str:
    """The quantity behind a column or cell name, e.g. `p_value` -> `p`.

    Raises
    ------
    KeyError
        If the name is not in the glossary.
    """
    return GLOSSARY[kind]
