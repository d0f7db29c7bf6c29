"""Dagster's run launcher for Celery, which sees that a worker is gone, and that a run is ended.

Only `deploy/celery/dagster.yaml` names it; it needs the extra `celery`.
"""

from dagster import DagsterRun
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from edx_assets.dagster_internals import CheckRunHealthResult, WorkerStatus

_TRIES = 3
_SECONDS = 5.0  # in which every worker that lives has answered, however busy its run is

_GONE = "no Celery worker knows this run any more: its machine or its process is gone"


class WatchedCeleryRunLauncher(CeleryRunLauncher):  # type: ignore[misc]  # its types are not there
    """Celery's launcher, which asks the workers whether one has the run that is said to be running.

    Celery's backend alone does not know: a task whose worker was killed together with its parent
    process stays `STARTED`, and its run would hold its slot until `max_runtime_seconds`.
    """

    def terminate(self, run_id: str) -> bool:
        """End a run; whether it was one that could be ended.

        Dagster's own does not note that it is being ended on purpose: it would count as a run whose
        worker is gone, and be run again.
        """
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        return bool(super().terminate(run_id))

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the run is being executed; called by `run_monitoring` of a started run."""
        told: CheckRunHealthResult = super().check_run_worker_health(run)
        if told.status != WorkerStatus.RUNNING or self._is_known(run):
            return told
        told = super().check_run_worker_health(run)  # it may have ended while they were asked
        if told.status != WorkerStatus.RUNNING:
            return told
        return CheckRunHealthResult(WorkerStatus.FAILED, _GONE)

    def _is_known(self, run: DagsterRun) -> bool:
        task = run.tags[DAGSTER_CELERY_TASK_ID_TAG]
        for _again in range(_TRIES):
            answers = self.celery.control.inspect(timeout=_SECONDS).query_task(task) or {}
            if any(task in tasks for tasks in answers.values()):
                return True
        return False
