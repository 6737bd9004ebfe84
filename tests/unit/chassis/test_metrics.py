import pytest
from prometheus_client.exposition import generate_latest

from chassis.metrics import Metrics


def test_a_value_outside_the_enumeration_is_other() -> None:
    """No number or name can become a label: what is not declared is counted as other."""
    metrics = Metrics("shop")
    sold = metrics.counter("sold", "Shoes sold.", {"kind": ["boot", "sandal"]})
    sold.at("boot").inc()
    sold.at("+12025550101").inc()
    sold.at("+12025550102").inc()
    text = generate_latest(metrics.registry).decode()
    assert 'shop_sold_total{kind="boot"} 1.0' in text
    assert 'shop_sold_total{kind="other"} 2.0' in text
    assert "5550101" not in text


def test_two_services_in_one_process_do_not_meet() -> None:
    """Each service has a registry of its own, so equal names do not collide."""
    first, second = Metrics(), Metrics()
    first.gauge("depth", "Depth.").at().set(1)
    second.gauge("depth", "Depth.").at().set(2)
    assert first.registry.get_sample_value("switchhook_depth") == 1
    assert second.registry.get_sample_value("switchhook_depth") == 2


def test_a_gauge_may_be_read_when_it_is_scraped() -> None:
    """A gauge with a function shows what the function says at that moment."""
    metrics = Metrics("shop")
    queue: list[str] = []
    metrics.gauge("queue", "Waiting.").at().set_function(lambda: len(queue))
    queue.append("one")
    assert metrics.registry.get_sample_value("shop_queue") == 1


def test_histograms_are_in_seconds() -> None:
    """An observation falls into its bucket."""
    metrics = Metrics("shop")
    metrics.histogram("wait", "Wait.", {"kind": ["boot"]}).at("boot").observe(0.003)
    labels = {"kind": "boot", "le": "0.005"}
    assert metrics.registry.get_sample_value("shop_wait_bucket", labels) == 1


def test_labels_must_all_be_given() -> None:
    """A missing label value is a mistake of the program."""
    metrics = Metrics("shop")
    with pytest.raises(ValueError):
        metrics.counter("sold", "Sold.", {"kind": ["boot"], "shop": ["a"]}).at("boot")
