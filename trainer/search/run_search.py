"""Run a search from its first trial to the repeated winner. A search that was stopped is continued by running it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import optuna
from filelock import Timeout
from optuna.trial import TrialState
from rich.console import Console
from rich.live import Live
from rich.text import Text

from digitforge import files
from digitforge.errors import RunError
from trainer.runs import CONFIG_FILE
from trainer.search import outcome, plots
from trainer.search.outcome import Candidate
from trainer.search.plan import Plan
from trainer.search.space import Space
from trainer.search.storage import GRACE_S, Taken, Trials, lock_of
from trainer.search.trial import TrialEnd, TrialProgress, read_progress, run_trial, trial_command
from trainer.search.trials_table import (
    TrialSummary,
    best_trial,
    changes,
    outcome_table,
    score_text,
    summarise,
    trials_table,
)

RESULTS_FILE = "results.json"
FORMAT = 1
"""Version of results.json."""
WINNER_FILE = "winner.txt"


@dataclass
class Search:
    """The part of a search that one process runs."""

    space: Space
    name: str
    folder: Path
    study: optuna.Study
    trials: Trials
    data_dir: Path | None
    console: Console
    live: Live
    _now: dict[int, TrialProgress] = field(default_factory=dict)
    """Progress of the trials that this process trains, by number."""
    _candidates: list[Candidate] = field(default_factory=list)
    _began: bool = False
    """Whether a launch of this session has trained."""
    _held: list[tuple[Taken, TrialEnd]] = field(default_factory=list)
    """Trials that could not begin. They are kept open until another one has trained."""

    def run(self) -> None:
        """Train the trials that are left, then repeat the winner. Raises RunError if none can begin or none succeeds.

        However this ends, results.json and the plots are written, and running it again continues the search.
        """
        try:
            while taken := self.trials.take() or self.trials.take_later(self._say):
                try:
                    self._train(taken)
                except optuna.exceptions.UpdateFinishedTrialError:
                    self._say(
                        f"Trial {taken.position} was given up by another machine's --abandon-others. (Or this process "
                        f"gave no sign of life for {GRACE_S} s; then another one repeats it.)"
                    )
                    self._now.pop(taken.position, None)
                    self.trials.release(taken.position)
            if self._held and all(each.state == "running" for each in self.summaries()):
                raise RunError(f"No trial could begin: {self._held[0][1].failure}")
            self._close_held()
            if self.trials.running():
                numbers = ", ".join(str(each.number) for each in self.summaries() if each.state == "running")
                self._say(
                    f"Trials {numbers} are still running elsewhere; the process that finishes last repeats the winner. "
                    "(If their machine is gone, give the same command with --abandon-others.)"
                )
                return
            if self.trials.waited:
                self._say("All trials have ended; the process that finished last repeats the winner.")
                return
            self._repeat()
        finally:
            self._write()
            plots.draw(self.study, list(self.space.search), self.space.objective, self.folder)

    def summaries(self) -> list[TrialSummary]:
        """Return all trials as they stand."""
        found = [replace(summarise(each), number=position) for position, each in enumerate(self.trials.newest())]
        return [replace(each, progress=self._now.get(each.number, each.progress)) for each in found]

    def _train(self, taken: Taken) -> None:
        space, trial, number = self.space, taken.trial, taken.position
        plan = self.study.sampler
        assert isinstance(plan, Plan)
        values = trial.user_attrs.get("values") or plan.suggest(trial)
        trial.set_user_attr("values", values)
        same = [each for each in self.summaries() if each.state == "finished" and each.values == values]
        if same and self.space.images:  # training is repeatable, so it would give the same score
            self._end(taken, TrialEnd(same[0].progress))
            return
        reported = set(self.trials.newest()[number].intermediate_values)

        def watch(progress: TrialProgress) -> bool:
            self._now[number] = progress
            self.trials.beat()
            for step in sorted(progress.steps.keys() - reported):
                trial.report(progress.steps[step], step)
                reported.add(step)
                # Trial 0 is the preset, which all others are compared with: it is never pruned.
                if number and not progress.finished and trial.should_prune():
                    return True
            self._show()
            return False

        run_dir = taken.run_dir
        resumed, before = (run_dir / CONFIG_FILE).is_file(), read_progress(space, run_dir).images
        end = run_trial(trial_command(space, values, 0, run_dir, self.data_dir), space, run_dir, watch)
        # If this launch stopped before it trained, and none has trained in this session, the cause may not be the
        # trial itself: missing data, a full disk.
        began = (run_dir / CONFIG_FILE).is_file() and not (resumed and end.progress.images == before)
        if end.failure and not began and not self._began:
            self._hold(taken, end)
            return
        self._began = True
        self._close_held()
        self._end(taken, end)

    def _hold(self, taken: Taken, end: TrialEnd) -> None:
        """Keep a trial that could not begin open, to try it again. Raises RunError if a second one fails alike."""
        same = [other for other, held in self._held if held.failure == end.failure]
        if same:
            raise RunError(
                f"Trials {same[0].position} and {taken.position} could not begin, both for the same reason, so the "
                f"search stops: {end.failure}"
            )
        self._held.append((taken, end))
        self.console.print(Text(f"trial {taken.position} could not begin: {end.failure}", "yellow"))

    def _close_held(self) -> None:
        """Record the trials that could not begin as failed."""
        while self._held:
            taken, end = self._held.pop()
            try:
                self._end(taken, end)
            except optuna.exceptions.UpdateFinishedTrialError:  # another process has given it up
                self.trials.release(taken.position)

    def _end(self, taken: Taken, end: TrialEnd) -> None:
        progress, trial, number = end.progress, taken.trial, taken.position
        attributes = {"images": progress.images, "seconds": progress.seconds, "sentence": end.failure}
        for key, value in attributes.items():
            trial.set_user_attr(key, value)
        if end.pruned or end.failure:
            self.study.tell(trial, state=TrialState.PRUNED if end.pruned else TrialState.FAIL)
        else:
            self.study.tell(trial, progress.score)
        self._now.pop(number, None)
        self.trials.release(number)
        self._write()
        if not self.console.is_terminal:
            ended = self.summaries()[number]
            score = score_text(ended.progress) or "no score"
            failure = f": {ended.failure}" if ended.failure else ""
            self.console.print(
                Text(
                    f"trial {ended.number}: {ended.state} after {ended.progress.images:,} images, {score}, "
                    f"{changes(self.space, ended.values)}{failure}"
                )
            )

    def _repeat(self) -> None:
        trials = self.summaries()
        winner = best_trial(trials, self.space.lower)
        if winner is None:
            reasons = "; ".join(sorted({each.failure for each in trials if each.failure})) or "all were pruned"
            raise RunError(f"No trial finished ({reasons}): search other values.")
        again = [each for each in trials if each.number in (0, winner.number) and each.state == "finished"]
        try:
            with lock_of(self.folder, "repeats"):
                self._candidates = [self._candidate(each) for each in again]
        except Timeout:
            self.console.print("Another process is repeating the winner.")
            return
        best = self._candidates[-1]
        as_command = outcome.winner_command(self.name, self.space, best, self.data_dir)
        as_row = outcome.preset_row(self.name, self.space, best)
        files.write_text(self.folder / WINNER_FILE, f"{as_command}\n\n# A row of PRESETS:\n{as_row}")
        self.live.stop()
        most = self.console.height if self.console.is_terminal else len(trials)
        self.console.print(trials_table(self.space, trials, most, self.console))
        self.console.print(outcome_table(self.space, self._candidates))
        self.console.print(f"The winner as a command and as a preset: {self.folder / WINNER_FILE}", markup=False)

    def _candidate(self, trial: TrialSummary) -> Candidate:
        """Train the values of a trial with further seeds."""
        ends = [TrialEnd(trial.progress)]
        for seed in range(1, self.space.repeats + 1):
            run_dir = self.folder / f"trial-{trial.number:03d}-seed-{self.space.seed + seed}"
            title = f"trial {trial.number} ({changes(self.space, trial.values)}) again, seed {self.space.seed + seed}"

            def watch(progress: TrialProgress, title: str = title) -> bool:
                if self.console.is_terminal:
                    self.live.update(Text(f"{title}: {progress.images:,} images"), refresh=True)
                return False

            done = read_progress(self.space, run_dir)
            arguments = trial_command(self.space, trial.values, seed, run_dir, self.data_dir)
            end = TrialEnd(done) if done.finished else run_trial(arguments, self.space, run_dir, watch)
            if not self.console.is_terminal:
                self.console.print(Text(f"{title}: {end.failure or score_text(end.progress)}"))
            ends.append(end)
        return Candidate(trial.number, trial.values, tuple(ends))

    def _say(self, message: str) -> None:
        self.console.print(message, markup=False, highlight=False)

    def _show(self) -> None:
        if self.console.is_terminal:
            table = trials_table(self.space, self.summaries(), self.console.height - 6, self.console)
            self.live.update(table, refresh=True)

    def _write(self) -> None:
        trials = self.summaries()
        winner = best_trial(trials, self.space.lower)
        results: dict[str, Any] = {
            "format": FORMAT,
            "name": self.name,
            "space": self.space.public(),
            "better": "lower" if self.space.lower else "higher",
            "best": winner and winner.number,
            "trials": [each.to_json() for each in trials],
            "repeated": [each.to_json() for each in self._candidates],
        }
        files.write_json(self.folder / RESULTS_FILE, results)
