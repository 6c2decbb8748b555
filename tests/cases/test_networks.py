"""Networks against the reference numbers, Padgett's families and direct permutations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cases.ties import network, qap
from evalkit.cases.ties import nodes as of_nodes
from evalkit.cases.ties.graph import projection, read_ties
from evalkit.cases.ties.groups import core_periphery
from evalkit.cases.ties.layout import places
from evalkit.cases.ties.permutation import cells, mrqap, qap_correlation, relabellings
from evalkit.contract import AnalysisError

GOLDEN = Path(__file__).parent.parent / "golden"
EDGES = pd.read_csv(GOLDEN / "network_edges.csv")
NODES = pd.read_csv(GOLDEN / "network_nodes.csv").rename(columns={"org": "actor_id"})
MATRIX = pd.read_csv(GOLDEN / "network.csv", index_col=0)


@pytest.fixture(scope="module")
def result():
    return network(EDGES, source="source", target="target", actors=NODES, group="group", lead="ORG12")


def named(result, values):
    return dict(zip(result.graph.names, values, strict=True))


class TestWhole:
    def test_counts_and_density(self, result, golden):
        undirected = result.whole["mutual"] + result.whole["asymmetric"]
        got = {"nodes": result.n_obs, "ties": result.whole["ties"], "undirected_ties": undirected}
        assert got == golden("network", "counts").approx()
        record = golden("network", "density")
        assert result.whole["density"] == record.approx("directed")
        assert result.whole["density"] == record.approx("sna_directed")
        assert 2 * undirected / (24 * 23) == record.approx("undirected")

    @pytest.mark.parametrize(
        ("record", "prefix", "names"),
        [
            (
                "reciprocity",
                "reciprocity",
                {
                    "igraph_default": "edgewise", "igraph_ratio": "dyadic", "sna_dyadic": "all_pairs",
                    "sna_dyadic_nonnull": "dyadic", "sna_edgewise": "edgewise",
                },
            ),
            (
                "transitivity",
                "transitivity",
                {
                    "global_undirected": "global", "average_undirected": "average", "average_zero": "average_zero",
                    "sna_directed_weak": "weak", "sna_directed_weakcensus_count": "weak_count",
                    "sna_directed_strong": "strong",
                },
            ),
            ("dyad_census", "", {"mut": "mutual", "asym": "asymmetric", "null": "null"}),
            (
                "components",
                "components",
                {n: n for n in ("weak", "strong", "largest_weak", "largest_strong", "isolates")},
            ),
            (
                "distances",
                "distance",
                {
                    "mean_directed": "mean_directed", "mean_undirected": "mean_undirected",
                    "diameter_directed": "diameter_directed", "diameter_undirected": "diameter_undirected",
                    "global_efficiency_undirected": "efficiency",
                },
            ),
            (
                "cliques",
                "pieces",
                {"largest": "largest_clique", "maximal": "maximal_cliques", "triangles": "triangles"},
            ),
            ("krackhardt", "krackhardt", {n: n for n in ("connectedness", "hierarchy", "efficiency", "lubness")}),
        ],
    )  # fmt: skip
    def test_measures(self, result, record, prefix, names, golden):
        got = {theirs: result.whole[f"{prefix}.{ours}".lstrip(".")] for theirs, ours in names.items()}
        assert got == golden("network", record).approx()

    @pytest.mark.parametrize("record", ["centralisation_igraph", "centralisation_sna"])
    def test_centralisation(self, result, record, golden):
        names = {
            "degree_in": "in_degree", "degree_out": "out_degree", "degree_undirected": "degree",
            "betweenness_directed": "betweenness_directed", "betweenness_undirected": "betweenness",
        }  # fmt: skip
        got = {theirs: result.whole[f"centralisation.{ours}"] for theirs, ours in names.items()}
        assert got == golden("network", record).approx()
        formula = golden("network", "degree_centralisation_formula_undirected")
        assert result.whole["centralisation.degree"] == formula.approx()

    def test_triad_census(self, result, golden):
        record = golden("network", "triad_census")
        assert {kind: result.whole[f"pieces.triad.{kind}"] for kind in record.fields} == record.approx()

    def test_nothing_hangs_on_one(self, result, golden):
        assert list(result.cut_points) == list(golden("network", "articulation_points").value())
        assert result.whole["pieces.bridges"] == golden("network", "bridges_count").approx()

    def test_ends_of_ties(self, result, golden):
        assert result.whole["assortativity.degree"] == golden("network", "assortativity_degree_undirected").approx()
        assert result.whole["eigenvalue"] == golden("network", "eigenvector_undirected_value").approx()
        got = np.corrcoef(result.nodes["in_degree"], result.nodes["out_degree"])[0, 1]
        assert got == golden("network", "degree_correlation_in_out").approx()


class TestNodes:
    @pytest.mark.parametrize(
        ("record", "measure"),
        [
            ("indegree", "in_degree"), ("outdegree", "out_degree"), ("degree_undirected", "degree"),
            ("betweenness_directed", "betweenness"), ("betweenness_sna_directed", "betweenness"),
            ("betweenness_directed_normalised", "betweenness_normalised"), ("closeness_undirected", "closeness"),
            ("closeness_undirected_normalised", "closeness_normalised"), ("harmonic_undirected", "harmonic"),
            ("eigenvector_undirected", "eigenvector"), ("pagerank_directed", "pagerank"), ("hub", "hub"),
            ("authority", "authority"), ("constraint_undirected", "constraint"), ("coreness_undirected", "coreness"),
            ("eccentricity_undirected", "eccentricity"), ("power_bonacich_undirected", "power"),
            ("katz_undirected_alpha.05", "katz"),
        ],
    )  # fmt: skip
    def test_measures(self, result, record, measure, golden):
        assert named(result, result.nodes[measure]) == golden("network", record).approx()

    def test_the_rest(self, result, golden):
        g = result.graph
        assert (
            named(result, of_nodes.betweenness(g.mutual, False)) == golden("network", "betweenness_undirected").approx()
        )
        assert named(result, of_nodes.harmonic(g.distances)) == golden("network", "harmonic_directed_out").approx()
        assert result.nodes["clustering"] == golden("network", "local_clustering_undirected").approx()

    def test_weights(self, golden):
        weighted = network(EDGES, source="source", target="target", weight="weight", actors=NODES)
        assert named(weighted, weighted.nodes["in_strength"]) == golden("network", "strength_in").approx()
        assert named(weighted, weighted.nodes["out_strength"]) == golden("network", "strength_out").approx()

    def test_a_matrix_is_the_same_network(self, result):
        matrix = network(MATRIX)
        assert (matrix.graph.arcs == result.graph.arcs).all()
        assert matrix.graph.names == result.graph.names
        lonely = MATRIX.copy()
        lonely.iloc[3], lonely.iloc[:, 3] = 0, 0
        assert network(lonely).graph.n == len(MATRIX)
        mutual = network(MATRIX, directed=False)
        assert (mutual.graph.arcs == np.maximum(MATRIX, MATRIX.T).to_numpy()).all()
        assert mutual.whole["ties"] == mutual.graph.arcs.sum() / 2
        strong = network(MATRIX * 3, weight="strength")
        assert strong.nodes["out_strength"].tolist() == (3 * MATRIX.sum(axis=1)).tolist()

    @pytest.mark.parametrize("seed", range(4))
    def test_betweenness_is_that_of_networkx(self, seed):
        nx = pytest.importorskip("networkx")
        a = (np.random.default_rng(seed).random((15, 15)) < 0.15).astype(float)
        np.fill_diagonal(a, 0)
        both = np.maximum(a, a.T)
        for arcs, kind, directed in ((a, nx.DiGraph, True), (both, nx.Graph, False)):
            theirs = nx.betweenness_centrality(nx.from_numpy_array(arcs, create_using=kind), normalized=False)
            assert of_nodes.betweenness(arcs, directed) == pytest.approx([theirs[i] for i in range(15)])
        core = nx.core_number(nx.from_numpy_array(both))
        assert of_nodes.coreness(both).tolist() == [core[i] for i in range(15)]


class TestGroups:
    def test_mixing(self, result, golden):
        m = result.mixing
        sizes = dict(zip(m.groups, m.sizes, strict=True))
        assert sizes == golden("network", "group_sizes").approx()
        assert pd.DataFrame(m.ties, m.groups, m.groups) == golden("network", "mixing_matrix").approx()
        assert pd.DataFrame(m.density, m.groups, m.groups) == golden("network", "block_density").approx()
        got = {"external": m.across, "internal": m.within, "ei": m.ei}
        assert got == golden("network", "ei_index").approx()
        assert m.assortativity == golden("network", "assortativity_group").approx()
        assert m.modularity == golden("network", "modularity_group_undirected").approx()


# Padgett & Ansell's families of Florence: marriages (15 families with a tie), wealth in thousands of lire.
MARRIAGES = """Acciaiuoli-Medici Albizzi-Ginori Albizzi-Guadagni Albizzi-Medici Barbadori-Castellani Barbadori-Medici
Bischeri-Guadagni Bischeri-Peruzzi Bischeri-Strozzi Castellani-Peruzzi Castellani-Strozzi Guadagni-Lamberteschi
Guadagni-Tornabuoni Medici-Ridolfi Medici-Salviati Medici-Tornabuoni Pazzi-Salviati Peruzzi-Strozzi Ridolfi-Strozzi
Ridolfi-Tornabuoni"""
FAMILIES = """Acciaiuoli Albizzi Barbadori Bischeri Castellani Ginori Guadagni Lamberteschi Medici Pazzi Peruzzi Pucci
Ridolfi Salviati Strozzi Tornabuoni"""
WEALTH = [10, 36, 55, 44, 20, 32, 8, 42, 103, 48, 49, 3, 27, 10, 146, 48]
PADGETT = pd.DataFrame([pair.split("-") for pair in MARRIAGES.split()], columns=["from", "to"])
OWNERS = pd.DataFrame({"actor_id": FAMILIES.split(), "wealth": WEALTH})
OWNERS["rich"] = np.where(OWNERS["wealth"] >= 40, "rich", "poor")


class TestPadgett:
    def florence(self, pucci=False, **options):
        actors = OWNERS if pucci else OWNERS[OWNERS["actor_id"] != "Pucci"]
        return network(PADGETT, directed=False, actors=actors, **options)

    def test_whole(self):
        w = self.florence().whole
        assert [w["density"], w["transitivity.global"]] == pytest.approx([0.190476, 0.191489], abs=5e-7)
        got = [w[f"centralisation.{m}"] for m in ("degree", "betweenness", "closeness", "eigenvector")]
        assert got == pytest.approx([0.274725, 0.436813, 0.322452, 0.321136], abs=5e-7)

    def test_with_the_isolate(self):
        result = self.florence(pucci=True)
        w = result.whole
        assert w["density"] == pytest.approx(0.166667, abs=5e-7)
        assert [w["centralisation.degree"], w["centralisation.betweenness"]] == pytest.approx(
            [0.266667, 0.383492], abs=5e-7
        )
        assert np.isnan(w["centralisation.closeness"])
        assert np.isnan(named(result, result.nodes["closeness"])["Pucci"])
        assert [p.code for p in result.notices] == ["N6501"]

    def test_actors(self):
        result = self.florence()
        between = named(result, result.nodes["betweenness"])
        assert [between[f] for f in ("Medici", "Guadagni", "Albizzi")] == pytest.approx(
            [47.5, 23.16667, 19.33333], abs=5e-6
        )
        tight = named(result, result.nodes["constraint"])
        assert [tight[f] for f in ("Medici", "Guadagni", "Albizzi")] == pytest.approx([0.2099, 0.25, 0.3333], abs=5e-5)
        assert named(result, result.nodes["effective_size"])["Medici"] == pytest.approx(5.6667, abs=5e-5)

    def test_groups_and_brokers(self):
        result = self.florence(group="rich")
        m = result.mixing
        assert (m.across, m.within, m.ei) == (13, 7, pytest.approx(0.30))
        medici = {role: named(result, v)["Medici"] for role, v in result.brokerage.items()}
        assert medici == {
            "coordinator": 2, "itinerant": 12, "representative": 7, "gatekeeper": 7, "liaison": 0, "total": 28
        }  # fmt: skip
        whole = {role: v.sum() for role, v in result.brokerage.items()}
        assert whole == {
            "coordinator": 4, "itinerant": 32, "representative": 20, "gatekeeper": 20, "liaison": 0, "total": 76
        }  # fmt: skip

    def test_lead(self):
        result = self.florence(lead="Medici")
        assert result.lead.tie_share == pytest.approx(6 / 20)
        assert result.lead.with_it["components"] == 1
        assert result.lead.without["components"] == 3  # the Acciaiuoli, and the Pazzi with the Salviati
        assert result.lead.without["isolates"] == 1
        assert {"Medici"} <= set(result.cut_points)

    def test_core_of_a_star(self):
        star = pd.DataFrame({"from": ["hub"] * 6, "to": list("abcdef")})
        found = core_periphery(read_ties(star, "from", "to", None, None, False)[0])
        assert found.core == ("hub",)
        assert found.core_correlation == pytest.approx(1)


class TestPermutation:
    def matrices(self, n=9, directed=True):
        rng = np.random.default_rng(5)
        x, z = ((rng.random((n, n)) < p).astype(float) for p in (0.4, 0.3))
        y = ((x + 0.5 * z + rng.random((n, n))) > 0.9).astype(float)
        found = [x, y, z]
        for i, m in enumerate(found):
            np.fill_diagonal(m, 0)
            found[i] = m if directed else np.maximum(m, m.T)
        return found

    @pytest.mark.parametrize("directed", [True, False])
    def test_correlation_is_that_of_every_relabelled_network(self, directed):
        x, y, _ = self.matrices(directed=directed)
        orders = relabellings(9, 200, 3)
        found = qap_correlation(x, y, directed, orders)
        rows, columns = cells(9, directed)
        r = np.corrcoef(x[rows, columns], y[rows, columns])[0, 1]
        drawn = [np.corrcoef(x[rows, columns], y[np.ix_(o, o)][rows, columns])[0, 1] for o in orders]
        assert found.estimate == pytest.approx(r)
        assert found.p_value == pytest.approx((np.sum(np.abs(drawn) >= abs(r) - 1e-12) + 1) / 201)
        assert found.p_high == pytest.approx((np.sum(np.array(drawn) >= r - 1e-12) + 1) / 201)

    @pytest.mark.parametrize("directed", [True, False])
    def test_regression_is_that_of_every_relabelled_residual(self, directed):
        x, y, z = self.matrices(directed=directed)
        orders = relabellings(9, 60, 4)
        found = mrqap(y, [x, z], directed, orders)
        rows, columns = cells(9, directed)
        others = np.column_stack([np.ones(len(rows)), z[rows, columns]])
        residual = x[rows, columns] - others @ np.linalg.lstsq(others, x[rows, columns], rcond=None)[0]
        matrix = np.zeros((9, 9))
        matrix[rows, columns] = residual
        matrix = matrix if directed else matrix + matrix.T

        def t(first):
            design = np.column_stack([first, others])
            beta, left = np.linalg.lstsq(design, y[rows, columns], rcond=None)[:2]
            error = np.sqrt(left[0] / (len(rows) - 3) * np.linalg.inv(design.T @ design)[0, 0])
            return beta[0] / error, beta[0]

        own, beta = t(x[rows, columns])
        drawn = np.array([t(matrix[np.ix_(o, o)][rows, columns])[0] for o in orders])
        assert [found.terms[1].estimate, found.terms[1].statistic] == pytest.approx([beta, own])
        assert found.terms[1].p_value == pytest.approx((np.sum(np.abs(drawn) >= abs(own) - 1e-12) + 1) / 61)

    def test_from_ties_and_attributes(self):
        rng = np.random.default_rng(8)
        names = [f"o{i}" for i in range(14)]
        kind = rng.integers(0, 3, 14)
        rows = []
        for i in range(14):
            for j in range(14):
                if i != j and rng.random() < 0.15 + 0.5 * (kind[i] == kind[j]):
                    rows.append((names[i], names[j], "work"))
                if i != j and rng.random() < 0.2:
                    rows.append((names[i], names[j], "talk"))
        ties = pd.DataFrame(rows, columns=["from", "to", "relation"])
        actors = pd.DataFrame({"actor_id": names, "kind": kind, "size": rng.normal(size=14)})
        result = qap(
            ties, outcome="work", predictors=["talk", "same:kind", "difference:size", "sender:size"], actors=actors,
            permutations=500,
        )  # fmt: skip
        tidy = result.tidy().set_index(["model", "term"])
        assert tidy.loc[("regression", "same:kind"), "p_value"] < 0.01
        assert tidy.loc[("correlation", "talk"), "p_value"] > 0.05
        assert len(result.table("N3").rows) == 4
        again = qap(ties, outcome="work", predictors=["talk"], actors=actors, permutations=500)
        assert again.correlations[0] == result.correlations[0]


class TestPeriodsAndModes:
    def test_change_between_two_periods(self):
        early = PADGETT.assign(period=1)
        late = pd.concat([PADGETT.iloc[3:], pd.DataFrame({"from": ["Pucci"], "to": ["Medici"]})]).assign(period=2)
        result = network(pd.concat([early, late]), directed=False, permutations=200)
        (change,) = result.changes
        assert (change.kept, change.new, change.lost) == (17, 1, 3)
        assert change.jaccard == pytest.approx(17 / 21)
        assert change.p_value < 0.02
        assert result.whole["ties"] == 18
        first = network(pd.concat([early, late]), directed=False, period="1")
        assert first.whole["ties"] == 20
        assert len(result.table("change").rows) == 1

    def test_projection_of_actors_on_events(self):
        joined = pd.DataFrame({"from": ["a", "a", "b", "b", "c"], "to": ["e1", "e2", "e1", "e2", "e2"]})
        g = projection(joined, "from", "to")
        assert g.weights.tolist() == [[0, 2, 1], [2, 0, 1], [1, 1, 0]]
        assert network(joined, two_mode=True).whole["density"] == 1


class TestDrawing:
    def test_places_follow_the_steps(self):
        g = read_ties(PADGETT, "from", "to", None, None, False)[0]
        at = places(g.mutual_distances)
        assert ((at >= -1e-9) & (at <= 1 + 1e-9)).all()
        apart = np.sqrt(((at[:, None] - at[None]) ** 2).sum(axis=2))
        rows, columns = np.triu_indices(g.n, 1)
        assert np.corrcoef(apart[rows, columns], g.mutual_distances[rows, columns])[0, 1] > 0.9
        assert (places(g.mutual_distances) == at).all()

    def test_views(self, result):
        assert result.table("N1").rows
        assert [r.cells[0].value.text("en") for r in result.table("N2").rows][0] == "ORG23"
        for name in ("mixing", "brokers", "lead"):
            assert result.table(name).rows
        figure = result.figure()
        assert (figure.frame["part"] == "actor").sum() == 24
        assert len(result.tidy()) > 300


class TestBadInput:
    TIES = pd.DataFrame({"from": ["a", "b", "c"], "to": ["b", "c", "c"], "weight": [1, 2, 1], "relation": "work"})
    ACTORS = pd.DataFrame({"actor_id": ["a", "b", "c", "d"], "kind": ["x", "x", "y", None]})

    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"actors": ACTORS[:2]}, "E6490"),
            ({"source": "start"}, "E600"),
            ({"lead": "z"}, "E6494"),
            ({"relation": "play"}, "E6495"),
            ({"actors": pd.concat([ACTORS, ACTORS])}, "E6496"),
            ({"group": "kind"}, "E6497"),
            ({"group": "kind", "actors": ACTORS}, "E6498"),
        ],
    )
    def test_refused_by_name(self, options, code):
        with pytest.raises(AnalysisError) as caught:
            network(self.TIES, **options)
        assert [p.code for p in caught.value.problems] == [code]

    @pytest.mark.parametrize("weight", [-1, 0, np.nan])
    def test_weights_that_are_none(self, weight):
        with pytest.raises(AnalysisError, match="E6491"):
            network(self.TIES.assign(weight=weight), weight="weight")

    def test_no_ties(self):
        with pytest.raises(AnalysisError, match="E6492"):
            network(self.TIES.iloc[2:])
        with pytest.raises(AnalysisError, match="E6492"):
            network(self.TIES.iloc[:0])

    def test_a_tie_to_oneself_is_told_and_left_out(self):
        result = network(pd.concat([self.TIES, self.TIES[:1]]))
        assert [p.code for p in result.notices] == ["W6499", "N6500"]
        assert result.dropped[0].n == 1
        assert result.whole["ties"] == 2

    def test_a_matrix_of_other_actors(self):
        with pytest.raises(AnalysisError, match="E6493"):
            network(pd.DataFrame([[0, 1], [1, 0]], index=["a", "b"], columns=["a", "c"]))
        with pytest.raises(AnalysisError, match="E6491"):
            network(pd.DataFrame([[0, -1], [1, 0]], index=["a", "b"], columns=["a", "b"]))

    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"predictors": ["work"]}, "E6504"),
            ({"predictors": []}, "E6504"),
            ({"predictors": ["play"]}, "E6495"),
            ({"predictors": ["same:kind"]}, "E6503"),
            ({"predictors": ["like:kind"], "actors": ACTORS}, "E6503"),
            ({"predictors": ["difference:kind"], "actors": ACTORS}, "E6498"),
            ({"predictors": ["same:kind"], "actors": ACTORS, "permutations": 10}, "E614"),
        ],
    )
    def test_qap_refuses_by_name(self, options, code):
        with pytest.raises(AnalysisError) as caught:
            qap(self.TIES, outcome="work", **options)
        assert [p.code for p in caught.value.problems] == [code]

    def test_a_predictor_that_never_varies(self):
        actors = self.ACTORS.assign(kind="x")
        result = qap(self.TIES, outcome="work", predictors=["same:kind"], actors=actors, permutations=100)
        assert [p.code for p in result.notices] == ["W6505"]
        assert result.regression is None
        assert np.isnan(result.tidy()["estimate"]).all()
