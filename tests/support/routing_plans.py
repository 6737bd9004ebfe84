"""Routing plans for tests: a good one to begin from, and any number of made-up ones."""

import random
from collections.abc import Sequence
from datetime import timedelta

from hypothesis import strategies as st

from services.voice.routing.conditions import (
    AbandonedWithin,
    AllOf,
    AnyOf,
    Attestation,
    AttestedAtLeast,
    CalledNumberIs,
    CallerIdNameContains,
    CallerIs,
    CallerKindIs,
    Condition,
    LanguageIs,
    NoneOf,
    NumberBegins,
    PreviousOutcome,
    PreviousOutcomeIs,
    QueueOpen,
    QueueStaffed,
    QueueWaiting,
    ScreeningIs,
    TierIs,
    Trait,
    WithinHours,
)
from services.voice.routing.hours import Hours, Span, WeeklySpan
from services.voice.routing.inputs import (
    Input,
    Inputs,
    InputState,
    Name,
    Source,
    Value,
    inputs,
    queue_names,
)
from services.voice.routing.plan import (
    Boost,
    Branch,
    CallbackStep,
    Case,
    EnqueueStep,
    HangUpStep,
    Menu,
    Option,
    Plan,
    Say,
    SkillNeed,
    Step,
    Target,
    TransferStep,
    VoicemailStep,
)
from services.voice.routing.prompts import Prompt

QUEUES = ("support", "sales")
SECOND = timedelta(seconds=1)
OUTSIDE = "+13125550199"

WORDS = Prompt("Please hold the line.")


def plan(*steps: Step, entry: str = "", **more: object) -> Plan:
    """Return a plan of these steps; the first is where it begins."""
    first = entry or steps[0].step_id
    return Plan(plan_id="tried", entry_step_id=first, listed=steps, **more)  # type: ignore[arg-type]


def say(step_id: str, then: str = "") -> Say:
    """Return a step that says something."""
    return Say(step_id=step_id, prompt=WORDS, next_step_id=then)


def enqueue(step_id: str = "waiting", otherwise: str = "bye", **more: object) -> EnqueueStep:
    """Return a step that lets callers wait, and sends them to one other step if they cannot."""
    ways = {"full_step_id": otherwise, "closed_step_id": otherwise, "max_wait_step_id": otherwise}
    return EnqueueStep(step_id=step_id, **{"queue_id": "support", **ways, **more})  # type: ignore[arg-type]


def bye(step_id: str = "bye") -> HangUpStep:
    """Return a step that ends the call."""
    return HangUpStep(step_id=step_id, prompt=WORDS)


def known(**values: Value) -> Inputs:
    """Return inputs that were all found."""
    return inputs(
        Input(name, value, Source.OVERRIDE, InputState.FOUND) for name, value in values.items()
    )


_TEXTS = st.sampled_from(["", "en-US", "es", "gold", "A", "+13125550101", "HANDLED", "OPEN", "x"])
_VALUES = st.one_of(
    st.booleans(),
    st.integers(0, 5),
    _TEXTS,
    st.none(),
    st.builds(timedelta, seconds=st.integers(0, 90)),
)
_NAMES = [*Name, *(name for queue_id in QUEUES for name in queue_names(queue_id))]
ANY_INPUTS = st.lists(
    st.builds(
        Input,
        st.sampled_from(_NAMES),
        _VALUES,
        st.sampled_from(Source),
        st.sampled_from(InputState),
    )
).map(inputs)
"""Inputs of any name with any value, also values the name does not go with."""

_HOURS = st.builds(
    Hours,
    st.sampled_from(["America/Chicago", "Europe/Berlin"]),
    st.lists(st.builds(WeeklySpan, st.integers(1, 7), st.just(Span(540, 1020))), max_size=7).map(
        tuple
    ),
)
_LEAVES: st.SearchStrategy[Condition] = st.one_of(
    st.builds(CallerIs, st.sampled_from(Trait)),
    st.builds(CallerKindIs, st.sampled_from(["NUMBER", "SIP", "WITHHELD", "MALFORMED"])),
    st.builds(LanguageIs, st.sampled_from(["es", "en", "en-US"])),
    st.builds(TierIs, st.sampled_from(["Gold", "silver"])),
    st.builds(AbandonedWithin, st.integers(1, 90).map(lambda each: each * SECOND)),
    st.builds(PreviousOutcomeIs, st.sampled_from(PreviousOutcome)),
    st.builds(AttestedAtLeast, st.sampled_from([Attestation.A, Attestation.B, Attestation.C])),
    st.builds(ScreeningIs, st.sampled_from(["x", "spam"])),
    st.builds(CallerIdNameContains, st.just("ada")),
    st.builds(NumberBegins, st.sampled_from(["+1", "+44"])),
    st.builds(CalledNumberIs, st.just("+12025550110")),
    st.builds(WithinHours, _HOURS),
    st.builds(QueueOpen, st.sampled_from(QUEUES)),
    st.builds(QueueStaffed, st.sampled_from(QUEUES), st.integers(1, 3)),
    st.builds(QueueWaiting, st.sampled_from(QUEUES), st.integers(1, 3)),
)
CONDITIONS = st.recursive(
    _LEAVES,
    lambda inner: st.builds(
        lambda group, held: group(tuple(held)),
        st.sampled_from([AllOf, AnyOf, NoneOf]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)

TESTS: Sequence[Condition] = (
    CallerIs(Trait.VIP),
    AbandonedWithin(30 * SECOND),
    NoneOf((LanguageIs("es"), CallerIs(Trait.KNOWN))),
    AnyOf((QueueOpen("sales"), AllOf((QueueStaffed("support", 2), TierIs("gold"))))),
    WithinHours(Hours("America/Chicago", (WeeklySpan(5, Span(540, 1020)),))),
)
"""Conditions for the steps of made-up plans."""


def any_plan(*, strays: Sequence[str] = ()) -> st.SearchStrategy[Plan]:
    """Return plans of any steps with any ways between them; `strays` are ways to nowhere.

    Made from a seed: drawing every part would take many times as long as checking the plan.
    """
    return st.integers(0, 2**32).map(lambda seed: made_up(seed, strays))


def made_up(seed: int, strays: Sequence[str] = ()) -> Plan:
    """Return the plan of a seed; most of its ways go forward, so that a good part is sound."""
    return _Maker(random.Random(seed), strays).plan()


class _Maker:
    """Makes a plan up."""

    def __init__(self, chance: random.Random, strays: Sequence[str]) -> None:
        self._chance = chance
        self._ids = [f"s{index}" for index in range(chance.randint(1, 6))]
        self._ends = [*self._ids, *strays]
        self._later = self._ids

    def plan(self) -> Plan:
        """Make a plan."""
        steps = []
        for index, step_id in enumerate(self._ids):
            self._later = self._ids[index + 1 :]
            steps.append(self._step(step_id))
        return plan(*steps)

    def _some(self) -> str:
        forward = self._later and self._chance.random() < 0.95
        return self._chance.choice(self._later if forward else self._ends)

    def _maybe(self) -> str:
        return "" if self._chance.random() < 0.2 else self._some()

    def _test(self) -> Condition | None:
        return self._chance.choice([None, *TESTS])

    def _step(self, step_id: str) -> Step:
        makers = (
            self._say,
            self._menu,
            self._branch,
            self._enqueue,
            self._voicemail,
            self._callback,
            self._transfer,
            bye,
        )
        return self._chance.choice(makers)(step_id)

    def _say(self, step_id: str) -> Step:
        return say(step_id, self._maybe())

    def _menu(self, step_id: str) -> Step:
        digits = self._chance.sample(["1", "2", "34"], self._chance.randint(1, 3))
        return Menu(
            step_id=step_id,
            prompt=WORDS,
            options=tuple(Option(each, (), self._maybe()) for each in digits),
            failure_step_id=self._some(),
            human_step_id=self._maybe(),
            max_tries=self._chance.randint(1, 3),
        )

    def _branch(self, step_id: str) -> Step:
        tests = self._chance.sample(TESTS, self._chance.randint(1, 3))
        cases = tuple(Case("", test, self._maybe()) for test in tests)
        return Branch(step_id=step_id, cases=cases, otherwise_step_id=self._maybe())

    def _enqueue(self, step_id: str) -> Step:
        need = SkillNeed("spanish", self._chance.randint(1, 5), self._test())
        target = Target(
            20 * SECOND, "sales", self._chance.choice([None, (), (need,)]), self._test()
        )
        return EnqueueStep(
            step_id=step_id,
            queue_id=self._chance.choice(QUEUES),
            full_step_id=self._some(),
            closed_step_id=self._some(),
            max_wait_step_id=self._some(),
            offers_failed_step_id=self._maybe(),
            callback_step_id=self._maybe(),
            after_conversation_step_id=self._maybe(),
            boosts=(Boost("campaign", self._chance.randint(-60, 60) * SECOND, self._test()),),
            skills=(need,),
            targets=self._chance.choice([(), (target,)]),
            max_wait=self._chance.choice([None, 90 * SECOND]),
        )

    def _voicemail(self, step_id: str) -> Step:
        return VoicemailStep(step_id=step_id, prompt=WORDS, next_step_id=self._maybe())

    def _callback(self, step_id: str) -> Step:
        return CallbackStep(
            step_id=step_id,
            queue_id=self._chance.choice(QUEUES),
            prompt=WORDS,
            declined_step_id=self._some(),
            accepted_step_id=self._maybe(),
        )

    def _transfer(self, step_id: str) -> Step:
        return TransferStep(step_id=step_id, to_number=OUTSIDE, failure_step_id=self._maybe())
