"""Work in the background: lanes, progress, cancelling, retries, and a queue that survives a restart."""

from sonicforge_studio.jobs._progress import Report, StopProgress
from sonicforge_studio.jobs.crew import Crew, HelperDied
from sonicforge_studio.jobs.current import current_job_id
from sonicforge_studio.jobs.job import Job, JobState, Lane, UnexpectedFailure, UnknownJob
from sonicforge_studio.jobs.many import run_many
from sonicforge_studio.jobs.queue import Handler, JobQueue, Snapshot
from sonicforge_studio.jobs.retries import RetryPolicy

__all__ = [
    "Crew",
    "Handler",
    "HelperDied",
    "Job",
    "JobQueue",
    "JobState",
    "Lane",
    "Report",
    "RetryPolicy",
    "Snapshot",
    "StopProgress",
    "UnexpectedFailure",
    "UnknownJob",
    "current_job_id",
    "run_many",
]
