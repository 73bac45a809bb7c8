"""The method's formulas as pure functions: numbers in, numbers out, nothing about prompts or models.

Modules: `rates` (one proportion), `paired` (two models on the same prompts), `epochs` (several runs of
the same prompts), `ranking` (many models), `quantiles` (latency). scipy and numpy are imported inside the
functions that need them, so that a plain score table never pays for them.
"""

from visioneval.stats.epochs import (
    Variance,
    cluster_wilson,
    clustered_newcombe,
    clustered_se,
    effective_n,
    pass_at_k,
    pass_hat_k,
    sign_flip_p,
    variance_parts,
)
from visioneval.stats.paired import (
    PairedTable,
    bonett_price,
    equivalent,
    mcnemar_exact,
    mcnemar_midp,
    minimal_detectable_difference,
    newcombe,
    paired_bootstrap,
    power,
    smallest_decisive_gap,
)
from visioneval.stats.quantiles import Quantile, quantile, quantile_ranks, ratio_of_times
from visioneval.stats.ranking import (
    RankRange,
    cochrans_q,
    holm,
    point_biserial,
    rank_ranges,
)
from visioneval.stats.rates import (
    Interval,
    blind_gain,
    wilson,
    worst_best,
    z_value,
)

__all__ = [
    "Interval",
    "PairedTable",
    "Quantile",
    "RankRange",
    "Variance",
    "blind_gain",
    "bonett_price",
    "cluster_wilson",
    "clustered_newcombe",
    "clustered_se",
    "cochrans_q",
    "effective_n",
    "equivalent",
    "holm",
    "mcnemar_exact",
    "mcnemar_midp",
    "minimal_detectable_difference",
    "newcombe",
    "paired_bootstrap",
    "pass_at_k",
    "pass_hat_k",
    "point_biserial",
    "power",
    "quantile",
    "quantile_ranks",
    "rank_ranges",
    "ratio_of_times",
    "sign_flip_p",
    "smallest_decisive_gap",
    "variance_parts",
    "wilson",
    "worst_best",
    "z_value",
]
