"""Shards on a Ray cluster of two nodes on this machine; one of them is taken away half-way."""

import os
import sys
from functools import partial
from pathlib import Path

import pytest
from planted_job import Numbers, numbers

from emotion.core.errors import EmotionError
from emotion.extraction import ray_cluster

ray = pytest.importorskip("ray")
cluster_utils = pytest.importorskip("ray.cluster_utils")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # Ray warns on its own behalf


@pytest.fixture
def cluster(monkeypatch):
    """A head with one core; the workers find the tests' modules."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parents[1]), str(Path.cwd())]))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    found = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    monkeypatch.setenv("RAY_ADDRESS", found.address)
    yield found
    ray.shutdown()
    found.shutdown()


def test_a_node_that_goes_and_one_that_comes_change_nothing(tmp_path, cluster):
    whole = numbers(tmp_path / "here")
    second = cluster.add_node(num_cpus=1)
    nodes = set()

    def execute(job, shards):
        for count, result in enumerate(ray_cluster.run(job, shards, workers=0)):
            nodes.update(node["NodeID"] for node in ray.nodes() if node["Alive"])
            if count == 3:
                cluster.remove_node(second, allow_graceful=False)
            if count == 6:
                cluster.add_node(num_cpus=1)
            yield result

    log = tmp_path / "log"
    assert numbers(tmp_path / "ray", Numbers(log=log, pause=1.0), execute=execute) == whole
    assert len(nodes) == 3
    computed = log.read_text().split()
    assert len(set(computed)) == 60 and len(computed) <= 60 + 5  # the shard that was lost was done again


@pytest.mark.full
def test_errors_reach_the_user(tmp_path, cluster):
    with pytest.raises(EmotionError, match="planted failure"):
        numbers(tmp_path, Numbers(fails="u007"), execute=partial(ray_cluster.run, workers=1))


@pytest.mark.full
def test_a_shard_that_kills_its_workers_is_named(tmp_path, cluster):
    with pytest.raises(EmotionError, match="3 workers died over the utterances from u000"):
        numbers(tmp_path, Numbers(fails="exit"), execute=partial(ray_cluster.run, workers=1))


@pytest.mark.full
def test_results_that_were_lost_with_their_node_are_computed_again(tmp_path, cluster, monkeypatch):
    get, asked = ray.get, []

    def lossy(answer):
        asked.append(answer)
        if len(asked) == 4:
            raise ray.exceptions.ObjectLostError("planted", None, "")
        return get(answer)

    whole = numbers(tmp_path / "here")
    monkeypatch.setattr(ray, "get", lossy)
    assert numbers(tmp_path / "ray", execute=partial(ray_cluster.run, workers=1)) == whole


@pytest.mark.full
def test_workers_that_cannot_start_are_one_line(tmp_path, cluster):
    with pytest.raises(EmotionError, match=r"3 workers could not start \(.*planted folder.*same checkout"):
        numbers(tmp_path, Numbers(fails="start"), execute=partial(ray_cluster.run, workers=1))


def test_an_unreachable_cluster_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(EmotionError, match=r"RAY_ADDRESS is '127\.0\.0\.1:1', but nobody answers"):
        numbers(tmp_path, execute=partial(ray_cluster.run, workers=1))


def test_without_ray_the_mend_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EmotionError, match=r"pip install -e '\.\[ray\]'"):
        numbers(tmp_path, execute=partial(ray_cluster.run, workers=1))
