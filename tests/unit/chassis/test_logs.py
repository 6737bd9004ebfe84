import asyncio
import logging
import sys

import pytest

from chassis import logs
from tests.support.log_lines import Lines, lines, log_set_up

__all__ = ["lines", "log_set_up"]

NUMBER = "+12025550101"


def test_a_line_is_one_json_object(lines: Lines) -> None:
    """Message, level, logger, service and time are keys, and standard output stays clean."""
    logs.configure("shop", json=True)
    logs.get_logger("till").info("shoe.sold", shoe_id="s-1", count=2)
    [line] = lines()
    assert line.pop("time").endswith("Z")
    assert line == {
        "message": "shoe.sold",
        "level": "info",
        "logger": "till",
        "service": "shop",
        "shoe_id": "s-1",
        "count": 2,
    }


def test_private_values_do_not_reach_a_line(lines: Lines) -> None:
    """The redactor stands in front of every line."""
    logs.configure("shop", json=True)
    logs.get_logger("till").warning("note.kept", text="canary", why=f"asked by {NUMBER}")
    [line] = lines()
    assert line["text"] == "***"
    assert line["why"] == "asked by +1202***01"


def test_an_exception_is_its_type_and_frames(lines: Lines) -> None:
    """The text of an exception, and of what caused it, stays out at level info."""
    logs.configure("shop", json=True)
    try:
        try:
            raise KeyError("canary")
        except KeyError as error:
            raise ValueError(f"canary {NUMBER}") from error
    except ValueError:
        logs.get_logger("till").error("sale.failed", exc_info=True)
    [line] = lines()
    assert line["error"] == "ValueError from KeyError"
    assert all(
        frame.endswith(" test_an_exception_is_its_type_and_frames") for frame in line["frames"]
    )
    assert "canary" not in str(line)


def test_an_exception_group_names_what_is_inside(lines: Lines) -> None:
    """A group is shown with the types of its members."""
    logs.configure("shop", json=True)
    error = ExceptionGroup("canary", [ValueError("canary"), KeyError("canary")])
    logs.get_logger("till").error("sale.failed", exc_info=error)
    [line] = lines()
    assert line["error"] == "ExceptionGroup(ValueError, KeyError)"
    assert "canary" not in str(line)


def test_the_frames_lead_to_what_really_failed(lines: Lines) -> None:
    """The last frames are those of the cause, and of the first in a group."""
    logs.configure("shop", json=True)

    def the_place() -> None:
        raise KeyError("canary")

    try:
        try:
            the_place()
        except KeyError as error:
            raise RuntimeError from error
    except RuntimeError as error:
        group = ExceptionGroup("canary", [error])
    logs.get_logger("till").error("sale.failed", exc_info=group)
    [line] = lines()
    assert line["frames"][-1].endswith("the_place")


def test_level_debug_shows_redacted_texts(lines: Lines) -> None:
    """A developer who asks for debug sees texts, still without numbers."""
    logs.configure("shop", level="debug", json=True)
    logs.get_logger("till").error("sale.failed", exc_info=ValueError(f"no shoe for {NUMBER}"))
    [line] = lines()
    assert line["error_detail"] == "no shoe for +1202***01"


def test_lines_below_the_level_are_not_written(lines: Lines) -> None:
    """The level filters."""
    logs.configure("shop", level="warning", json=True)
    logs.get_logger("till").info("shoe.sold")
    assert lines() == []


def test_libraries_show_their_template_only(lines: Lines) -> None:
    """A library's arguments, exception texts and further lines stay out."""
    logs.configure("shop", json=True)
    library = logging.getLogger("some.library")
    library.info("not important")
    try:
        raise ValueError("canary")
    except ValueError:
        library.exception("cannot reach %s\ncanary", "canary")
    [line] = lines()
    assert line["message"] == "library.logged"
    assert line["logger"] == "some.library"
    assert line["template"] == "cannot reach %s"
    assert line["error"] == "ValueError"
    assert "canary" not in str(line)


async def test_a_lost_task_does_not_leak(lines: Lines) -> None:
    """What asyncio says about an exception nobody fetched holds no text of it."""
    logs.configure("shop", json=True)
    handler = asyncio.get_running_loop().call_exception_handler

    async def fail() -> None:
        raise ValueError("canary")

    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    handler({"message": "Task exception was never retrieved", "exception": task.exception()})
    handler({"message": "lost", "task": task})
    found = lines()
    assert [line["template"] for line in found] == ["Task exception was never retrieved", "lost"]
    assert "canary" not in str(found)


def test_configuring_twice_writes_once(lines: Lines) -> None:
    """The second set-up replaces the first, for our lines and for libraries'."""
    logs.configure("first", json=True)
    logs.configure("second", json=True)
    logs.get_logger("till").info("shoe.sold")
    logging.getLogger("some.library").warning("slow")
    assert [line["service"] for line in lines()] == ["second", "second"]


async def test_services_in_one_process_are_told_apart(lines: Lines) -> None:
    """A bound service is on the lines of the block and of the tasks it started, nowhere else."""
    logs.configure("", json=True)
    log = logs.get_logger("till")

    async def later() -> None:
        await asyncio.sleep(0)
        log.info("later")

    with logs.bound(service="shop"):
        inner = asyncio.create_task(later())
        with logs.bound(service="store"):
            log.info("inside")
        log.info("after")
    log.info("outside")
    await inner
    assert [(line["message"], line.get("service")) for line in lines()] == [
        ("inside", "store"),
        ("after", "shop"),
        ("outside", None),
        ("later", "shop"),
    ]


@pytest.mark.parametrize("value", [2**70, "\ud800", float("nan"), object(), {1: 2}])
def test_no_value_breaks_a_line(lines: Lines, value: object) -> None:
    """Whatever is logged, a line comes out."""
    logs.configure("shop", json=True)
    logs.get_logger("till").info("shoe.sold", value=value)
    assert len(lines()) == 1


def test_a_terminal_gets_readable_lines(
    log_set_up: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where standard error is a terminal, lines are for people, and redacted all the same."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    logs.configure("shop")
    logs.get_logger("till").info("shoe.sold", to=NUMBER)
    written = capsys.readouterr().err
    assert "shoe.sold" in written
    assert "{" not in written
    assert NUMBER not in written
