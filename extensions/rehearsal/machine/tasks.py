# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Task Scheduler: tasks with one program and one time."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

# SCHED_S_TASK_HAS_NOT_RUN (Task Scheduler error and success constants).
HAS_NOT_RUN = 0x41303


@dataclass(frozen=True)
class Task:
    """path: its folder, with a backslash at both ends; at: None for a task that only runs on demand; user: as it was given."""

    name: str
    path: str
    program: str
    argument: str
    at: datetime | None
    user: str
    enabled: bool = True
    last_run: datetime | None = None
    last_result: int = HAS_NOT_RUN

    @property
    def key(self) -> str:
        """Task names compare without regard to case."""
        return f"{self.path}{self.name}".lower()


class ScheduledTasks:
    """The tasks that were registered here; those of Windows itself are not modelled."""

    def __init__(self, now: Callable[[], datetime], note: Callable[[str], None]) -> None:
        self._tasks: dict[str, Task] = {}
        self._now = now
        self._note = note

    def all(self) -> list[Task]:
        return list(self._tasks.values())

    def find(self, path: str, name: str) -> Task | None:
        return self._tasks.get(f"{path}{name}".lower())

    def register(self, task: Task) -> None:
        self._tasks[task.key] = task
        self._note(f"scheduled task {task.path}{task.name} for {task.at.isoformat(timespec='seconds') if task.at else 'demand'}")

    def disable(self, task: Task) -> None:
        self._tasks[task.key] = replace(task, enabled=False)

    def remove(self, task: Task) -> None:
        del self._tasks[task.key]
        self._note(f"scheduled task {task.path}{task.name} removed")

    def start_due(self) -> Iterator[Task]:
        """The tasks whose time has come, each noted as run before it is given out."""
        for task in self.all():
            if task.enabled and task.last_run is None and task.at is not None and task.at <= self._now():
                self._tasks[task.key] = replace(task, last_run=self._now(), last_result=0)
                self._note(f"scheduled task {task.path}{task.name} runs")
                yield task

    def ended(self, task: Task, result: int) -> None:
        self._tasks[task.key] = replace(self._tasks[task.key], last_result=result)

    def dump(self) -> list[dict[str, Any]]:
        return [
            {**asdict(task), "at": task.at and task.at.isoformat(), "last_run": task.last_run and task.last_run.isoformat()}
            for task in self.all()
        ]

    def load(self, data: list[dict[str, Any]]) -> None:
        for item in data:
            times = {key: datetime.fromisoformat(item[key]) if item[key] else None for key in ("at", "last_run")}
            task = Task(**{**item, **times})
            self._tasks[task.key] = task
