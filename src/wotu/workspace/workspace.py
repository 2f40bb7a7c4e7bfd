"""The workspace: what ``wotu.open`` gives, one method per question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from wotu.core.customer_ids import customer_text, customer_texts
from wotu.core.durations import parse_duration
from wotu.core.errors import invalid_argument
from wotu.core.fact_tables import STAGE_RULES, STAGES
from wotu.core.layout import Layout
from wotu.core.money import exponent
from wotu.core.periods import from_micros, midnight, to_micros
from wotu.core.settings import Settings, read_settings
from wotu.facts.stages import preset as preset_rules
from wotu.identity.erasures import State, read_erasures
from wotu.lake.messages import Lake
from wotu.timeline.executors import Executor, ThreadExecutor
from wotu.timeline.generation import Generation, current, open_current
from wotu.timeline.published import NOTHING, read_published
from wotu.timeline.questions import Moment, Source
from wotu.workspace.arrivals import Arrivals
from wotu.workspace.consent import EVENTS as CONSENT_EVENTS
from wotu.workspace.consent import Consent, consent_message, consents, time_of_record
from wotu.workspace.customer_table import CustomerPage
from wotu.workspace.directory import Directory
from wotu.workspace.event_choices import EventChoices
from wotu.workspace.fact_store import FactStore
from wotu.workspace.identity_actions import merge_customers, split_identifier
from wotu.workspace.identity_history import IdentityEvent, identity_history
from wotu.workspace.lists import Lists
from wotu.workspace.personal_export import Audit, export_person
from wotu.workspace.profiles import CustomerProfile, OrderPage, TimelinePage
from wotu.workspace.quarantine_actions import QuarantineActions
from wotu.workspace.questions import Questions
from wotu.workspace.remembered import RememberedRfm
from wotu.workspace.tally_keeper import TallyKeeper

if TYPE_CHECKING:
    # They and their kernels take long to load: a method loads what it needs.
    from wotu.insight.overview import Overview
    from wotu.insight.stages import StagesAnswer
    from wotu.score.movement import Movement
    from wotu.score.rfm_answer import RfmAnswer
    from wotu.score.rfm_question import Monetary, Split
    from wotu.workspace.feed import Feed
    from wotu.workspace.intake import Intake, Outcome, Progress

# More events than one customer has.
_ALL = 1 << 40


class Workspace(Questions, Lists, EventChoices):
    """One folder with everything of an install. Reading is free; writing goes through inbox and settler."""

    def __init__(self, layout: Layout, executor: Executor) -> None:
        self.layout = layout
        self._executor = executor
        self._settings: tuple[int, Settings] | None = None
        self._generation: Generation | None = None
        self._facts = FactStore(layout)
        self._rfm = RememberedRfm()
        self._tally = TallyKeeper(layout)

    @classmethod
    def open(cls, path: str | Path = "workspace", *, executor: Executor | None = None) -> Workspace:
        """The workspace in ``path``, made on first use."""
        layout = Layout(Path(path).expanduser().resolve())
        layout.prepare()
        return cls(layout, executor or ThreadExecutor())

    @property
    def settings(self) -> Settings:
        """``wotu.toml`` as it is now; read again when the file has changed."""
        changed = self.layout.settings.stat().st_mtime_ns
        if self._settings is None or self._settings[0] != changed:
            self._settings = changed, read_settings(self.layout.settings)
        return self._settings[1]

    @property
    def path(self) -> Path:
        return self.layout.root

    # ---- messages in

    def collect(self, data: Any, *, source: str = "python", namespace: str = "default") -> dict[str, int]:
        """Take messages in: Segment-spec dicts, an Arrow table or data frame, or a path.

        Returns ``accepted``, ``duplicates`` and ``quarantined`` once the rows are visible to every later
        question of any process.
        """
        return self._intake().collect(data, source=source, namespace=namespace).to_dict()

    def import_files(
        self, files: Sequence[tuple[str | Path, str | Path]], *, progress: Progress = lambda _: None
    ) -> dict[str, int]:
        """Import (file, mapping) pairs in one settle; see ``collect.mapping`` for the mapping file."""
        pairs = [(Path(path), Path(mapping)) for path, mapping in files]
        outcome: Outcome = self._intake().import_files(pairs, progress)
        return outcome.to_dict()

    @property
    def quarantine(self) -> QuarantineActions:
        """What could not be understood: look, retry, mend, discard. See ``workspace.quarantine_actions``."""
        return QuarantineActions(self.layout, self.settings)

    @property
    def arrivals(self) -> Arrivals:
        """What came in: counted, the newest, one message whole. See ``workspace.arrivals``."""
        return Arrivals(self.layout, self.source(), self._tally)

    def feed(self) -> Feed:
        """Reads what came in after a number, for whoever follows it. See ``workspace.feed``."""
        from wotu.workspace.feed import Feed

        return Feed(self.layout)

    # ---- tables besides events

    def facts(self, table: str) -> pa.Table:
        """A table besides events as it holds now, by key; see ``core.fact_tables``.

        Money is in minor units. Where rows name customers, ``customer_id`` says who that is now.
        """
        return self._facts.table(table, self.generation(), currency=self.settings.currency)

    def put_facts(self, table: str, rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
        """Keep rows, all of them or none; a row replaces the one with its key. Counts as of ``collect``."""
        return self._facts.put(table, rows, self.settings)

    def delete_fact(self, table: str, key: Mapping[str, Any] | str) -> dict[str, int]:
        """Take the row of ``key`` out: its key columns, or the bare value where that is one column."""
        return self._facts.delete(table, key, self.settings)

    def stage_rules(self) -> dict[str, Any]:
        """The company's stage rules: those that were set, else the preset ``b2c``."""
        kept = {row["stage"]: row["rule"] for row in self._facts.facts().rows(STAGE_RULES)}
        return {stage: kept[stage] for stage in STAGES if stage in kept} or dict(preset_rules("b2c"))

    def set_stage_rules(self, rules: Mapping[str, Any] | None = None, *, preset: str | None = None) -> dict[str, Any]:
        """Keep ``rules`` (over those of ``preset``, if named) as the company's; returns all of them.

        A stage that is not named has no rule from then on.
        """
        from wotu.insight.stages import stage_tests

        wanted = _over(preset_rules(preset) if preset else {}, rules)
        stage_tests(wanted, self.generation().manifest)
        if not wanted:
            raise invalid_argument("rules", "rules is empty; name at least one stage, or a preset.")
        gone = [row["stage"] for row in self._facts.facts().rows(STAGE_RULES) if row["stage"] not in wanted]
        rows = [{"stage": stage, "rule": rule} for stage, rule in wanted.items()]
        self._facts.change(STAGE_RULES, rows, gone, self.settings)
        return self.stage_rules()

    # ---- questions

    def stages(
        self, *, since: Moment = None, until: Moment = None, where: str | dict[str, object] = "",
        preset: str | None = None, rules: Mapping[str, Any] | None = None, audience: str | None = None,
        timezone: str | None = None,
    ) -> StagesAnswer:  # fmt: skip
        """How many customers reached each stage, and who? See ``insight.stages``.

        ``rules`` stand in for those of their stages (``None``: leave the stage out), which are the company's
        or, if named, those of ``preset``: so a rule can be tried before it is set.
        """
        from wotu.insight.stages import stages

        asked = _over(preset_rules(preset) if preset else self.stage_rules(), rules)
        return stages(self.source(), asked, since=since, until=until, where=where, audience=audience, timezone=timezone)

    def overview(self, *, days: int = 28) -> Overview:
        """The last days against the days before them. See ``insight.overview``."""
        from wotu.insight.overview import overview

        return overview(self.source(), days=days)

    def ordering_customers(self, state: str, *, days: int = 28) -> list[str]:
        """The customers the overview counts as ``active``, ``new``, ``returning``, ``resurrecting`` or ``dormant``."""
        from wotu.insight.order_states import order_states
        from wotu.insight.overview import edges_of

        source = self.source()
        _, since, until = edges_of(source, days)
        return order_states(source, since=since, until=until).customers(state)

    def rfm(
        self, as_of: date | str | None = None, *, window: str | None = None, monetary: Monetary = "total",
        split: Split = "mean",
    ) -> RfmAnswer:  # fmt: skip
        """Recency, frequency, money and the eight value segments. See ``score.rfm``."""
        return self._rfm.answer(self.source(), as_of, window=window, monetary=monetary, split=split)

    def rfm_movement(self, before: date | str, after: date | str | None = None, **parameters: Any) -> Movement:
        """Who moved between value segments from one day to another; parameters as of ``rfm``."""
        from wotu.score.movement import movement

        return movement(self.rfm(before, **parameters), self.rfm(after, **parameters))

    # ---- customers

    def customers(
        self, search: str = "", *, where: str = "", segment: str = "", sort: str = "-revenue", limit: int = 50,
        offset: int = 0, layers: Mapping[str, Any] | None = None, among: Sequence[str] | None = None,
        by_name: bool = False, after: str | None = None,
    ) -> CustomerPage:  # fmt: skip
        """Customers found by identifier or name, by traits and by value segment (of ``rfm(**layers)``).

        ``among`` keeps only the named ones, such as those that another answer counted. ``by_name`` searches
        names alone, for people who may not see identifiers. ``after`` is what the page before gave as ``next``:
        each customer is then on one page, whatever comes in meanwhile.
        """
        source = self.source()
        answer = self._rfm.answer(source, **(layers or {}))
        return self._directory(source).page(
            source, answer, search=search, where=where, segment=segment, sort=sort, limit=limit, offset=offset,
            among=among, by_name=by_name, after=after,
        )  # fmt: skip

    def traits(self) -> dict[str, list[tuple[str, int]]]:
        """Every text trait with its most frequent values and how many customers have them."""
        return self._directory().traits()

    def customer(self, identifier: str) -> CustomerProfile:
        """One customer by Wotu id, ``type:value`` or a bare value."""
        source = self.source()
        return self._directory(source).profile(source, self._rfm.answer(source), identifier)

    def customer_id(self, identifier: str) -> str:
        """The Wotu id of the customer whom an identifier means, without the rest of the profile."""
        return customer_text(self._directory(self.source()).find(identifier))

    def orders_of(self, identifier: str, *, limit: int = 20, before: str | None = None) -> OrderPage:
        """A customer's orders with their lines, newest first."""
        source = self.source()
        return self._directory(source).orders(source, identifier, limit=limit, before=before)

    def timeline_of(
        self, identifier: str, *, limit: int = 50, before: str | None = None, events: Sequence[str] = ()
    ) -> TimelinePage:
        """Everything a customer did, newest first; only some ``events`` if named."""
        source = self.source()
        return self._directory(source).timeline(source, identifier, limit=limit, before=before, events=events)

    def merge(self, a: str, b: str, *, by: str | None = None, reason: str | None = None) -> str:
        """Make two customers one, whatever evidence says; the id of the older, which survives."""
        return merge_customers(self._intake(), self._directory, a, b, by=by, reason=reason)

    def split(
        self, identifier: str, *, namespace: str | None = None, by: str | None = None, reason: str | None = None
    ) -> str:
        """Take one identifier, and every message that came with it, off its customer; the id it now has."""
        return split_identifier(self._intake(), self._directory, identifier, namespace=namespace, by=by, reason=reason)

    def erase(self, identifier: str, *, by: str = "", wait: bool = True, progress: Progress = lambda _: None) -> str:
        """Erase a person: from every answer at once, from every file by the time this returns; the id they had.

        ``wait=False`` returns as soon as no answer shows them; the settler does the rest. ``by`` says who decided.
        """
        directory = self._directory()
        customer = directory.find(identifier)
        state: State = "done" if wait else "hidden"
        self._intake().erase(directory.members(customer).tolist(), by=by, wait=state, progress=progress)
        return customer_text(customer)

    def finish_erasing(self, progress: Progress = lambda _: None) -> None:
        """Wait until everybody who is to be erased is gone from every file, as after a restore."""
        for erasure in read_erasures(self.layout.erasures).waiting("asked", "listed", "hidden"):
            self._intake().until_erased(erasure.id, wait="done", progress=progress)

    def export(
        self, identifier: str, file: str | Path, *, audit: Audit = (), value: Mapping[str, Any] | None = None
    ) -> str:
        """Write everything held about a person to the new zip ``file``; the id they have. See ``personal_export``.

        ``audit`` are entries of the audit about them, ``value`` is what the ledger holds, to be put beside the rest.
        """
        directory = self._directory()
        customer = directory.find(identifier)
        made = datetime.now(self.settings.zone).isoformat(timespec="seconds")
        members = directory.members(customer)
        export_person(self, customer_text(customer), members, Path(file), made=made, audit=audit, value=value or {})
        return customer_text(customer)

    def identity_numbers(self, identifier: str) -> list[str]:
        """Every id a customer can have had, the one they have now first: one for each of their identifiers."""
        directory = self._directory()
        return customer_texts(directory.members(directory.find(identifier)).tolist())

    def identity_history(self, identifier: str) -> tuple[IdentityEvent, ...]:
        """How a customer came to be: identifiers, joins, merges and splits, oldest first."""
        directory = self._directory()
        members = directory.members(directory.find(identifier))
        return identity_history(Lake(self.layout.lake), members, self.settings.zone)

    # ---- consent

    def consent(self, identifier: str) -> tuple[Consent, ...]:
        """What the customer allows now, by channel and purpose. See ``workspace.consent``."""
        return consents(self.timeline_of(identifier, limit=_ALL, events=CONSENT_EVENTS).rows)

    def set_consent(
        self, identifier: str, channel: str, purpose: str, given: bool, by: str, *, source: str = ""
    ) -> tuple[Consent, ...]:
        """Record that the customer gave or withdrew consent; returns what they allow now.

        ``by`` names who records it, ``source`` where the customer said it.
        """
        profile = self.customer(identifier)
        data_clock = self.settings.questions_until == "data"
        time = time_of_record(self.now() if data_clock else datetime.now(UTC), data_clock=data_clock)
        message, namespace = consent_message(profile, channel, purpose, given=given, by=by, source=source, time=time)
        self.collect(message, source="console", namespace=namespace)
        return self.consent(profile.customer_id)

    def _intake(self) -> Intake:
        from wotu.workspace.intake import Intake

        return Intake(self.layout, self.settings)

    # ---- what questions read

    def now(self) -> datetime:
        """The *now* of questions: the wall clock, or the end of the last day with events."""
        return from_micros(self._now(self.generation()), self.settings.zone)

    def is_empty(self) -> bool:
        """Whether no event has come in yet."""
        return self.generation().manifest.event_count == 0

    def generation_name(self) -> str:
        """Changes whenever the data or a published column changes."""
        generation = self.generation()
        return "-".join([generation.name, *map(str, generation.published.state)])

    def generation(self) -> Generation:
        """The current timelines and published columns; opened again when newer ones are published."""
        timelines = self._timelines()
        published = read_published(self.layout, timelines.published)
        if published is not timelines.published:
            self._generation = timelines = timelines.with_published(published)
        return timelines

    def _timelines(self) -> Generation:
        known = self._generation
        currency = self.settings.currency
        if known is not None and (known.name, known.manifest.currency) == (current(self.layout.timelines), currency):
            return known
        opened = open_current(self.layout.timelines, known)
        if opened is None or opened.manifest.currency != currency:
            self._intake().settle()
            opened = open_current(self.layout.timelines)
        assert opened is not None
        published = known.published if known is not None else NOTHING
        self._generation = opened = opened.with_published(published)
        return opened

    def source(self) -> Source:
        """The current timelines with the workspace's settings, as questions read them."""
        return self._source(self.generation())

    def _source(self, generation: Generation) -> Source:
        settings = self.settings
        return Source(
            generation, self._executor, self._now(generation), settings.zone, settings.week_start, settings.currency,
            exponent(settings.currency), parse_duration(settings.session_gap, field="session_gap"),
        )  # fmt: skip

    def _now(self, generation: Generation) -> int:
        last = generation.manifest.last
        if self.settings.questions_until == "data" and last is not None:
            day = from_micros(last, self.settings.zone).date()
            return midnight(day + timedelta(days=1), self.settings.zone)
        return to_micros(datetime.now(UTC))

    def _directory(self, source: Source | None = None) -> Directory:
        """The customers ``source`` reads: one page shows one generation, whatever is published meanwhile."""
        generation = self.generation() if source is None else source.generation
        today = from_micros(self._now(generation), self.settings.zone).date()
        return _directory(generation, self.layout.identity, today, self.settings.zone)


def _over(rules: Mapping[str, Any], changes: Mapping[str, Any] | None) -> dict[str, Any]:
    """``rules`` with ``changes``; a stage changed to ``None`` is left out."""
    return {stage: rule for stage, rule in {**rules, **(changes or {})}.items() if rule is not None}


@lru_cache(maxsize=2)
def _directory(generation: Generation, identity: Path, today: date, zone: ZoneInfo) -> Directory:
    # Made once a day: everything that will have happened by midnight counts.
    return Directory(generation, identity, now=midnight(today + timedelta(days=1), zone))
